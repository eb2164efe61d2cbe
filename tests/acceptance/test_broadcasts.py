"""Broadcasts: told by the native API, read back there and by Konvo."""

from __future__ import annotations

import uuid
from typing import Any

from tests.acceptance.test_native import pointers, problem

from entrepot.testing.clients import Body, World, accepted, neighbour
from entrepot.testing.server import Server


def shown(world: World, **query: Any) -> list[Body]:
    found: list[Body] = accepted(world.konvo.get("/broadcasts", **query), 200)["result"]
    return found


def test_a_broadcast_is_told_once_under_a_key_and_changed(server: Server, world: World) -> None:
    do = world.native.send
    own = str(uuid.uuid4())
    told = {"id": own, "name": "Spring", "status": "Scheduled"}
    key = uuid.uuid4().hex
    first = do("POST", "/broadcasts", told, Idempotency_Key=key)
    made = accepted(first)
    again = do("POST", "/broadcasts", told, Idempotency_Key=key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    problem(do("POST", "/broadcasts", told | {"name": "Summer"}), 409, "duplicate-entry")
    assert (made["sent"], made["audience"], made["flow"], made["cost"]) == (0, None, None, None)
    change = {"status": "Done", "sent": 10, "delivered": 9, "failed": 1}
    changed = accepted(do("PATCH", f"/broadcasts/{own}", change), 200)
    assert changed == made | change | {"updated_at": changed["updated_at"]}
    assert changed["updated_at"] >= made["updated_at"]
    assert accepted(do("PATCH", f"/broadcasts/{own}", {"sent": 10}), 200) == changed
    assert accepted(do("GET", f"/broadcasts/{own}"), 200) == changed
    [one] = [one for one in shown(world, limit=200) if one["id"] == own]
    assert (one["status"], one["sent"], one["clickAnalytics"]["sendCount"]) == ("Done", 10, 10)
    assert not {"audience", "flow", "cost", "templates", "scheduled"} & set(one)
    start = 0
    events: list[Body] = []
    while True:
        page = accepted(do("GET", f"/events?after={start}&limit=200"), 200)
        events += [event for event in page["data"] if event["subject"]["id"] == own]
        if page["last"] == start:
            break
        start = page["last"]
    assert [(event["type"], event["seq"]) for event in events] == [
        ("broadcast.recorded", 1), ("broadcast.changed", 2),
    ]  # fmt: skip
    assert events[1]["body"]["changed"]["sent"] == [0, 10]
    with neighbour(server, "Quiet") as other:
        assert shown(other) == []
        problem(other.native.send("GET", f"/broadcasts/{own}"), 404, "unknown-broadcast")
        patch = other.native.send("PATCH", f"/broadcasts/{own}", {"sent": 5})
        problem(patch, 404, "unknown-broadcast")
        theirs = accepted(other.native.send("POST", "/broadcasts", told))
        assert theirs["id"] == own
    assert accepted(do("GET", f"/broadcasts/{own}"), 200) == changed
    server.verify()


def test_broadcasts_are_listed_and_faults_are_told(world: World) -> None:
    do = world.native.send
    for number in range(3):
        accepted(do("POST", "/broadcasts", {"name": f"No. {number}"}))
    names, after = [], ""
    while True:
        page = accepted(do("GET", f"/broadcasts?limit=2{after}"), 200)
        names += [one["name"] for one in page["data"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [name for name in names if name.startswith("No.")] == ["No. 2", "No. 1", "No. 0"]
    wrong = {"name": "", "sent": -1, "cost": {"amount": 5, "currency": "EUR"}, "colour": "red"}
    assert {"/name", "/sent", "/cost/amount"} <= set(pointers(do("POST", "/broadcasts", wrong)))
    problem(do("GET", "/broadcasts/x"), 404, "unknown-broadcast")
    some = shown(world, updated_at_min="2020-01-01", created_at_max="2099-01-01", limit=2)
    assert len(some) == 2
