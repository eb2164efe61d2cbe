"""Accounts at payment services in the native API: added, listed, tested and removed, and nothing
secret is shown, logged or kept in the clear.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from tests.acceptance.test_native import pointers, problem
from tests.providers.vendor import Answer, Vendor

from entrepot.providers import account
from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.testing.clients import Body, World, accepted, neighbour, speaking
from entrepot.testing.server import Server

KEY = base64.b64encode(b"k" * 32).decode()
SECRETS = ("sk_test_51secret", "whsec_othersecret", "sk_test_51newer")
LISTED = {"object": "list", "data": [], "has_more": False, "url": "/v1/payment_intents"}


@pytest.fixture(scope="module")
def sealing(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that can seal accounts, and lets them be at a simulator."""
    settings = {
        "ENTREPOT_SEAL_KEYS": KEY, "ENTREPOT_WEBHOOKS_PRIVATE": "on", "ENTREPOT_LOG_LEVEL": "debug",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("sealing")
    with Server(module_database_url, folder, env=settings) as running:
        yield running


@pytest.fixture(scope="module")
def shop(sealing: Server) -> Iterator[World]:
    with speaking(sealing) as world:
        yield world


@pytest.fixture(scope="module")
def other(sealing: Server) -> Iterator[World]:
    with neighbour(sealing, "Round the corner") as world:
        yield world


def stripe(**members: str) -> Body:
    told = {"api_key": SECRETS[0], "webhook_secret": SECRETS[1]} | members
    return {"provider": "stripe", "account": told}


def kept_anywhere(server: Server, text: str) -> list[str]:
    """Where a text stands: tables of the book, and the log."""

    def tables(conn: Connection) -> list[str]:
        return [
            table.name
            for table in schema.metadata.sorted_tables
            for row in conn.execute(select(table))
            if any(_holds(value, text) for value in row)
        ]

    async def look() -> list[str]:
        database = open_database(server.database_url)
        try:
            return await database.read(tables)
        finally:
            await database.close()

    return asyncio.run(look()) + ["log"] * (text in server.output())


def _holds(value: Any, text: str) -> bool:
    return text.encode() in value if isinstance(value, bytes) else text in str(value)


def test_an_account_is_added_tested_replaced_and_removed(
    sealing: Server, shop: World, other: World
) -> None:
    do = shop.native.send
    start = accepted(do("GET", "/events?limit=200"), 200)["last"]
    assert accepted(do("GET", "/providers"), 200) == {"data": [], "next": None}
    with Vendor(Answer(200, LISTED)) as vendor:
        made = accepted(do("POST", "/providers", stripe(base_url=vendor.url)))
        assert made["account"] == {"base_url": vendor.url}
        assert made["secrets"] == {"api_key": True, "webhook_secret": True}
        assert (made["provider"], made["unusable"]) == ("stripe", None)
        org_id = sealing.credentials["synq"]["org_id"]
        assert made["notifications"] == f"/v1/providers/stripe/{org_id}/notifications"
        assert accepted(do("GET", "/providers"), 200) == {"data": [made], "next": None}
        tested = accepted(do("POST", "/providers/stripe/test"), 200)
        assert tested == {"provider": "stripe", "works": True, "why_not": None}
        assert vendor.asked[-1].headers["authorization"] == f"Bearer {SECRETS[0]}"
        vendor.script = [Answer(401, {"error": {"type": "invalid_request_error", "message": "n"}})]
        tested = accepted(do("POST", "/providers/stripe/test"), 200)
        assert tested["works"] is False
        assert "API key" in tested["why_not"]
    changed = accepted(do("POST", "/providers", stripe(api_key=SECRETS[2])), 200)
    assert changed["account"] == {"base_url": "https://api.stripe.com"}
    assert changed["added_at"] == made["added_at"]

    # Another organization knows nothing of the account.
    theirs = other.native.send
    assert accepted(theirs("GET", "/providers"), 200)["data"] == []
    problem(theirs("DELETE", "/providers/stripe"), 404, "no-such-route")
    problem(theirs("POST", "/providers/stripe/test"), 404, "no-such-route")
    assert accepted(do("GET", "/providers"), 200)["data"] == [changed]

    assert accepted(do("DELETE", "/providers/stripe"), 200)["provider"] == "stripe"
    problem(do("DELETE", "/providers/stripe"), 404, "no-such-route")
    assert accepted(do("GET", "/providers"), 200)["data"] == []
    told = accepted(do("GET", f"/events?after={start}&limit=200"), 200)["data"]
    events = [(one["type"], one["body"]) for one in told if one["subject"]["kind"] == "account"]
    assert events == [
        ("account.added", {"service": "stripe", "base_url": vendor.url}),
        ("account.changed", {"service": "stripe", "base_url": "https://api.stripe.com"}),
        ("account.removed", {"service": "stripe"}),
    ]
    assert {one["actor"]["kind"] for one in told} == {"key"}
    sealing.verify()


def test_nothing_secret_is_kept_in_the_clear_or_shown_again(sealing: Server, shop: World) -> None:
    key = {"Idempotency-Key": "add-once"}
    send = shop.native.http.post
    first = send("/v1/providers", json=stripe(), headers=key)
    again = send("/v1/providers", json=stripe(), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    other = send("/v1/providers", json=stripe(api_key=SECRETS[2]), headers=key)
    problem(other, 409, "key-reused")
    faulty = send("/v1/providers", json=stripe(base_url="https://nowhere.example\n"))
    problem(faulty, 400, "invalid")
    answers = [first.text, other.text, faulty.text]
    paths = ("/v1/providers", "/v1/events?limit=200")
    answers += [shop.native.http.get(path).text for path in paths]
    answers.append(shop.native.http.delete("/v1/providers/stripe").text)
    for secret in SECRETS:
        assert not [one for one in answers if secret in one]
        assert kept_anywhere(sealing, secret) == []
    assert kept_anywhere(sealing, "account.added") != [], "the look finds what is there"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ["/account", "/provider"]),
        ({"provider": "sandbox", "account": {}}, ["/provider"]),
        ({"provider": "stripe", "account": {}}, ["/account/api_key"]),
        ({"provider": "adyen", "account": {"hmac_key": "a b\t"}},
         ["/account/api_key", "/account/hmac_key", "/account/merchant_account"]),
        ({"provider": "stripe", "account": {"api_key": "k", "client_id": "c"}},
         ["/account/client_id"]),
        ({"provider": "stripe", "account": {"api_key": "k", "base_url": "http://example.com"}},
         ["/account/base_url"]),
        ({"provider": "stripe", "account": {"api_key": "k", "secret": "c"}}, ["/account/secret"]),
    ],
)  # fmt: skip
def test_every_fault_of_an_account_is_named(shop: World, body: Body, where: list[str]) -> None:
    assert sorted(pointers(shop.native.send("POST", "/providers", body))) == where
    assert accepted(shop.native.send("GET", "/providers"), 200)["data"] == []


def test_the_members_of_the_api_are_those_of_the_services() -> None:
    from entrepot.edge.native.providers import wire  # noqa: PLC0415

    known = {one.name for members in account.MEMBERS.values() for one in members}
    assert set(wire.Members.__struct_fields__) == known
    assert set(account.HOSTS) == set(account.MEMBERS)
    for service in account.MEMBERS:
        usual = account.default_of(service, account.BASE_URL)
        assert account.is_at(usual, account.HOSTS[service]), service


def test_what_an_account_needs_is_a_scope(shop: World, tmp_path: Path) -> None:
    made = accepted(shop.native.send("POST", "/keys", {"scopes": ["settings:read"]}))
    headers = {"Authorization": f"Bearer {made['secret']}"}
    http = shop.native.http
    assert http.get("/v1/providers", headers=headers).status_code == 200
    for method, path in (("POST", ""), ("POST", "/stripe/test"), ("DELETE", "/stripe")):
        answer = http.request(method, f"/v1/providers{path}", json={}, headers=headers)
        problem(answer, 403, "forbidden")
