"""The reference pages are whole, load nothing, and show all that their documents say."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from entrepot.core.naming import SEEN, SEEN_OR_EMPTY
from entrepot.edge import openapi, reference
from entrepot.edge.access import Signature
from entrepot.edge.curl import SERVER, VARIABLES, curl
from entrepot.edge.dialect import Dialect, Operation
from entrepot.edge.dialects import ALL
from entrepot.edge.examples import EXAMPLES
from entrepot.edge.schema_tables import SchemaTables

VOID = frozenset({"meta", "wbr", "br", "link", "img"})
WISH = {"$ref": "#/components/schemas/Wish"}

dialects = pytest.mark.parametrize("dialect", ALL, ids=lambda one: one.name)
operations = pytest.mark.parametrize(
    ("dialect", "operation"),
    [(dialect, operation) for dialect in ALL for operation in dialect.operations],
    ids=lambda one: one.name if isinstance(one, Dialect) else one.operation_id,
)


@cache
def document_of(name: str) -> dict[str, Any]:
    """The document of a dialect, made once."""
    return openapi.document(name)


@cache
def page_of(name: str) -> bytes:
    """The page of a dialect, made once."""
    return reference.page({one.name: one for one in ALL}[name])


def members(document: dict[str, Any], node: object, seen: frozenset[str] = frozenset()) -> set[str]:
    """The name of every member of every schema that is reached from here."""
    if isinstance(node, list):
        return {name for one in node for name in members(document, one, seen)}
    if not isinstance(node, dict):
        return set()
    found = {name for one in node.values() for name in members(document, one, seen)}
    if node.get("type") == "object":  # else it is a table of members, one named "properties"
        found |= set(node.get("properties", {}))
    reference_ = node.get("$ref", "")
    if reference_.startswith("#/components/schemas/") and reference_ not in seen:
        schema = document["components"]["schemas"][reference_.rsplit("/", 1)[1]]
        found |= members(document, schema, seen | {reference_})
    return found


class Page(HTMLParser):
    """Checks the nesting, and gathers ids, links, what would be loaded, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        if tag == "a":
            self.links.append(str(said["href"]))
        if tag in {"script", "link", "img", "iframe"} or "src" in said:
            self.loads.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@dialects
def test_the_page_is_whole_and_loads_nothing(dialect: Dialect) -> None:
    text = page_of(dialect.name).decode()
    page = Page(text)
    assert page.loads == []
    assert "url(" not in text
    assert "@import" not in text
    assert len(page.ids) == len(set(page.ids))
    local = {link[1:] for link in page.links if link.startswith("#")}
    assert local <= set(page.ids)
    served = set(reference.pages())
    assert {link for link in page.links if not link.startswith("#")} <= served
    assert {one.operation_id for one in dialect.operations} <= local


@operations
def test_the_page_shows_every_member_and_status(dialect: Dialect, operation: Operation) -> None:
    document = document_of(dialect.name)
    whole = page_of(dialect.name).decode()
    start = whole.index(f'<article id="{operation.operation_id}">')
    shown = Page(whole[start : whole.index("</article>", start) + len("</article>")]).text
    said = document["paths"][operation.path][operation.method.lower()]
    for name in [*(one.name for one in operation.parameters), *said["responses"]]:
        assert name in shown
    for name in members(document, said):
        assert name in shown


@operations
def test_the_command_sends_what_the_operation_needs(dialect: Dialect, operation: Operation) -> None:
    document = document_of(dialect.name)
    examples = EXAMPLES.get((dialect.name, operation.operation_id), {})
    body = next(iter(examples.values()), None)
    said = document["paths"][operation.path][operation.method.lower()]
    address = (operation.method, operation.path)
    command = curl(dialect.name, document, address, said, body)
    words = [word for word in shlex.split(command) if word != "\n"]
    headers = {words[at + 1].split(":")[0] for at, word in enumerate(words) if word == "-H"}
    needed = {one.name for one in operation.parameters if one.where == "header" and one.required}
    assert needed <= headers or isinstance(operation.access, Signature)
    assert "curl" in words
    assert f'"{SERVER}/' in command
    choices = [one.schema["enum"][0] for one in operation.parameters if "enum" in one.schema]
    filled = "ID/" in command or 'ID"' in command or any(f"/{one}" in command for one in choices)
    assert filled or "{" not in operation.path
    if body is None:
        assert "-d" not in words
    else:
        sent = words[words.index("-d") + 1]
        for example, variable in VARIABLES[dialect.name].items():
            sent = sent.replace(f"${variable}", example)
        assert json.loads(sent) == body
        assert "Content-Type" in headers


