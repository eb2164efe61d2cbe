"""The documents are valid, whole and true of the tables and types they are made from."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, get_args, get_origin
from unittest import mock

import jsonschema
import jsonschema_rs
import msgspec
import pytest
from tests.acceptance.test_schemathesis import documents

from entrepot.core.refusal import Reason, Refusal, Refused
from entrepot.edge import openapi
from entrepot.edge.access import WRITERS, Signature
from entrepot.edge.dialect import (
    Call,
    Dialect,
    Operation,
    Parameter,
    Principal,
    Response,
    Services,
)
from entrepot.edge.dialects import ALL
from entrepot.edge.examples import EXAMPLES
from entrepot.edge.own_types import of_own_type
from entrepot.edge.strict_json import decimal

Json = dict[str, Any]
SQUARE = jsonschema.Draft202012Validator

# Refusals of any request, of one with a body or a query, and of one that names an order.
ANYWHERE = (Reason.UNAUTHENTICATED, Reason.RATE_LIMITED, Reason.UNAVAILABLE, Reason.INTERNAL)
WITH_BODY = (
    Reason.INVALID,
    Reason.FORBIDDEN,
    Reason.BODY_TOO_LARGE,
    Reason.UNSUPPORTED_MEDIA,
    Reason.OVERLOADED,
    Reason.ILLEGAL_MOVE,
)
WITH_QUERY = (Reason.INVALID,)
OF_ONE = (Reason.UNKNOWN_ORDER,)

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


def said_of(document: Json, operation: Operation) -> Json:
    said: Json = document["paths"][operation.path][operation.method.lower()]
    return said


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def followed(document: Json, reference_: str) -> object:
    assert reference_.startswith("#/")
    node: Any = document
    for step in reference_[2:].split("/"):
        node = node[step]
    return node


def faults(document: Json, schema: Json, value: object) -> list[str]:
    """Faults of the value by a schema of the document."""
    whole = {**schema, "components": document["components"]}
    return [fault.message for fault in SQUARE(whole).iter_errors(value)]


def possible(dialect: Dialect, operation: Operation) -> set[int]:
    """The statuses of every refusal that the operation can meet, by the dialect's own table."""
    reasons = [*ANYWHERE]
    if operation.body is not None:
        reasons += WITH_BODY
    if any(one.where == "query" for one in operation.parameters):
        reasons += WITH_QUERY
    if "{" in operation.path:
        reasons += OF_ONE
    return {dialect.refuse(Refusal(one), "request-1").status for one in reasons}


# ---------------------------------------------------------------------------- the documents


@dialects
def test_the_document_is_valid_openapi(dialect: Dialect) -> None:
    document = document_of(dialect.name)
    documents().from_dict(document).validate()
    assert document["openapi"] == "3.1.0"
    assert json.loads(json.dumps(document)) == document


def test_an_invalid_document_is_seen() -> None:
    document = document_of("synq")
    del document["info"]["version"]
    with pytest.raises(jsonschema_rs.ValidationError):
        documents().from_dict(document).validate()


@dialects
def test_every_schema_is_valid(dialect: Dialect) -> None:
    document = document_of(dialect.name)
    for schema in document["components"]["schemas"].values():
        SQUARE.check_schema(schema)
    for operation in dialect.operations:
        for parameter in operation.parameters:
            SQUARE.check_schema(parameter.schema)


@dialects
def test_every_reference_leads_somewhere_and_every_component_is_referred_to(
    dialect: Dialect,
) -> None:
    document = document_of(dialect.name)
    found = set(references(document))
    for one in found:
        assert isinstance(followed(document, one), dict)
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert named == {one for one in found if one.startswith("#/components/schemas/")}


@dialects
def test_every_operation_is_there_once(dialect: Dialect) -> None:
    document = document_of(dialect.name)
    named = [said["operationId"] for item in document["paths"].values() for said in item.values()]
    assert sorted(named) == sorted(one.operation_id for one in dialect.operations)
    assert len(named) == len(set(named))


