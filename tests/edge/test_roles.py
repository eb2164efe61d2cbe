"""Every operation of every dialect with every kind of caller, from the tables of operations: a new
one is tried too. Who may not call an operation never reaches its handler, so that nothing is read
and nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from entrepot.core import ids, scopes
from entrepot.edge.access import Credentials, Scoped, Signature
from entrepot.edge.app import Application, build_app
from entrepot.edge.dialect import Call, Dialect, Operation
from entrepot.edge.dialects import ALL
from entrepot.edge.synq.credentials import ROLES
from entrepot.store.accounts import Credential
from entrepot.writer.envelope import Answer

TENANT, ORG, OTHER = b"t" * 16, b"o" * 16, b"x" * 16
# Operations that an ADMIN alone may call [page api/organization, api/settings].
ADMINS = {"putTenantSettings", "inviteMember"}
PUBLIC = {"/unified/webhook", "/v1/unified/webhooks"}  # their senders sign the body
# Nouns of the native API, by the first part of the scope that opens them.
NOUNS = {
    "orders": "orders shipments returns invoices",
    "stock": "variants locations stock products price-lists purchase-orders",
    "settings": "settings webhooks providers",
    "campaigns": "touches broadcasts", "customers": "customers", "events": "events", "keys": "keys",
}  # fmt: skip
OF_NOUN = {noun: scope for scope, nouns in NOUNS.items() for noun in nouns.split()}
MONEY = {"captureOrder", "refundOrder"}


def told(key: str, org: bytes = ORG, tenant: bytes = TENANT) -> dict[str, dict[str, str]]:
    """The headers of a key in each dialect."""
    bearer = {"authorization": f"Bearer {key}"}
    return {
        "synq": bearer | {"x-tenant-id": ids.dashed(tenant), "x-org-id": ids.dashed(org)},
        "polinate": {"x-business-id": f"bus_{org.hex()}", "x-api-key": key},
        "konvo": {"x-api-key": key},
        "native": bearer,
    }


class Admission:
    """One that knows a key by its text: `dialect:role`. Any other key is one that was revoked."""

    tokens = None

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.wrong = SimpleNamespace(tried=self._tried)

    async def _tried(self, dialect: str, _address: str) -> None:
        self.tried.append(dialect)

    def known(self, key: str) -> Any:
        dialect, colon, role = key.partition(":")
        return Credential(1, b"k" * 16, ORG, TENANT, dialect, role, "key:k") if colon else None

    async def credential(self, _key: str) -> Any:
        return None

    def seconds_to_wait(self, _org: int) -> float:
        return 0.0


async def reached(_call: Call) -> Answer:
    """In place of every handler."""
    return Answer(200, b"{}")


@cache
def app() -> Application:
    """All dialects, without a handler of theirs."""
    services: Any = SimpleNamespace(
        admission=Admission(), database=None, writer=SimpleNamespace(news=None)
    )
    dialects = [
        replace(one, operations=tuple(replace(it, handler=reached) for it in one.operations))
        for one in ALL
    ]
    return build_app(services, dialects, {}, lambda: "request-1")


async def asked(operation: Operation, headers: dict[str, str]) -> httpx.Response:
    path = operation.path
    for one in operation.parameters:
        if one.where == "path":
            path = path.replace(f"{{{one.name}}}", ids.dashed(ORG))
    transport = httpx.ASGITransport(app=app())  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        sent = {"content-type": "application/json", **headers}
        return await client.request(operation.method, path, content=b"[]", headers=sent)


EVERY = [
    pytest.param(dialect, operation, id=f"{dialect.name}-{operation.operation_id}")
    for dialect in ALL
    for operation in dialect.operations
    if not isinstance(operation.access, Signature)
]


def roles_of(dialect: Dialect) -> list[str]:
    """The roles that a key of the dialect can have; a scope, and all scopes but one, are roles of
    a native key.
    """
    if dialect.name != "native":
        return sorted(ROLES)
    each = list(scopes.MEANINGS)
    return [
        *each,
        *[" ".join(one for one in each if one != left) for left in each],
        "VIEWER",
        "KING",
    ]


def may(dialect: Dialect, operation: Operation, role: str) -> bool:
    reads = operation.method == "GET"
    if dialect.name == "native":
        return scope_of(operation) in scopes.opened_by(role)
    if role == "ADMIN" or reads:
        return True
    return operation.operation_id not in ADMINS and role != "VIEWER"


def scope_of(operation: Operation) -> str:
    """The scope of a native operation, by its noun and whether it reads."""
    noun = OF_NOUN[operation.path.split("/")[2]]
    if operation.operation_id in MONEY:
        return scopes.MONEY_WRITE
    reads = operation.method == "GET" and noun != "keys"
    return f"{noun}:{'read' if reads else 'write'}"


def test_only_signed_operations_ask_for_no_credentials() -> None:
    signed = {
        operation.path
        for dialect in ALL
        for operation in dialect.operations
        if isinstance(operation.access, Signature)
    }
    assert signed == PUBLIC
    listed = [one.values[1].access for one in EVERY]  # type: ignore[union-attr]
    assert all(isinstance(access, Credentials | Scoped) for access in listed)


@pytest.mark.parametrize(("dialect", "operation"), EVERY)
async def test_every_role_may_do_what_it_may(dialect: Dialect, operation: Operation) -> None:
    for role in roles_of(dialect):
        spellings = {role, role.lower()} if role.isupper() else {role}
        for spelled in spellings:
            headers = told(f"{dialect.name}:{spelled}")[dialect.name]
            answer = await asked(operation, headers)
            allowed = may(dialect, operation, role)
            assert answer.status_code == (200 if allowed else 403), (spelled, answer.text)
            if not allowed:
                assert_refused(dialect, answer)
                assert 403 in operation.responses, "it is documented"


WRONG: dict[str, Callable[[Dialect], list[dict[str, str]]]] = {
    "no credentials": lambda _: [{}],
    "empty ones": lambda dialect: [dict.fromkeys(told("")[dialect.name], "")],
    "a key that was revoked": lambda dialect: [told("gone")[dialect.name]],
    "a key of another dialect": lambda dialect: [
        told(f"{other.name}:ADMIN")[dialect.name] for other in ALL if other is not dialect
    ],
    "headers of another dialect": lambda dialect: [
        headers
        for name, headers in told(f"{dialect.name}:ADMIN").items()
        if name not in (dialect.name, {"native": "synq", "konvo": "polinate"}.get(dialect.name))
    ],
}


@pytest.mark.parametrize(("dialect", "operation"), EVERY)
async def test_without_a_key_of_the_dialect_nothing_is_reached(
    dialect: Dialect, operation: Operation
) -> None:
    assert 401 in operation.responses, "it is documented"
    for kind, made in WRONG.items():
        for headers in made(dialect):
            answer = await asked(operation, headers)
            assert answer.status_code == 401, (kind, headers, answer.text)
            assert_refused(dialect, answer)


@pytest.mark.parametrize(("dialect", "operation"), EVERY)
async def test_headers_of_another_organization_open_nothing(
    dialect: Dialect, operation: Operation
) -> None:
    key = f"{dialect.name}:ADMIN"
    expected = {"synq": 403, "polinate": 401}.get(dialect.name)
    if expected is None:
        assert told(key)[dialect.name] == told(key, OTHER)[dialect.name], "a key says it alone"
        return
    for headers in (told(key, org=OTHER), told(key, tenant=OTHER)):
        if headers[dialect.name] == told(key)[dialect.name]:
            continue
        answer = await asked(operation, headers[dialect.name])
        assert answer.status_code == expected, answer.text
        assert_refused(dialect, answer)


def assert_refused(dialect: Dialect, answer: httpx.Response) -> None:
    """The answer is of the dialect's own shape, and says nothing of the key."""
    assert answer.headers["content-type"].encode() == dialect.refusal_media
    members = {
        "synq": {"error"}, "polinate": {"errorCode", "message", "requestId"},
        "konvo": {"error", "message"},
        "native": {"type", "title", "status", "detail", "request_id"},
    }[dialect.name]  # fmt: skip
    body = json.loads(answer.content)
    assert members <= body.keys() <= members | {"fieldErrors", "errors"}, body
    assert ":ADMIN" not in answer.text
