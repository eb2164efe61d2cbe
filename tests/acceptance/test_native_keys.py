"""Keys in the native API: made, shown once, listed and revoked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator

import pytest
from tests.acceptance.test_native import pointers, problem

from entrepot.core.scopes import MEANINGS
from entrepot.testing.clients import Body, Native, World, accepted, neighbour
from entrepot.testing.server import Server


@pytest.fixture(scope="module")
def other(server: Server) -> Iterator[World]:
    with neighbour(server, "Round the corner") as organization:
        yield organization


@pytest.fixture
def with_key(server: Server) -> Iterator[Callable[[Body], Native]]:
    made: list[Native] = []

    def client(key: Body) -> Native:
        made.append(Native(server.url, {"api_key": key["secret"]}))
        return made[-1]

    yield client
    for one in made:
        one.http.close()


def test_a_key_is_made_used_and_revoked(
    other: World, world: World, with_key: Callable[[Body], Native]
) -> None:
    do = other.native.send
    start = accepted(do("GET", "/events?limit=200"), 200)["last"]
    made = accepted(do("POST", "/keys", {"scopes": ["stock:read", "orders:read"], "name": "till"}))
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert (made["scopes"], made["role"]) == (["orders:read", "stock:read"], None)
    assert (made["name"], made["dialect"], made["revoked_at"]) == ("till", "native", None)
    till = with_key(made)
    accepted(till.send("GET", "/stock"), 200)
    problem(till.send("GET", "/settings"), 403, "forbidden")
    problem(till.send("GET", "/keys"), 403, "forbidden")

    listed = accepted(do("GET", "/keys?limit=2"), 200)
    rest = accepted(do("GET", f"/keys?limit=200&after={listed['next']}"), 200)
    found = listed["data"] + rest["data"]
    assert (found[-1], rest["next"], len(listed["data"])) == (shown, None, 2)
    roles = {one["dialect"]: one["role"] for one in found[:-1]}
    assert roles == {"synq": "ADMIN", "polinate": "ADMIN", "konvo": "ADMIN", "native": None}

    # Of another organization nobody knows the key, and unknown ids are answered alike.
    path = f"/keys/{made['id']}"
    for send, where in ((world.native.send, path), (do, f"/keys/{uuid.uuid4()}"), (do, "/keys/x")):
        problem(send("DELETE", where), 404, "no-such-route")
    accepted(till.send("GET", "/stock"), 200)
    gone = accepted(do("DELETE", path), 200)
    assert gone == shown | {"revoked_at": gone["revoked_at"]}
    # At once, although the key was looked up a moment ago.
    problem(till.send("GET", "/stock"), 401, "unauthenticated")
    assert accepted(do("DELETE", path), 200) == gone
    told = do("GET", f"/events?after={start}")
    events = accepted(told, 200)["data"]
    own_id = next(one["id"] for one in found if one["dialect"] == "native")
    assert [(one["type"], one["seq"], one["subject"], one["actor"]) for one in events] == [
        (type_, seq, {"kind": "key", "id": made["id"]}, {"kind": "key", "id": own_id})
        for type_, seq in (("key.made", 1), ("key.revoked", 2))
    ]
    body = {"dialect": "native", "name": "till", "opens": "orders:read stock:read"}
    assert [one["body"] for one in events] == [body, body]
    assert made["secret"] not in told.text


def test_a_repeat_under_a_key_has_no_secret(
    other: World, server: Server, with_key: Callable[[Body], Native]
) -> None:
    do, key = other.native.send, uuid.uuid4().hex
    told = {"scopes": ["orders:read"]}
    first = accepted(do("POST", "/keys", told, Idempotency_Key=key))
    again = do("POST", "/keys", told, Idempotency_Key=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert accepted(again) == first | {"secret": None}
    differs = do("POST", "/keys", {"scopes": ["stock:read"]}, Idempotency_Key=key)
    problem(differs, 409, "key-reused")
    accepted(with_key(first).send("GET", "/orders"), 200)
    removal = uuid.uuid4().hex
    gone = do("DELETE", f"/keys/{first['id']}", Idempotency_Key=removal)
    repeated = do("DELETE", f"/keys/{first['id']}", Idempotency_Key=removal)
    assert (gone.status_code, repeated.content) == (200, gone.content)
    server.verify()


def test_a_key_gives_no_scope_that_it_does_not_have(
    other: World, with_key: Callable[[Body], Native]
) -> None:
    do = other.native.send
    maker = with_key(accepted(do("POST", "/keys", {"scopes": ["keys:write", "orders:read"]})))
    accepted(maker.send("POST", "/keys", {"scopes": ["orders:read"]}))
    for scope in sorted(MEANINGS.keys() - {"keys:write", "orders:read"}):
        answer = maker.send("POST", "/keys", {"scopes": ["orders:read", scope]})
        told = problem(answer, 403, "forbidden")
        assert told["errors"] == [
            {"pointer": "/scopes", "detail": f"a key cannot give what it does not have: {scope}"}
        ]
    wrong = maker.send("POST", "/keys", {"scopes": ["orders:read", "orders:fly"], "name": ""})
    assert set(pointers(wrong)) == {"/scopes/1", "/name"}
    assert pointers(maker.send("POST", "/keys", {"scopes": []})) == ["/scopes"]


def test_a_key_does_not_revoke_itself(other: World, with_key: Callable[[Body], Native]) -> None:
    made = accepted(other.native.send("POST", "/keys", {"scopes": ["keys:write"]}))
    own = with_key(made)
    told = problem(own.send("DELETE", f"/keys/{made['id']}"), 403, "forbidden")
    assert "a key does not revoke itself" in told["detail"]
    accepted(own.send("GET", "/keys"), 200)


def test_the_command_line_makes_and_revokes_by_the_same_commands(
    other: World, server: Server
) -> None:
    start = accepted(other.native.send("GET", "/events?limit=200"), 200)["last"]
    made = json.loads(server.command(
        "key", "create", "--org", "Round the corner", "--dialect", "konvo", "--json"
    ))  # fmt: skip
    server.command("key", "revoke", made["token"])
    events = accepted(other.native.send("GET", f"/events?after={start}"), 200)["data"]
    assert [(one["type"], one["dialect"], one["actor"]["id"]) for one in events] == [
        ("key.made", "operator", "key create"), ("key.revoked", "operator", "key revoke"),
    ]  # fmt: skip
    assert {one["subject"]["id"] for one in events} == {made["id"]}
    assert made["token"] not in json.dumps(events)
