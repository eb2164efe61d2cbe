"""A text that has to be there has something to see, in every body that the native API takes.

The members are those of the OpenAPI document, so that a new route is looked at as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from entrepot.core.naming import BLANK
from entrepot.edge.every_fault import of_object
from entrepot.edge.native.dialect import DIALECT
from entrepot.edge.openapi import build

BLANKS = [" ", "\t\n", "\u00a0\u3000", "\u200b", "\u3164", "\u202e\u2060"]
# Names of members by which people find things. They may be left empty where nothing is told.
NAMES = ("name", "title", "label")
Path = tuple[str, ...]  # of names of members; "[]" is an element of a list


class Text(NamedTuple):
    """A member of a body that takes a free text."""

    method: str
    address: str
    path: Path
    shape: Any  # the body's type

    @property
    def where(self) -> str:
        return ".".join(self.path).replace(".[]", "[0]")

    def faults(self, text: str) -> list[str]:
        """The fault of this member in a body that tells nothing else."""
        told: Any = text
        for step in reversed(self.path):
            told = [told] if step == "[]" else {step: told}
        listed = of_object(json.dumps(told).encode(), self.shape)
        return [one.problem for one in listed if one.path == self.where]


DOCUMENT = build(DIALECT)


def texts() -> Iterator[Text]:
    """Every member that has to show something: it may not be empty, has to be told, or names."""
    for operation in DIALECT.operations:
        described = DOCUMENT["paths"][operation.path][operation.method.lower()]
        if operation.body is None:
            continue
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        for path, told, required in members(schema, (), False):
            names = path[-1].rpartition("_")[2] in NAMES
            if told.get("minLength") or required or names:
                yield Text(operation.method, operation.path, path, operation.body)


def members(
    schema: dict[str, Any], path: Path, required: bool
) -> Iterator[tuple[Path, dict[str, Any], bool]]:
    """The free texts of a schema: (path, schema, whether it has to be told)."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in schema.get("anyOf", ()):
        yield from members(one, path, required)
    if schema.get("type") == "string" and not {"enum", "const", "format"} & set(schema):
        yield path, schema, required
    for name, one in schema.get("properties", {}).items():
        yield from members(one, (*path, name), name in schema.get("required", ()))
    if isinstance(schema.get("items"), dict):
        yield from members(schema["items"], (*path, "[]"), False)


TEXTS = list(texts())


@pytest.mark.parametrize("text", TEXTS, ids=lambda one: f"{one.method} {one.address} {one.where}")
def test_a_text_without_anything_to_see_is_refused_and_named(text: Text) -> None:
    for blank in BLANKS:
        assert text.faults(blank), repr(blank)


def test_the_members_are_those_of_the_document() -> None:
    named = {f"{one.method} {one.address} {one.where}" for one in TEXTS}
    assert {
        "PATCH /v1/variants/{id} name", "POST /v1/broadcasts name",
        "PATCH /v1/broadcasts/{id} name",
        "POST /v1/orders payment.reference", "POST /v1/stock/adjustments reason",
        "PATCH /v1/products/{id} variants.change[0].name", "POST /v1/keys name",
        "POST /v1/customers emails[0].contact_name",
    } <= named  # fmt: skip


def test_the_refusal_says_what_is_wrong_and_an_empty_name_is_none() -> None:
    by_name = {f"{one.method} {one.address} {one.where}": one for one in TEXTS}
    assert by_name["POST /v1/broadcasts name"].faults(" ") == [BLANK]
    assert by_name["POST /v1/broadcasts name"].faults("-") == []
    assert by_name["POST /v1/broadcasts flow.name"].faults("\n") == [BLANK]
    assert by_name["POST /v1/broadcasts flow.name"].faults("") == []
    assert by_name["POST /v1/orders payment.reference"].faults(" ") == [BLANK]
