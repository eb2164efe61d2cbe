"""Unforeseen errors: each dialect's own envelope, a request id, and nothing of the inside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from tests.edge.serving import without_a_book

from entrepot.core.scopes import MEANINGS
from entrepot.edge.access import Everybody, Principal, Signature
from entrepot.edge.app import Application, build_app
from entrepot.edge.dialect import Call, Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.services import Services
from entrepot.store.engine import Unavailable
from entrepot.store.schema import readable
from entrepot.writer.envelope import Answer

SECRET = "a connection string with a password"
DIALECTS = pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)


@pytest.fixture(autouse=True)
def captured() -> Iterator[None]:
    """Nothing is printed: structlog's own way shows each error with all values around it, which
    takes a second or two.
    """
    with capture_logs():
        yield


class Admits:
    """Credentials that are always right, and a rate that is never too high."""

    def seconds_to_wait(self, _org: int) -> float:
        return 0.0


def application(dialect: Dialect, failure: Exception) -> Application:
    async def handler(_call: Call) -> Answer:
        raise failure

    async def authenticate(_headers: Mapping[str, str], _services: Services) -> Principal:
        return Principal(1, b"o" * 16, b"t" * 16, "ADMIN", scopes=frozenset(MEANINGS))

    # A signature is looked at before the handler, and needs a secret.
    broken: list[Any] = [
        replace(
            one, handler=handler, body=None,
            access=Everybody() if isinstance(one.access, Signature) else one.access,
        )
        for one in dialect.operations
    ]  # fmt: skip
    changed = replace(dialect, operations=tuple(broken), authenticate=authenticate)
    return build_app(without_a_book(Admits()), [changed], {}, lambda: "request-1")


async def answers(dialect: Dialect, failure: Exception, headers: dict[str, str]) -> Any:
    transport = httpx.ASGITransport(app=application(dialect, failure))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for operation in dialect.operations:
            path = re.sub(r"{\w+}", "x", operation.path)
            yield await client.request(operation.method, path, headers=headers)


@DIALECTS
async def test_an_unexpected_error_tells_nothing_of_the_inside(dialect: Dialect) -> None:
    async for answer in answers(dialect, RuntimeError(SECRET), {}):
        assert answer.status_code == 500
        assert answer.headers["content-type"] == dialect.refusal_media.decode()
        assert answer.headers["x-request-id"] == "request-1"
        body = json.loads(answer.content)
        envelope = {
            "synq": "error", "konvo": "message", "polinate": "errorCode", "native": "type",
        }[dialect.name]  # fmt: skip
        assert envelope in body
        assert "request-1" in answer.text
        assert not re.search("password|RuntimeError|Traceback|/src/", answer.text)


@DIALECTS
async def test_a_book_that_cannot_be_reached_is_503_and_says_when_to_come_back(
    dialect: Dialect,
) -> None:
    async for answer in answers(dialect, Unavailable(SECRET), {}):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abcdefgh-1", True), ("short", False), ("a\nb" * 9, False), ("x" * 99, False)],
)
async def test_a_callers_request_id_is_kept_when_it_is_harmless(sent: str, kept: bool) -> None:
    headers = {"x-request-id": sent}
    async for answer in answers(ALL[0], RuntimeError(SECRET), headers):
        assert (answer.headers["x-request-id"] == sent) is kept


async def test_where_nothing_is_the_envelope_follows_the_path() -> None:
    transport = httpx.ASGITransport(  # type: ignore[arg-type]
        app=build_app(without_a_book(Admits()), ALL, {}, lambda: "request-1")
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        told = {
            path: (await client.get(path)).json()
            for path in (
                "/api/v1/oms/x", "/api/v1/settings/tenant", "/api/v1/orders/a/b", "/orders/a/b",
                "/contacts/a/b", "/elsewhere", "/ordersfoo",
            )
        }  # fmt: skip
    assert told["/api/v1/settings/tenant"].keys() == {"error"}
    assert told["/contacts/a/b"]["error"] == 404
    assert told["/api/v1/oms/x"].keys() == {"error"}
    assert told["/api/v1/orders/a/b"]["errorCode"] == "NOT_FOUND"
    assert told["/orders/a/b"]["error"] == 404
    assert told["/elsewhere"]["title"] == told["/ordersfoo"]["title"] == "Not Found"


@DIALECTS
async def test_a_read_that_damage_stops_is_made_again_with_a_look_at_each_row(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that trusts its book answered 500 until it was started anew."""
    asked: list[bool] = []

    async def handler(_call: Call) -> Answer:
        asked.append(readable.trust.rows)
        if readable.trust.rows:
            raise TypeError(SECRET)
        return Answer(200, b"{}")

    async def authenticate(_headers: Mapping[str, str], _services: Services) -> Principal:
        return Principal(1, b"o" * 16, b"t" * 16, "ADMIN", scopes=frozenset(MEANINGS))

    for method in ("GET", "POST"):
        of_it = [one for one in dialect.operations if one.method == method][:1]
        for one in of_it:
            monkeypatch.setattr(readable.trust, "rows", True)
            changed = replace(one, handler=handler, body=None, access=Everybody())
            app = build_app(
                without_a_book(Admits()),
                [replace(dialect, operations=(changed,), authenticate=authenticate)],
                {},
                lambda: "request-1",
            )
            transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                path = re.sub(r"{\w+}", "x", one.path)
                answer = await client.request(method, path)
            # What writes is not done twice.
            assert answer.status_code == (200 if method == "GET" else 500), answer.text
    assert asked == [True, False, True]
