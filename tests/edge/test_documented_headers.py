"""Every header that an answer carries stands in the document, with the status that carries it."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from entrepot.core.refusal import NEVER_STORED, Reason, Refusal, Refused
from entrepot.core.scopes import MEANINGS
from entrepot.edge import openapi
from entrepot.edge.access import Credentials, Principal, Scoped
from entrepot.edge.dialect import Call, Dialect, Operation
from entrepot.edge.dialects import ALL
from entrepot.edge.endpoint import Endpoint
from entrepot.edge.konvo.dialect import DIALECT as KONVO
from entrepot.edge.safe_headers import cross_origin
from entrepot.writer.envelope import Answer

# HTTP's own, and those that say to browsers and caches what not to do.
OF_EVERY_ANSWER = {"content-type", "content-length", "cache-control", "x-content-type-options"}
KEY, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
WHO = Principal(7, b"o" * 16, b"t" * 16, "ADMIN", scopes=frozenset(MEANINGS))
CALLED = [
    pytest.param(dialect, one, id=f"{dialect.name}-{one.operation_id}")
    for dialect in ALL for one in dialect.operations
    if isinstance(one.access, Credentials | Scoped)
]  # fmt: skip
DOCUMENTS = {dialect.name: openapi.build(dialect) for dialect in ALL}
# Reasons of refusals that a decision gives; a refusal under a key is stored with the key.
DECIDED = [
    Reason.INVALID, Reason.FORBIDDEN, Reason.NO_SUCH_ROUTE, Reason.ILLEGAL_MOVE,
    Reason.OUT_OF_STOCK, Reason.CHANGED_MEANWHILE, Reason.UNKNOWN_VARIANT,
]  # fmt: skip


def said(dialect: Dialect, operation: Operation) -> dict[str, Any]:
    path = DOCUMENTS[dialect.name]["paths"][operation.path]
    found: dict[str, Any] = path[operation.method.lower()]["responses"]
    return found


def is_keyed(dialect: Dialect, operation: Operation) -> bool:
    """Synq's orders have the key in the body."""
    in_body = (dialect.name, operation.operation_id) == ("synq", "createOrder")
    return in_body or any(one.name == KEY for one in operation.parameters)


async def sent(
    dialect: Dialect, operation: Operation, handler: Any, query: bytes = b"", **headers: str
) -> tuple[int, set[str]]:
    """The status and the names of the headers that the operation answers with."""

    async def authenticate(*_: object) -> Principal:
        return WHO

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    messages: list[Any] = []
    admission = SimpleNamespace(seconds_to_wait=lambda _: 0)
    services: Any = SimpleNamespace(admission=admission)
    known = dataclasses.replace(dialect, authenticate=authenticate)
    methods = {operation.method: dataclasses.replace(operation, handler=handler)}
    endpoint = Endpoint(services, known, methods, lambda: "request-1")
    told = {"content-type": "application/json", "content-length": "2"} | headers
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    scope: Any = {"type": "http", "method": operation.method, "path_params": {}, "headers": raw,
                  "query_string": query}  # fmt: skip
    await endpoint.enter(scope, receive, send)
    names = {name.decode().lower() for name, _ in messages[0]["headers"]}
    return messages[0]["status"], names - OF_EVERY_ANSWER


def documented(dialect: Dialect, operation: Operation, status: int) -> set[str]:
    responses = said(dialect, operation)
    assert str(status) in responses, f"{status} is not documented"
    return {name.lower() for name in responses[str(status)]["headers"]}


@pytest.mark.parametrize(("dialect", "operation"), CALLED)
async def test_the_headers_of_a_success_are_documented(
    dialect: Dialect, operation: Operation
) -> None:
    its = said(dialect, operation)
    for status in [int(one) for one in its if one < "300"]:
        # A dry run of what makes something keeps no answer.
        replayed = is_keyed(dialect, operation) and not (
            "201" in its and "dry run" in its[str(status)]["description"]
        )

        async def handler(call: Call, status: int = status, replayed: bool = replayed) -> Answer:
            call.replayed = replayed
            warns = operation.method in ("PATCH", "PUT") and not dialect.own_query
            call.ignored = ["told"] if warns else []
            return Answer(status, b"{}")

        asked = b"" if dialect.strict_query else b"nobody=1"
        found, names = await sent(dialect, operation, handler, asked)
        assert found == status
        assert names <= documented(dialect, operation, status)


@pytest.mark.parametrize(("dialect", "operation"), CALLED)
async def test_the_headers_of_a_refusal_are_documented(
    dialect: Dialect, operation: Operation
) -> None:
    """A stored refusal is replayed, which no document said; and a refused change came with a
    warning of members that nobody knows.
    """
    for reason in DECIDED:
        refused = dialect.refuse(Refusal(reason), "request-1")
        if str(refused.status) not in said(dialect, operation):
            continue
        replayed = is_keyed(dialect, operation) and reason not in NEVER_STORED

        async def handler(
            call: Call, refused: Answer = refused, replayed: bool = replayed
        ) -> Answer:
            call.replayed, call.etag, call.ignored = replayed, '"1"', ["told"]
            return refused

        asked = b"" if dialect.strict_query else b"nobody=1"
        status, names = await sent(dialect, operation, handler, asked)
        assert status == refused.status
        assert names <= documented(dialect, operation, status), reason
        assert (REPLAYED.lower() in names) == replayed


@pytest.mark.parametrize(
    ("dialect", "operation"), [one for one in CALLED if one.values[1].has_no_version()]
)
async def test_a_version_of_what_has_none_is_refused_as_documented(
    dialect: Dialect, operation: Operation
) -> None:
    async def handler(_call: Call) -> Answer:
        raise AssertionError("nothing is changed")

    status, names = await sent(dialect, operation, handler, **{"if-match": '"1"'})
    assert status == 412
    assert names <= documented(dialect, operation, status)


async def test_a_refusal_does_not_name_what_would_have_changed_nothing() -> None:
    operation = next(one for one in KONVO.operations if one.method == "GET")

    async def handler(_call: Call) -> Answer:
        raise Refused(Refusal(Reason.INVALID))

    status, names = await sent(KONVO, operation, handler, b"nobody=1")
    assert (status, "warning" in names) == (400, False)


@pytest.mark.parametrize("dialect", ALL, ids=lambda one: one.name)
def test_a_page_in_a_browser_reads_every_documented_header(dialect: Dialect) -> None:
    """The `Warning` of a change was hidden from pages."""
    its = DOCUMENTS[dialect.name]["components"]["headers"]
    told = dict(cross_origin(dialect, "GET"))
    if told:
        assert set(its) <= {*told[b"access-control-expose-headers"].decode().split(", ")}
