"""Facts 613 to 631: Polinate's price lists. No page shows a body: the bodies are our choice."""

from __future__ import annotations

import uuid
from typing import Any

from tests.acceptance.test_price_lists import buyer, ordered, prices, pricing, trade, var, variant
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import Body, World, accepted, assert_envelope, neighbour

CREATE = "page pricing/create-a-price-list-and-entries"
GUIDE = "page guides/pricing"
facts = Facts("polinate pricing")


def shop(house: House) -> World:
    """An organization with two variants, at 10.00 and 20.00 EUR."""
    known: World | None = getattr(house, "wholesale", None)
    if known is None:
        known = house.enter(neighbour(house.server, "Wholesale"))
        known.variants = [variant(known, f"{n}0.00") for n in (1, 2)]
        house.wholesale = known  # type: ignore[attr-defined]
    return known


def line(world: World, number: int = 0, **more: Any) -> Body:
    return {"itemVariantId": var(world.variants[number]), "quantity": 1} | more


def refused(world: World, body: Body, field: str) -> None:
    answer = pricing(world, body)
    assert answer.status_code == 400, answer.text
    assert_envelope("polinate", answer, field)


def entries(world: World) -> list[Body]:
    return [{"itemVariantId": var(world.variants[0]), "price": "8.00"}]


@facts(613, "POST /api/v1/pricing makes a list with one or more entries", CREATE)
def _(house: House) -> None:
    world = shop(house)
    made = trade(world)
    assert len(made["entryIds"]) == 2
    refused(world, {"itemList": {"name": "x"}, "entries": []}, "entries")


@facts(614, "partnerships are optional", CREATE)
def _(house: House) -> None:
    world = shop(house)
    accepted(pricing(world, {"itemList": {"name": "x"}, "entries": entries(world)}))


@facts(615, "a repeated Idempotency-Key gives the first result", CREATE)
def _(house: House) -> None:
    world, key = shop(house), uuid.uuid4().hex
    body = {"itemList": {"name": "x"}, "entries": entries(world)}
    assert pricing(world, body, key).content == pricing(world, body, key).content


@facts(616, "an unknown variant is refused", GUIDE)
def _(house: House) -> None:
    unknown = [{"itemVariantId": "var_" + "0" * 32, "price": "1"}]
    refused(shop(house), {"itemList": {"name": "x"}, "entries": unknown}, "itemVariantId")


@facts(617, "an unknown partnership is refused", GUIDE)
def _(house: House) -> None:
    world = shop(house)
    body = {"itemList": {"name": "x"}, "entries": entries(world),
            "partnershipIds": ["prt_" + "0" * 32]}  # fmt: skip
    refused(world, body, "partnershipIds")


@facts(618, "a list has a supplier as its owner", GUIDE)
def _(house: House) -> None:
    made = trade(shop(house))
    theirs = {"itemListEntryId": made["entryIds"][0], "quantity": 1}
    answer = ordered(house.world, [theirs], None)
    assert answer.status_code == 400
    assert_envelope("polinate", answer, "itemListEntryId")


@facts(619, "an entry points at one variant and overrides its price and currency", GUIDE)
def _(house: House) -> None:
    world = shop(house)
    entry = entries(world)[0] | {"price": "9.00", "currency": "USD"}
    made = accepted(pricing(world, {"itemList": {"name": "US"}, "entries": [entry]}))
    named = {"itemListEntryId": made["entryIds"][0], "quantity": 1}
    [shown] = accepted(ordered(world, [named], None))["orderItems"]
    assert (shown["price"], shown["currency"]) == ("9.00", "USD")
    assert shown["itemListEntry"]["itemVariantId"] == var(world.variants[0])


@facts(620, "for an assigned partnership the list's prices beat the variant's own", GUIDE)
def _(house: House) -> None:
    world, one = shop(house), buyer(shop(house))["partnershipId"]
    trade(world, one)
    assert prices(world, one)[0] == "8.00"


@facts(621, "a percentage is an adjustment of all entries", GUIDE)
def _(house: House) -> None:
    world, one = shop(house), buyer(shop(house))["partnershipId"]
    trade(world, one, percentageAdjustment=-25)
    assert prices(world, one) == ["6.00", "15.00"]


@facts(622, "a partnership has at most one list", GUIDE)
def _(house: House) -> None:
    world, made = shop(house), buyer(shop(house))
    trade(world, made["partnershipId"])
    second = trade(world, made["partnershipId"], percentageAdjustment=-50)
    shown = accepted(world.polinate.get(f"/api/v1/buyers/{made['phantomId']}"), 200)
    assert shown["itemListId"] == second["itemListId"]
    assert prices(world, made["partnershipId"]) == ["4.00", "10.00"]


@facts(623, "variants and partnerships have to exist beforehand: nothing is made otherwise", GUIDE)
def _(house: House) -> None:
    world, made = shop(house), buyer(shop(house))
    body = {"itemList": {"name": "x"}, "entries": entries(world),
            "partnershipIds": [made["partnershipId"], "prt_" + "0" * 32]}  # fmt: skip
    refused(world, body, "partnershipIds[1]")
    assert prices(world, made["partnershipId"])[0] == "10.00"


@facts(624, "a new buyer has the supplier's default list", GUIDE)
def _(house: House) -> None:
    world, (one, two) = shop(house), (buyer(shop(house)) for _ in range(2))
    shown = [accepted(world.polinate.get(f"/api/v1/buyers/{b['phantomId']}"), 200)
             for b in (one, two)]  # fmt: skip
    assert shown[0]["itemListId"] == shown[1]["itemListId"] is not None


@facts(625, "the default list has no percentage", GUIDE)
@facts(626, "on the default list the variant's own price applies", GUIDE)
def _(house: House) -> None:
    world = shop(house)
    assert prices(world, buyer(world)["partnershipId"]) == ["10.00", "20.00"]


@facts(627, "a new variant is on the default list", GUIDE)
def _(house: House) -> None:
    world = shop(house)
    made = variant(world, "3.00")
    order = accepted(ordered(world, [{"itemVariantId": var(made), "quantity": 1}], None))
    entry = order["orderItems"][0]["itemListEntryId"]
    named = accepted(ordered(world, [{"itemListEntryId": entry, "quantity": 1}], None))
    assert named["orderItems"][0]["price"] == "3.00"


@facts(628, "a list that is assigned takes the default list out of play", GUIDE)
def _(house: House) -> None:
    world, made = shop(house), buyer(shop(house))
    listed = trade(world, made["partnershipId"])
    order = accepted(ordered(world, [line(world)], made["partnershipId"]))
    assert order["orderItems"][0]["itemListEntryId"] == listed["entryIds"][0]


@facts(
    629, "a list can carry tax, cost and branching too", GUIDE,
    ours="no page says how they are sent; a member that is not known is refused, not dropped",
)  # fmt: skip
def _(house: House) -> None:
    world = shop(house)
    taxed = [entries(world)[0] | {"cost": "5.00"}]
    refused(world, {"itemList": {"name": "x"}, "entries": taxed}, "cost")


@facts(
    630, "a list that is fetched shows its entries under their items", GUIDE,
    ours="no operation that fetches a list is published; the answer has the entries' ids",
)  # fmt: skip
def _(house: House) -> None:
    made = trade(shop(house))
    answer = shop(house).polinate.get(f"/api/v1/pricing/{made['itemListId']}")
    assert answer.status_code == 404


@facts(631, "the id of a list begins with list_", "page buyers/get-a-buyer-by-id")
def _(house: House) -> None:
    assert trade(shop(house))["itemListId"].startswith("list_")
