"""Facts 471 to 533: Polinate's items and their variants."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import cache
from typing import Any

import httpx
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import Body, accepted, assert_envelope

facts = Facts("polinate items")
ITEMS = "/api/v1/items"
GET, UPDATE = "page items/get", "page items/update"
GUIDE, IDEMPOTENCY, PRICING = "page guides/items", "page guides/idempotency", "page guides/pricing"
VARIANT: Body = {
    "variantName": "Small", "currency": "AUD", "price": 9.99, "cost": 4.5, "weight": 0.25,
    "unitOfMeasure": "kg", "barcode": "4006381333931", "length": 10, "width": 5.5, "height": 2,
}  # fmt: skip
ITEM: Body = {
    "name": "Widget", "type": "OTHER", "status": "ACTIVE", "description": "A widget",
    "imgUrl": "https://example.org/w.png", "customType": "gadget", "brand": "Acme",
    "vendorName": "Acme Ltd", "properties": {"erp": {"no": 7}},
}  # fmt: skip


def handle() -> str:
    return f"widget-{uuid.uuid4().hex[:12]}"


def sku() -> str:
    return f"W-{uuid.uuid4().hex[:12]}"


def post(house: House, body: Body, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return house.world.polinate.http.post(ITEMS, json=body, headers=headers)


def patch(house: House, item_id: str, body: Body, **headers: str) -> httpx.Response:
    return house.world.polinate.http.patch(f"{ITEMS}/{item_id}", json=body, headers=headers)


def made(house: House, *variants: Body, **item: object) -> Body:
    told = {"handle": handle(), **ITEM, **item}
    given = list(variants) or [VARIANT | {"sku": sku()}]
    answer: Body = accepted(post(house, {"item": told, "variants": given}))
    return answer


def shown(house: House, item_id: str) -> Body:
    item: Body = accepted(house.world.polinate.get(f"{ITEMS}/{item_id}"), 200)
    return item


def patched(house: House, item_id: str, **body: object) -> Body:
    item: Body = accepted(patch(house, item_id, body), 200)
    return item


def refused(answer: httpx.Response, status: int, field: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("polinate", answer, field)


@cache
def sample(house: House) -> Body:
    """An item with two variants, as it is read."""
    first = VARIANT | {"sku": sku()}
    return shown(house, made(house, first, VARIANT | {"variantName": "Large"})["id"])


MEMBERS: list[tuple[object, ...]] = [
    ("id", str), ("name", str), ("handle", str), ("description", str), ("imgUrl", str),
    ("customType", str), ("brand", str), ("vendorName", str), ("type", str), ("status", str),
    ("properties", dict), ("createdAt", str), ("updatedAt", str), ("deletedAt", type(None)),
    ("variants", list),
]  # fmt: skip


@facts.each(471, MEMBERS, "Item.{0}", GET)
def _(house: House, member: str, type_: type) -> None:
    item = sample(house)
    assert isinstance(item[member], type_)
    assert ITEM.get(member, item[member]) == item[member]
    bare = accepted(post(house, {"item": {"name": "Bare"}, "variants": [_bare()]}))
    told = shown(house, bare["id"])
    if member in ("description", "imgUrl", "customType", "brand", "vendorName"):
        assert told[member] is None
    if member == "handle":
        assert told["handle"] == told["id"], "an item without a handle is called by its id"


STATUSES: list[tuple[object, ...]] = [("ACTIVE",), ("DRAFT",), ("ARCHIVED",), ("DELETED",)]


@facts.each(486, STATUSES, "status {0}", UPDATE)
def _(house: House, word: str) -> None:
    item_id = made(house)["id"]
    told = patched(house, item_id, status=word)
    assert told["status"] == word
    assert (told["deletedAt"] is not None) == (word == "DELETED")
    assert shown(house, item_id) == told
    refused(patch(house, item_id, {"status": word.lower()}), 400, "status")


VARIANTS: list[tuple[object, ...]] = [
    ("id", str), ("itemId", str), ("variantName", str), ("sku", str), ("currency", str),
    ("price", Decimal), ("cost", Decimal), ("weight", Decimal), ("unitOfMeasure", str),
    ("sequence", int),
]  # fmt: skip


@facts.each(490, VARIANTS, "variant.{0}", GET)
def _(house: House, member: str, type_: type) -> None:
    item = sample(house)
    [first, second] = item["variants"]
    assert isinstance(first[member], type_)
    known = {"itemId": item["id"], "sequence": 1} | VARIANT
    wanted = known.get(member, first[member])
    assert first[member] == (Decimal(str(wanted)) if isinstance(wanted, float) else wanted)
    assert (second["sequence"], second["variantName"]) == (2, "Large")


@facts(500, "variants have barcodes", GUIDE)
@facts(502, "variants have dimensions", GUIDE)
def _(house: House) -> None:
    first = sample(house)["variants"][0]
    told = [first[name] for name in ("barcode", "length", "width", "height")]
    assert told == ["4006381333931", 10, Decimal("5.5"), 2]


def _bare() -> Body:
    return {"variantName": "Default", "currency": "AUD", "price": 12.34, "cost": 9.99}


@facts(501, "the sample's variantName, currency, price and cost are enough", IDEMPOTENCY)
@facts(503, "the body has an item and its variants", IDEMPOTENCY)
@facts(504, "the sample's name, handle, type and status", IDEMPOTENCY)
@facts(512, "price and cost are numbers", "page items/get, guides/idempotency")
@facts(513, "the item is nested under `item`", IDEMPOTENCY)
def _(house: House) -> None:
    item = {"name": "Widget", "handle": handle(), "type": "OTHER", "status": "ACTIVE"}
    told = shown(house, accepted(post(house, {"item": item, "variants": [_bare()]}))["id"])
    assert {name: told[name] for name in item} == item
    [variant] = told["variants"]
    assert (variant["price"], variant["cost"]) == (Decimal("12.34"), Decimal("9.99"))
    texts = _bare() | {"price": "12.34", "cost": "9.99"}
    both = {"item": item | {"handle": handle()}, "variants": [texts]}
    [same] = shown(house, accepted(post(house, both))["id"])["variants"]
    assert (same["price"], same["cost"]) == (variant["price"], variant["cost"])
    for wrong in (
        {**item, "variants": [_bare()]},
        {"item": {"handle": "x"}, "variants": [_bare()]},
    ):
        refused(post(house, wrong), 400)


@facts(505, "an item has at least one variant", GUIDE)
def _(house: House) -> None:
    for body in ({"item": ITEM}, {"item": ITEM, "variants": []}):
        refused(post(house, body), 400, "variants")


@facts(506, "the platform item has the id of its item", GUIDE)
@facts(509, "the answer's id is what GET and PATCH take", GUIDE)
def _(house: House) -> None:
    item_id = made(house)["id"]
    assert shown(house, item_id)["id"] == patched(house, item_id)["id"] == item_id
    assert shown(house, str(uuid.UUID(item_id.removeprefix("itm_"))))["id"] == item_id


def _ordered(house: House, variant_id: str) -> Body:
    """The line of an order of the variant, which names the entry of the list."""
    line = {"itemVariantId": variant_id, "quantity": 1}
    order = house.world.polinate.create(house.world.polinate_order((), orderItems=[line]))
    found: Body = order["orderItems"][0]
    return found


@facts(507, "new variants are put on the default item list", PRICING)
def _(house: House) -> None:
    item = made(house, VARIANT | {"currency": "EUR"})
    entries = set()
    for variant_id in item["variantIds"]:
        line = _ordered(house, variant_id)
        assert line["itemListEntry"]["itemVariantId"] == variant_id
        assert line["itemListEntry"]["itemVariant"]["itemId"] == item["id"]
        assert line["price"] == "9.99", "the entry of the default list has the variant's price"
        entries.add(line["itemListEntryId"])
        again = {"itemListEntryId": line["itemListEntryId"], "quantity": 1}
        house.world.polinate.create(house.world.polinate_order((), orderItems=[again]))
    assert len(entries) == 1


@facts(508, "success is true", GUIDE)
@facts(510, "variantIds in the order of the request", GUIDE)
def _(house: House) -> None:
    names = [f"No. {number}" for number in range(9, 0, -1)]
    item = made(house, *[VARIANT | {"variantName": name} for name in names])
    assert item["success"] is True
    by_id = {one["id"]: one["variantName"] for one in shown(house, item["id"])["variants"]}
    assert [by_id[one] for one in item["variantIds"]] == names


@facts(511, "a repeat under an Idempotency-Key makes no second item", "page items/create")
@facts(515, "createItem", "page items/create")
@facts(516, "getItem", GET)
def _(house: House) -> None:
    key, body = uuid.uuid4().hex, {"item": ITEM | {"handle": handle()}, "variants": [_bare()]}
    first, again = post(house, body, key), post(house, body, key)
    assert accepted(first) == accepted(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    refused(post(house, body | {"variants": [_bare()] * 2}, key), 409, "IDEMPOTENCY_KEY_REUSED")
    paths = house.world.polinate.get("/openapi/polinate.json").json()["paths"]
    told = [paths[ITEMS]["post"], paths[f"{ITEMS}/{{id}}"]["get"]]
    assert [one["operationId"] for one in told] == ["createItem", "getItem"]


@facts(514, "GET gives an item with its variants", GET)
@facts(517, "item ids have the prefix itm_", "page guides/items, items/get")
@facts(518, "variant ids have the prefix var_", "seed update, page items/get")
def _(house: House) -> None:
    item = made(house)
    told = shown(house, item["id"])
    assert [one["id"] for one in told["variants"]] == item["variantIds"]
    assert told["id"].startswith("itm_")
    assert told["variants"][0]["id"].startswith("var_")
    for unknown in (f"itm_{uuid.uuid4().hex}", "itm_123", str(uuid.uuid4())):
        refused(house.world.polinate.get(f"{ITEMS}/{unknown}"), 404)
    refused(house.other.polinate.get(f"{ITEMS}/{item['id']}"), 404)


ROOT: list[tuple[object, ...]] = [
    ("name", "Gadget"), ("description", None), ("imgUrl", "https://example.org/g.png"),
    ("customType", None), ("brand", "Other"), ("vendorName", None), ("status", "DRAFT"),
    ("properties", {"shop": {"id": "x"}}),
]  # fmt: skip


@facts.each(519, ROOT, "PATCH {0} at the root", UPDATE)
def _(house: House, member: str, value: Any) -> None:
    item_id = made(house)["id"]
    before = shown(house, item_id)
    after = patched(house, item_id, **{member: value})
    wanted = ITEM["properties"] | value if member == "properties" else value
    assert after == before | {member: wanted, "updatedAt": after["updatedAt"]}
    assert after["updatedAt"] > before["updatedAt"]
    assert patched(house, item_id, **{member: value}) == after


@facts(527, "createVariants", UPDATE)
@facts(528, "updateVariants", UPDATE)
@facts(529, "deleteVariants", UPDATE)
@facts(530, "PATCH answers the whole item", UPDATE)
def _(house: House) -> None:
    names = ("Small", "Large")
    item = made(house, *[VARIANT | {"variantName": name, "sku": sku()} for name in names])
    small, large = item["variantIds"]
    body: Body = {
        "createVariants": [VARIANT | {"variantName": "Huge"}],
        "updateVariants": [{"id": small, "price": 12, "weight": None}],
        "deleteVariants": [large],
    }
    after = patched(house, item["id"], **body)
    assert [one["variantName"] for one in after["variants"]] == ["Small", "Huge"]
    assert after["variants"][0]["price"] == 12
    assert "weight" not in after["variants"][0]
    assert shown(house, item["id"]) == after
    refused(patch(house, item["id"], {"updateVariants": [{"id": large}]}), 400, "updateVariants")
    refused(patch(house, item["id"], {"deleteVariants": ["var_1"]}), 400, "deleteVariants")
    refused(patch(house, item["id"], {"handle": "x"} | {"createVariants": [{}]}), 400)


@facts(531, "Idempotency-Key on PATCH", UPDATE)
def _(house: House) -> None:
    item_id, key = made(house)["id"], uuid.uuid4().hex
    body: Body = {"createVariants": [_bare() | {"variantName": "More"}]}
    first = patch(house, item_id, body, **{"Idempotency-Key": key})
    again = patch(house, item_id, body, **{"Idempotency-Key": key})
    assert accepted(first, 200) == accepted(again, 200)
    assert len(shown(house, item_id)["variants"]) == 2
    other = patch(house, item_id, {"name": "x"}, **{"Idempotency-Key": key})
    refused(other, 409, "IDEMPOTENCY_KEY_REUSED")


@facts(532, "every member of PATCH is optional", UPDATE)
def _(house: House) -> None:
    item_id = made(house)["id"]
    assert patched(house, item_id) == shown(house, item_id)


@facts(533, "the last variant of an item cannot be deleted", GUIDE)
def _(house: House) -> None:
    item = made(house)
    refused(patch(house, item["id"], {"deleteVariants": item["variantIds"]}), 409, "deleteVariants")
    swap = {"deleteVariants": item["variantIds"], "createVariants": [_bare()]}
    assert len(patched(house, item["id"], **swap)["variants"]) == 1