@operations
def test_an_operation_says_all_that_its_table_says(dialect: Dialect, operation: Operation) -> None:
    document = document_of(dialect.name)
    said = said_of(document, operation)
    assert said["operationId"] == operation.operation_id
    assert said["summary"] == operation.summary
    assert said["tags"] == [operation.tag]
    assert {"name": operation.tag} in document["tags"]
    told = {(one["name"], one["in"], one["required"]) for one in said.get("parameters", [])}
    assert told == {(one.name, one.where, one.required) for one in operation.parameters}
    in_path = {one.name for one in operation.parameters if one.where == "path"}
    assert in_path == {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    assert all(one.required for one in operation.parameters if one.where == "path")
    assert ("requestBody" in said) == (operation.body is not None)
    if operation.body is not None:
        assert said["requestBody"]["required"] is not operation.body_optional
    schemes = {name for needed in said["security"] for name in needed}
    signed = isinstance(operation.access, Signature)
    assert schemes == (set() if signed else set(dialect.security_schemes))


@operations
def test_every_status_that_can_be_answered_is_documented(
    dialect: Dialect, operation: Operation
) -> None:
    said = said_of(document_of(dialect.name), operation)
    documented = {int(status) for status in said["responses"]}
    assert {401, 429, 500} <= possible(dialect, operation) <= documented
    assert any(status < 300 for status in documented)


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [(one, two) for one in ALL for two in one.operations if "{" in two.path and two.body is None],
    ids=lambda one: one.name if isinstance(one, Dialect) else one.operation_id,
)
@pytest.mark.parametrize("sent", ["no-id", "ord_", "\x00", "a" * 5_000])
async def test_an_id_that_is_none_is_answered_with_a_documented_status(
    dialect: Dialect, operation: Operation, sent: str
) -> None:
    names = {one.name: sent for one in operation.parameters if one.where == "path"}
    services = mock.NonCallableMock(spec=Services)
    services.database.read_one = mock.AsyncMock(return_value=None)
    call = Call(
        services=services,
        request_id="request-1",
        method=operation.method,
        path_ids=names,
        query_string=b"",
        headers={},
        principal=Principal(1, bytes(16), bytes(16), "ADMIN"),
    )
    with pytest.raises(Refused) as refused:
        await operation.handler(call)
    status = dialect.refuse(refused.value.refusal, "request-1").status
    assert str(status) in said_of(document_of(dialect.name), operation)["responses"]


@operations
def test_every_answer_documents_its_headers(dialect: Dialect, operation: Operation) -> None:
    document = document_of(dialect.name)
    for status, said in said_of(document, operation)["responses"].items():
        assert "X-Request-Id" in said["headers"], status
        assert ("Retry-After" in said["headers"]) == (status in {"429", "503"}), status
        # Unknown names of a query are named, and members of a change that change nothing.
        names = status in {"200", "201"}
        changes = operation.method in {"PATCH", "PUT"}
        warns = not dialect.strict_query or (changes and not dialect.own_query)
        assert ("Warning" in said["headers"]) == (names and warns), status
    for header in document["components"]["headers"].values():
        assert header["schema"] == {"type": "string"}
        assert header["description"]


@operations
def test_every_refusal_has_the_documented_shape(dialect: Dialect, operation: Operation) -> None:
    document = document_of(dialect.name)
    responses = said_of(document, operation)["responses"]
    compared = 0
    for reason in Reason:
        answer = dialect.refuse(Refusal(reason, "is wrong", "a.field"), "request-1")
        if str(answer.status) in responses:
            schema = responses[str(answer.status)]["content"]
            schema = schema[dialect.refusal_media.decode()]["schema"]
            assert faults(document, schema, json.loads(answer.body)) == []
            compared += 1
    assert compared >= len(ANYWHERE)


# ---------------------------------------------------------------------------- examples


def decoded(body: Any, value: object) -> object:
    """The example, read as the operation reads it: by one of the types its body can have."""
    text = json.dumps(value).encode()
    union = get_origin(body) is not Annotated and not isinstance(body, type) and get_args(body)
    wanted = union if union and get_origin(body) is not list else (body,)
    for one in wanted:
        try:
            decoder = msgspec.json.Decoder(one, dec_hook=of_own_type, float_hook=decimal)
            return decoder.decode(text)
        except msgspec.ValidationError as error:
            last = error
    raise last


@operations
def test_every_body_has_examples_that_are_taken(dialect: Dialect, operation: Operation) -> None:
    document = document_of(dialect.name)
    if operation.body is None:
        assert (dialect.name, operation.operation_id) not in EXAMPLES
        return
    media = said_of(document, operation)["requestBody"]["content"][openapi.JSON]
    assert media["examples"], "the operation has an example"
    for example in media["examples"].values():
        assert faults(document, media["schema"], example["value"]) == []
        assert decoded(operation.body, example["value"]) is not None


