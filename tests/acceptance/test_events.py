"""Every change through a running server has an event that says who made it and what changed."""

from __future__ import annotations

import json
from typing import Any

from entrepot.testing.clients import World, accepted
from entrepot.testing.server import Server


def logged(server: Server, after: int = 0) -> list[dict[str, Any]]:
    printed = server.command("events", "Demo", "--after", str(after), "--json")
    return [json.loads(line) for line in printed.splitlines()]


def keys(server: Server) -> dict[str, str]:
    """The actor that each dialect's credential of the demo is."""
    listed = json.loads(server.command("key", "list", "--org", "Demo", "--json"))
    return {one["dialect"]: f"key:{one['id']}" for one in listed}


def test_an_event_names_the_credential_the_step_or_the_provider(
    server: Server, world: World
) -> None:
    before = len(logged(server))
    placed = world.synq_created()
    world.polinate.create(world.polinate_order([3]))
    world.konvo_created()
    told = logged(server, before)
    assert [one["number"] for one in told] == list(range(before + 1, before + len(told) + 1))
    by = keys(server)
    of_synq = [(one["type"], one["actor"]) for one in told if one["order_id"] == placed["id"]]
    assert of_synq == [
        ("order.placed", by["synq"]), ("stock.reserved", "step:reserve"),
        ("payment.authorized", "provider:sandbox"), ("order.confirmed", "step:authorise"),
    ]  # fmt: skip
    first = {(one["source"], one["actor"]) for one in told if one["seq"] == 1}
    assert first == {(dialect, by[dialect]) for dialect in ("synq", "polinate", "konvo")}


def test_a_change_says_from_what_to_what(server: Server, world: World) -> None:
    made = world.polinate.create(world.polinate_order([3]))
    before = len(logged(server))
    accepted(world.polinate.patch(made["id"], {"order": {"notes": "ring twice"}}), 200)
    changes = [one for one in logged(server, before) if one["type"] == "order.amended"]
    assert [one["body"]["changed"] for one in changes] == [{"notes": [None, "ring twice"]}]
    assert [one["actor"] for one in changes] == [keys(server)["polinate"]]
