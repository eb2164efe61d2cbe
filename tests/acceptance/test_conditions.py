"""Requests that are meant for one state of a thing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.acceptance.test_native import problem

from entrepot.testing.clients import Body, World, accepted, konvo_order

LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
MADE: dict[str, tuple[str, Body, Body]] = {
    "a product": (
        "/products",
        {"name": "Cup", "variants": [{"currency": "EUR", "price": "1.00"}]},
        {"name": "Mug"},
    ),
    "a customer": ("/customers", {"name": "Cafe"}, {"name": "Bar"}),
    "a price list": ("/price-lists", {"name": "Cafes"}, {"name": "Bars"}),
}


def second_of(thing: Body) -> str:
    at = datetime.fromisoformat(thing["updated_at"]).astimezone(UTC)
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("what", MADE)
def test_a_thing_that_was_changed_since_is_not_overwritten(what: str, world: World) -> None:
    do = world.native.send
    path, body, change = MADE[what]
    if what == "a price list":
        body = body | {"entries": [{"variant_id": world.variants[0]["id"]}]}
    thing = accepted(do("POST", path, body))
    path = f"{path}/{thing['id']}"
    problem(do("PATCH", path, change, If_Unmodified_Since=LONG_AGO), 412, "changed-meanwhile")
    assert accepted(do("GET", path), 200) == thing
    told = accepted(do("PATCH", path, change, If_Unmodified_Since=second_of(thing)), 200)
    assert told["name"] == change["name"]


def test_an_order_that_was_changed_since_is_not_moved(world: World) -> None:
    do = world.native.send
    order_id = accepted(world.konvo.post(konvo_order()))["result"][0]["id"]
    path = f"/orders/{order_id}"
    order = accepted(do("GET", path), 200)
    moves: list[tuple[str, str, Body]] = [
        ("PATCH", path, {"notes": "n"}), ("POST", f"{path}/notes", {"text": "t"}),
        ("POST", f"{path}/cancel", {}), ("PATCH", f"{path}?dry_run=true", {"notes": "n"}),
    ]  # fmt: skip
    for method, where, body in moves:
        answer = do(method, where, body, If_Unmodified_Since=LONG_AGO)
        assert problem(answer, 412, "changed-meanwhile")["current_version"]
    assert accepted(do("GET", path), 200) == order
    told = accepted(do("PATCH", path, {"notes": "n"}, If_Unmodified_Since=second_of(order)), 200)
    assert told["notes"] == "n"
