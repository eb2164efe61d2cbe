"""Facts 771 to 788: Synq's settings of a tenant."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import reference

from entrepot.testing.clients import Body, World, accepted, assert_envelope
from entrepot.testing.server import eventually

facts = Facts("synq settings")
PAGE = "page api/settings"
PATH = "/api/v1/settings/tenant"
ALL: Body = {
    "inventory_allocation_model": "SOFT",
    "auto_po_enabled": True,
    "default_low_stock_threshold": 7,
    "costing_method": "FIFO",
}


def put(world: World, **changes: object) -> httpx.Response:
    body = {name: one for name, one in (ALL | changes).items() if one is not ...}
    return world.synq.http.put(PATH, json=body)


def saved(world: World, **changes: object) -> Body:
    told: Body = accepted(put(world, **changes), 200)
    assert accepted(world.synq.get(PATH), 200) == told
    return told


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(771, "GET /api/v1/settings/tenant 200", PAGE)
@facts(773, "PUT /api/v1/settings/tenant 200 with the saved object", PAGE)
def _(house: House) -> None:
    told = saved(house.other)
    assert {name: told[name] for name in ALL} == ALL


@facts(772, "404 when never initialised", "code")
@facts(775, "PUT creates the record if absent", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        refused(world.synq.get(PATH), 404)
        assert saved(world)["costing_method"] == "FIFO"


@facts(774, "PUT by another role than ADMIN 403; any role may GET", PAGE)
def _(house: House) -> None:
    saved(house.other)
    for role in ("EDITOR", "VIEWER", "MEMBER"):
        member = house.member(role, house.other)
        assert accepted(member.get(PATH), 200)["default_low_stock_threshold"] == 7
        refused(member.http.put(PATH, json=ALL), 403)


@facts(776, "all four are replaced", PAGE)
@facts(778, "inventory_allocation_model absent or empty -> HARD", "page guides/settings")
@facts(782, "default_low_stock_threshold absent -> 0", "code")
@facts(784, "costing_method absent or empty -> WAC", "code")
def _(house: House) -> None:
    defaults = {
        "inventory_allocation_model": "HARD", "auto_po_enabled": False,
        "default_low_stock_threshold": 0, "costing_method": "WAC",
    }  # fmt: skip
    for value in (..., None):
        saved(house.other)
        told = saved(house.other, **dict.fromkeys(ALL, value))
        assert {name: told[name] for name in ALL} == defaults
    assert saved(house.other, inventory_allocation_model="", costing_method=" ")["id"]


@facts(
    777,
    "inventory_allocation_model is HARD or SOFT, else 400",
    "page api/settings, guides/settings",
)
@facts(783, "costing_method is WAC or FIFO, else 400", PAGE)
def _(house: House) -> None:
    for name, words in (
        ("inventory_allocation_model", ("SOFT", "HARD")), ("costing_method", ("WAC", "FIFO")),
    ):  # fmt: skip
        for word in words:
            assert saved(house.other, **{name: word})[name] == word
        for wrong in ("FIRM", 5, True):
            refused(put(house.other, **{name: wrong}), 400, name)


@facts(779, "words are trimmed and upper-cased", "code")
def _(house: House) -> None:
    told = saved(house.other, inventory_allocation_model=" soft ", costing_method="fifo")
    assert (told["inventory_allocation_model"], told["costing_method"]) == ("SOFT", "FIFO")


@facts(780, "auto_po_enabled: a draft purchase order when stock is at or below the threshold", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        saved(world, default_low_stock_threshold=3, inventory_allocation_model="HARD")
        variant = str(uuid.uuid4())
        accepted(world.synq.adjust(variant, 5), 200)
        line = world.synq_line(0, quantity=2) | {"variant_id": variant}
        assert world.synq_created(reference(), items=[line])["status"] == "confirmed"

        def drafted() -> list[Any] | None:
            return accepted(world.native.send("GET", "/purchase-orders"), 200)["data"] or None

        [draft] = eventually(drafted, "a purchase order is drafted")
        assert (draft["state"], draft["variant_id"], draft["quantity"]) == ("draft", variant, 3)
        events = accepted(world.native.send("GET", "/events?types=stock.low"), 200)["data"]
        assert [one["body"]["free"] for one in events] == [3]
        theirs = accepted(house.other.native.send("GET", "/purchase-orders"), 200)["data"]
        assert variant not in [one["variant_id"] for one in theirs]


@facts(781, "default_low_stock_threshold is an integer from 0, else 400", PAGE)
def _(house: House) -> None:
    for number in (0, 10**9, 5.0):
        assert saved(house.other, default_low_stock_threshold=number)
    for wrong in (-1, 1.5, "5", True, 10**9 + 1):
        told = put(house.other, default_low_stock_threshold=wrong)
        refused(told, 400, "default_low_stock_threshold")


IDS: list[tuple[object, ...]] = [("id, org_id, tenant_id",), ("updated_by",)]


@facts.each(785, IDS, "{} UUID, read-only", PAGE)
def _(house: House, members: str) -> None:
    told = saved(house.other, id="x", org_id="x", tenant_id="x", updated_by="x", version=9)
    for member in members.split(", "):
        assert str(uuid.UUID(told[member])) == told[member]


@facts(787, "created_at, updated_at ISO 8601", PAGE)
def _(house: House) -> None:
    told = saved(house.other)
    for member in ("created_at", "updated_at"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", told[member])


@facts(788, "every update is audited with the acting user, and holds for what follows", PAGE)
def _(house: House) -> None:
    native = house.other.native
    last = accepted(native.send("GET", "/events?types=settings.updated&limit=200"), 200)["last"]
    told = saved(house.other)
    path = f"/events?types=settings.updated&after={last}"
    [event] = accepted(native.send("GET", path), 200)["data"]
    assert (event["subject"]["id"], event["body"]) == (told["id"], ALL)
    assert event["actor"] == {"kind": "key", "id": told["updated_by"]}
