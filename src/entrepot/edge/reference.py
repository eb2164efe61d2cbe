"""The reference page of a dialect, made from its OpenAPI document, and the paths that serve both.

The page is one HTML file without scripts and without anything from outside: it works offline.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import cache, partial
from html import escape
from http import HTTPStatus
from typing import Any

import msgspec

from entrepot.edge import openapi
from entrepot.edge.curl import can_be_typed, credentials, curl
from entrepot.edge.dialect import Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.safe_headers import STYLE
from entrepot.edge.schema_tables import SchemaTables, prose

Page = Callable[[], Awaitable[tuple[int, str, bytes]]]

DEMO = 'eval "$(.venv/bin/entrepot demo --shell)"'
_HTML = "text/html; charset=utf-8"
_METHODS = ("get", "post", "put", "patch", "delete")


def pages() -> dict[str, Page]:
    """The document and the reference page of every dialect, by path; each made when asked for."""
    found: dict[str, Page] = {}
    for dialect in ALL:
        document = partial(_document, dialect)
        found[f"/openapi/{dialect.name}.json"] = _made_once("application/json", document)
        html = partial(page, dialect)
        found[f"/reference/{dialect.name}"] = _made_once(_HTML, html)
    found["/"] = _made_once(_HTML, front_page)
    return found


def _document(dialect: Dialect) -> bytes:
    return msgspec.json.encode(openapi.build(dialect))


def _made_once(media: str, make: Callable[[], bytes]) -> Page:
    body = cache(make)

    async def answer() -> tuple[int, str, bytes]:
        return 200, media, body()

    return answer


def front_page() -> bytes:
    """The front page as one HTML file in UTF-8: what this server is, and where to go on."""
    links = "".join(
        f'<li><a href="/reference/{escape(one.name)}">{escape(one.title)}</a> '
        f'(<a href="/openapi/{escape(one.name)}.json">OpenAPI document</a>)</li>'
        for one in ALL
    )
    return (
        f'{_head("Entrepot")}<main id="main"><header><h1>Entrepot</h1>'
        "<p>One order book, spoken in three languages and in its own. A client that was written "
        "for Synq, Polinate or Konvo works here when its base URL is this server's.</p></header>"
        f"<section><h2>What is served</h2><ul>{links}</ul></section>"
        "<section><h2>A first order</h2><p>Take the demo organization's credentials into your "
        f"shell, and paste any command of a page above:</p><pre>{escape(DEMO)}</pre></section>"
        '<section><h2>Is it well?</h2><ul><li><a href="/health/ready">/health/ready</a>: 200 while '
        'the order book can be worked with</li><li><a href="/health/live">/health/live</a>: 200 '
        "while the process answers</li></ul></section></main></body></html>\n"
    ).encode()


def _head(title: str) -> str:
    """The beginning of a page, up to and with the opened body. `title` is HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>"
    )


def page(dialect: Dialect) -> bytes:
    """The dialect's reference as one HTML file in UTF-8."""
    document = openapi.build(dialect)
    title = escape(document["info"]["title"])
    return (
        f"{_head(title)}"
        f'<a class="skip" href="#main">Skip to the operations</a>'
        f'{_navigation(dialect.name, document)}<main id="main">'
        f"{_introduction(dialect.name, document)}"
        f"{''.join(_groups(dialect.name, document))}</main></body></html>\n"
    ).encode()