@operations
def test_the_command_takes_what_it_names(dialect: Dialect, operation: Operation) -> None:
    named = re.findall(r"{(\w+)}", operation.path)
    if not named or any("enum" in one.schema for one in operation.parameters):
        return
    document, about = document_of(dialect.name), operation.path.partition("/{")[0]
    said = document["paths"][operation.path][operation.method.lower()]
    command = curl(dialect.name, document, (operation.method, operation.path), said)
    assert len({*re.findall(r"\$(\w*ID)\b", command.rpartition("curl")[2])}) == len(named)
    there = document["paths"].get(about, {})
    if operation.method == "DELETE" or (there and "get" not in there):
        # Nobody loses a key or a webhook that is in use by pasting a command.
        assert command.startswith("# A new one.\nID=")
    elif about.endswith("/orders"):
        assert command.startswith("# The newest order.\nORDER_ID=")
    elif there:
        assert command.startswith("# The first one of the list.\nID=")
    assert command.count("=...") == len(named) - bool(there)


def test_the_page_escapes_what_it_shows() -> None:
    dialect = dataclasses.replace(ALL[0], title="<b>A & B</b>", description="`<i>`")
    text = reference.page(dialect).decode()
    assert "<b>" not in text
    assert "<i>" not in text
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in text


def test_a_type_inside_itself_is_drawn_once() -> None:
    members = {"text": {"type": "string"}, "under": {"type": "array", "items": WISH}}
    tables = SchemaTables({"Wish": {"title": "Wish", "properties": members}}, sent=True)
    drawn = tables.body(WISH)
    assert drawn.count("<table") == 1
    assert "array of Wish" in drawn


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 255}, "string; 1 to 255 characters"),
        ({"type": "string", "format": "uuid"}, "string (uuid)"),
        ({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}], "default": "USD"},
         "string or null; at most 3 characters; default USD"),
        ({"type": "integer", "minimum": 0}, "integer; 0 or more"),
        ({"type": "number", "multipleOf": 1, "maximum": 1_000}, "number; at most 1,000; a whole"),
        ({"type": ["object", "null"]}, "object or null"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of string"),
        ({"type": "array", "items": {"type": "string", "pattern": "<x>"}, "maxItems": 5},
         "array of string; at most 5 entries; matches <x>"),
        ({"type": "string", "enum": ["a", "b"], "description": "A `word`."}, "A word.One of a b"),
        ({"type": "string", "minLength": 3, "maxLength": 3}, "string; exactly 3 characters"),
        ({"anyOf": [{"type": "string", "enum": ["a"], "description": "Inside."}, {"type": "null"}]},
         "string or nullInside.Only a"),
        ({"type": "string", "pattern": SEEN, "maxLength": 9},
         "string; at most 9 characters; not blanks alone"),
        ({"type": "string", "pattern": SEEN_OR_EMPTY}, "string; empty, or not blanks alone"),
        ({}, "any value"),
    ],
)  # fmt: skip
def test_a_member_is_told_in_words(schema: dict[str, Any], shown: str) -> None:
    drawn = SchemaTables({}, sent=True).row("member", schema, required=True)
    text = Page(f"<table>{drawn}</table>").text
    assert text.startswith("member required")
    assert shown in text


def test_what_is_sent_may_be_required_and_what_is_answered_may_be_absent() -> None:
    def row(*, sent: bool, required: bool) -> str:
        return SchemaTables({}, sent=sent).row("member", {"type": "string"}, required=required)

    assert "required" in row(sent=True, required=True)
    assert "absent" in row(sent=False, required=False)
    assert 'class="need"' not in row(sent=True, required=False)
    assert 'class="need"' not in row(sent=False, required=True)


async def test_the_pages_are_served_for_every_dialect() -> None:
    served = reference.pages()
    assert set(served) - {"/"} == {
        path for one in ALL for path in (f"/openapi/{one.name}.json", f"/reference/{one.name}")
    }
    for dialect in ALL:
        status, media, body = await served[f"/openapi/{dialect.name}.json"]()
        assert (status, media) == (200, "application/json")
        assert json.loads(body) == document_of(dialect.name)
        status, media, body = await served[f"/reference/{dialect.name}"]()
        assert (status, media) == (200, "text/html; charset=utf-8")
        assert body == page_of(dialect.name)
        again = await served[f"/reference/{dialect.name}"]()
        assert again[2] is body, "made once"
