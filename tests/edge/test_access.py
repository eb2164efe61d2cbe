"""Callers of an operation: a role of the dialect's credentials, a signature, everybody."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import (
    ADMINS,
    NOBODY,
    READERS,
    WRITERS,
    Access,
    Everybody,
    Principal,
    Signature,
)
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Call, Dialect, Operation, Response
from entrepot.edge.dialects import ALL
from entrepot.edge.openapi import build
from entrepot.edge.services import Services
from entrepot.store.reading import queries
from entrepot.writer.envelope import Answer
from entrepot.writer.news import News

SECRET = b"between us and a payment service"
ORG = b"o" * 16


class Wrong:
    def __init__(self) -> None:
        self.told: list[str] = []

    async def tried(self, dialect: str, _address: str) -> None:
        self.told.append(dialect)


class Admits:
    """An organization that may ask as often as it likes, or not at all."""

    def __init__(self, wait: float = 0.0) -> None:
        self.wait = wait
        self.wrong = Wrong()

    def seconds_to_wait(self, _org: int) -> float:
        return self.wait


class Heard:
    """A writer that nobody listens to."""

    news = News()


class Empty:
    """A book in which nothing is found."""

    async def read_one(self, _work: Any) -> None:
        return None


async def of_header(headers: Mapping[str, str], _services: Services) -> Principal:
    role = headers.get("authorization")
    if role is None:
        raise refuse(Reason.UNAUTHENTICATED)
    return Principal(7, ORG, ORG, role)


async def signed(headers: Mapping[str, str], body: bytes, _services: Services) -> Principal:
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(headers.get("x-signature", ""), expected):
        raise refuse(Reason.UNAUTHENTICATED, "the signature is not valid", "X-Signature")
    return Principal(8, ORG, ORG, "SYSTEM")


async def who(call: Call) -> Answer:
    return Answer(200, f'{{"org":{call.principal.org},"body":"{len(call.body)}"}}'.encode())


async def reads(call: Call) -> Answer:
    await call.read(queries.order_by_id, ORG)
    return Answer(200, b"{}")


def dialect(access: Access, handler: Any = who, method: str = "POST") -> Dialect:
    operation = Operation(
        method=method, path="/thing", operation_id="thing", summary="A thing", handler=handler,
        responses={200: Response("Who called", None)}, access=access,
        body=dict[str, str] if method == "POST" else None,
    )  # fmt: skip
    return replace(ALL[0], operations=(operation,), authenticate=of_header)


async def said(
    access: Access, headers: dict[str, str], *, admits: Admits | None = None, handler: Any = who
) -> httpx.Response:
    services: Any = Services(Empty(), Heard(), admits or Admits())  # type: ignore[arg-type]
    app = build_app(services, [dialect(access, handler)], {}, lambda: "request-1")
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        sent = {"content-type": "application/json", **headers}
        return await client.post("/thing", content=b'{"a":"b"}', headers=sent)


@pytest.mark.parametrize(
    ("access", "takes"),
    [
        (READERS, {"VIEWER", "EDITOR", "ADMIN", "admin"}),
        (WRITERS, {"EDITOR", "ADMIN", "admin"}),
        (ADMINS, {"ADMIN", "admin"}),
    ],
)
async def test_a_role_may_or_may_not(access: Access, takes: set[str]) -> None:
    for role in ("VIEWER", "EDITOR", "ADMIN", "admin"):
        answer = await said(access, {"authorization": role})
        assert answer.status_code == (200 if role in takes else 403), role
    assert (await said(access, {})).status_code == 401


async def test_a_signature_of_the_body_is_enough() -> None:
    signature = hmac.new(SECRET, b'{"a":"b"}', hashlib.sha256).hexdigest()
    answer = await said(Signature(signed), {"x-signature": signature})
    assert (answer.status_code, answer.json()) == (200, {"org": 8, "body": "9"})


@pytest.mark.parametrize("headers", [{}, {"x-signature": "0" * 64}, {"authorization": "ADMIN"}])
async def test_without_the_signature_nothing_else_is_enough(headers: dict[str, str]) -> None:
    admits = Admits()
    answer = await said(Signature(signed), headers, admits=admits)
    assert answer.status_code == 401
    assert admits.wrong.told == ["synq"], "a wrong signature is counted as a wrong key is"


async def test_who_signs_has_a_rate_as_others_have() -> None:
    signature = hmac.new(SECRET, b'{"a":"b"}', hashlib.sha256).hexdigest()
    answer = await said(Signature(signed), {"x-signature": signature}, admits=Admits(wait=2))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


async def test_everybody_needs_no_credentials_and_has_no_organization() -> None:
    answer = await said(Everybody(), {})
    assert (answer.status_code, answer.json()) == (200, {"org": NOBODY.org, "body": "9"})
    assert (await said(READERS, {"authorization": "ADMIN"}, handler=reads)).status_code == 200
    answer = await said(Everybody(), {"authorization": "ADMIN"}, handler=reads)
    assert answer.status_code == 500, "there is no organization whose orders could be read"


@pytest.mark.parametrize(
    ("access", "asks"), [(WRITERS, True), (Signature(signed), False), (Everybody(), False)]
)
def test_the_document_says_where_credentials_are_needed(access: Access, asks: bool) -> None:
    said = build(dialect(access, method="GET"))["paths"]["/thing"]["get"]["security"]
    assert bool(said) is asks


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 200), ({"if-match": " * "}, 200), ({"if-match": '"3-1f"'}, 412),
        ({"if-match": "3"}, 412), ({"if-unmodified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 412),
        ({"if-unmodified-since": "2100"}, 200),
    ],
)  # fmt: skip
async def test_what_has_no_version_is_not_the_version_that_is_meant(
    sent: dict[str, str], status: int
) -> None:
    services: Any = Services(Empty(), Heard(), Admits())  # type: ignore[arg-type]
    app = build_app(services, [dialect(READERS, who, "DELETE")], {}, lambda: "request-1")
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {"authorization": "ADMIN"} | sent
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.delete("/thing", headers=headers)
    assert answer.status_code == status


def test_what_has_a_version_says_so() -> None:
    versioned = {
        (one.name, operation.path) for one in ALL for operation in one.operations
        if operation.method != "POST" and "If-Match" in [p.name for p in operation.parameters]
    }  # fmt: skip
    assert versioned == {
        ("polinate", "/api/v1/orders/{id}"), ("polinate", "/api/v1/items/{id}"),
        ("polinate", "/api/v1/buyers/{id}"), ("native", "/v1/orders/{ref}"),
        ("native", "/v1/products/{id}"), ("native", "/v1/customers/{id}"),
        ("native", "/v1/price-lists/{id}"),
    }  # fmt: skip