def test_every_example_belongs_to_an_operation() -> None:
    known = {(dialect.name, one.operation_id) for dialect in ALL for one in dialect.operations}
    assert set(EXAMPLES) <= known


# ---------------------------------------------------------------------------- from types


def a_dialect(*bodies: Any) -> Dialect:
    """Synq with other operations: one POST for each body, which is answered alike."""
    synq = next(one for one in ALL if one.name == "synq")
    table = tuple(
        Operation(
            method="POST", path=f"/{place}/{{id}}", operation_id=f"do{place}", summary="Do it",
            handler=synq.operations[0].handler, body=body, access=WRITERS,
            parameters=(Parameter("id", "path", {"type": "string"}, True, "An `id`."),),
            responses={200: Response("Done", body), 204: Response("Nothing to say", None),
                       503: Response("Busy", body)},
        )
        for place, body in enumerate(bodies)
    )  # fmt: skip
    return dataclasses.replace(synq, operations=table)


class Notice(msgspec.Struct):
    """What is told.

    In more than one line.
    """

    text: str
    kind: str | None = None


class Wish(msgspec.Struct):
    """What is wanted."""

    number: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number"})]
    under: list[Wish] = []


def namesake() -> type[msgspec.Struct]:
    """Another type of the name Notice."""
    return msgspec.defstruct("Notice", [("count", int)], module="elsewhere")


def body_schema(document: Json, place: int = 0) -> Json:
    said = document["paths"][f"/{place}/{{id}}"]["post"]
    schema: Json = said["requestBody"]["content"][openapi.JSON]["schema"]
    return schema


def test_a_body_of_one_of_two_types_is_any_of_them() -> None:
    document = openapi.build(a_dialect(Notice | Wish))
    schema = body_schema(document)
    assert [one["$ref"].rsplit("/", 1)[1] for one in schema["anyOf"]] == ["Notice", "Wish"]
    assert faults(document, schema, {"text": "a"}) == []
    assert faults(document, schema, {"number": 1.5}) == []
    assert faults(document, schema, {"number": "1.5"}) != []
    assert faults(document, schema, {}) != []


def test_types_of_one_name_stay_apart() -> None:
    document = openapi.build(a_dialect(Notice, namesake()))
    schemas = document["components"]["schemas"]
    assert len(schemas) == 2
    assert len({schema["title"] for schema in schemas.values()}) == 2
    assert faults(document, body_schema(document, 0), {"text": "a"}) == []
    assert faults(document, body_schema(document, 1), {"text": "a"}) != []
    assert faults(document, body_schema(document, 1), {"count": 1}) == []


def test_a_docstring_is_the_description_and_what_is_optional_has_no_null_default() -> None:
    schema = openapi.build(a_dialect(Notice))["components"]["schemas"]["Notice"]
    assert schema["description"] == "What is told.\n\nIn more than one line."
    assert "default" not in schema["properties"]["kind"]
    assert schema["required"] == ["text"]


def test_an_answer_that_asks_to_wait_says_for_how_long() -> None:
    said = openapi.build(a_dialect(Notice))["paths"]["/0/{id}"]["post"]["responses"]
    assert {status for status in said if "Retry-After" in said[status]["headers"]} == {"503"}


def test_an_answer_without_a_body_has_no_content() -> None:
    said = openapi.build(a_dialect(Notice))["paths"]["/0/{id}"]["post"]
    assert "content" not in said["responses"]["204"]


def test_an_unknown_dialect_has_no_document() -> None:
    with pytest.raises(KeyError):
        openapi.document("esperanto")


def _patterns(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        if isinstance(told.get("pattern"), str):
            yield told["pattern"]
        told = list(told.values())
    for one in told if isinstance(told, list) else ():
        yield from _patterns(one)


def test_a_pattern_stands_on_one_line_of_a_made_client() -> None:
    """Makers of clients write the characters that a pattern names into it. In JavaScript these four
    end a line, and a pattern with them.
    """
    listed = {one for dialect in ALL for one in _patterns(document_of(dialect.name))}
    assert listed
    for pattern in listed:
        written = re.sub(r"\\u([0-9a-fA-F]{4})", lambda named: chr(int(named[1], 16)), pattern)
        assert not set(written) & set("\n\r\u2028\u2029"), pattern