def _listed(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation, in the document's order."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def _navigation(name: str, document: dict[str, Any]) -> str:
    parts = [f'<nav><p class="title">{escape(document["info"]["title"])}</p>']
    for tag in document["tags"]:
        parts.append(f"<p>{escape(tag['name'])}</p><ul>")
        parts += [
            f'<li><a href="#{escape(described["operationId"])}">{_badge(method)} '
            f"{escape(described['summary'])}</a></li>"
            for method, _, described in _listed(document)
            if tag["name"] in described["tags"]
        ]
        parts.append("</ul>")
    others = [
        f'<li><a href="/reference/{escape(one.name)}">{escape(one.title)}</a></li>'
        for one in ALL
        if one.name != name
    ]
    if others:
        parts.append(f"<p>Other dialects</p><ul>{''.join(others)}</ul>")
    parts.append(f'<p><a href="/openapi/{escape(name)}.json">OpenAPI document</a></p></nav>')
    return "".join(parts)


def _badge(method: str) -> str:
    return f'<span class="method {method.lower()}">{method}</span>'


def _introduction(name: str, document: dict[str, Any]) -> str:
    info = document["info"]
    listed = _listed(document)
    needed = (one for _, _, described in listed for one in credentials(name, document, described))
    headers = list(dict.fromkeys(needed))
    lines = "".join(f"<li><code>{escape(one)}</code></li>" for one in headers)
    variables = dict.fromkeys(word for one in headers for word in re.findall(r"\$(\w+)", one))
    exports = "\n".join(f"export {one}=..." for one in variables)
    return (
        f"<header><h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
        f'{prose(info["description"])}</header><section id="credentials"><h2>Credentials</h2>'
        f"<p>Every request carries these headers:</p><ul>{lines}</ul>"
        "<p>The commands below take them from the shell. For the demo organization, this sets "
        f"them:</p><pre>{escape(DEMO)}</pre><p>For one of your own, set them to what "
        "<code>entrepot org create</code> or <code>key create</code> printed:</p>"
        f"<pre>{escape(exports)}</pre>"
        "<p>Every answer has an <code>X-Request-Id</code>, which finds the request in the "
        "server's log.</p></section>"
    )


def _groups(dialect: str, document: dict[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"<section><h2>{escape(tag['name'])}</h2>"
        for method, path, described in _listed(document):
            if tag["name"] in described["tags"]:
                yield _article(dialect, document, (method, path), described)
        yield "</section>"


def _article(
    dialect: str, document: dict[str, Any], address: tuple[str, str], described: dict[str, Any]
) -> str:
    schemas = document["components"]["schemas"]
    tables = SchemaTables(schemas, sent=True)
    name = escape(described["operationId"])
    body = described.get("requestBody", {}).get("content", {}).get(openapi.JSON)
    method, path = address
    spelled = escape(path).replace("/", "/<wbr>")
    link = f'<a class="anchor" href="#{name}" aria-label="Link to this operation">#</a>'
    parts = [
        f'<article id="{name}"><h3>{escape(described["summary"])} {link}</h3>',
        f'<p class="address">{_badge(method)} <code>{spelled}</code></p>',
        prose(described.get("description", "")),
    ]
    if described.get("parameters"):
        rows = "".join(_parameter(tables, one) for one in described["parameters"])
        parts.append(f'<h4>Parameters</h4><table class="fields">{rows}</table>')
    if body:
        parts += ["<h4>Request body</h4>", tables.body(body["schema"])]
    examples = list(body.get("examples", {}).values()) if body else []
    first = examples[0]["value"] if examples else None
    if can_be_typed(dialect, described):
        command = curl(dialect, document, address, described, first)
        parts.append(f"<h4>Command</h4><pre>{escape(command)}</pre>")
    parts += [
        f"<details><summary>Another body: {escape(one['summary'])}</summary>"
        f"<pre>{escape(_pretty(one['value']))}</pre></details>"
        for one in examples[1:]
    ]
    parts += ["<h4>Answers</h4>", *_answers(schemas, described["responses"]), "</article>"]
    return "".join(parts)


def _parameter(tables: SchemaTables, parameter: dict[str, Any]) -> str:
    where = f'<span class="where">{escape(parameter["in"])}</span>'
    described = {**parameter["schema"], "description": parameter.get("description", "")}
    return tables.row(parameter["name"], described, required=parameter["required"], beside=where)


def _answers(schemas: dict[str, Any], responses: dict[str, Any]) -> Iterator[str]:
    tables = SchemaTables(schemas, sent=False)
    errors: list[str] = []
    shapes: dict[str, str] = {}
    for status, described in responses.items():
        schema = next((one["schema"] for one in described.get("content", {}).values()), None)
        if int(status) < HTTPStatus.BAD_REQUEST:
            says = prose(described["description"], "span")
            text = f'<span class="status good">{status}</span> {says}'
            body = tables.body(schema) if schema else "<p>No body.</p>"
            yield f"<h5>{text}</h5>{_header_line(described)}{body}"
            continue
        errors.append(
            f'<tr><th scope="row"><span class="status bad">{status}</span></th>'
            f"<td>{prose(described['description'], 'span')}{_header_line(described)}</td></tr>"
        )
        if schema:
            shapes[json.dumps(schema)] = tables.body(schema)
    if errors:
        yield f'<h5>Refusals</h5><table class="refusals">{"".join(errors)}</table>'
        for shape in shapes.values():
            yield f"<details><summary>Body of a refusal</summary>{shape}</details>"


def _header_line(described: dict[str, Any]) -> str:
    # X-Request-Id is on every answer and told once, above.
    names = [name for name in described.get("headers", {}) if name != "X-Request-Id"]
    codes = ", ".join(f"<code>{escape(name)}</code>" for name in names)
    return f'<p class="headers">Header: {codes}</p>' if names else ""


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
