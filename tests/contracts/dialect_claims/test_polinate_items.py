"""Claims of docs/dialects/polinate.md on items."""

from __future__ import annotations

from decimal import Decimal

from tests.contracts.facts import House
from tests.contracts.facts.polinate_items import (
    ITEMS,
    VARIANT,
    handle,
    made,
    patch,
    patched,
    post,
    refused,
    shown,
    sku,
)

from entrepot.testing.clients import Body


def test_what_items_refuse(house: House) -> None:
    taken_handle, taken_sku = handle(), sku()
    first = made(house, VARIANT | {"sku": taken_sku}, handle=taken_handle)
    new: Body = {"item": {"name": "Other"}, "variants": [VARIANT]}
    same_handle = new | {"item": {"name": "Other", "handle": taken_handle}}
    refused(post(house, same_handle), 409, "item.handle")
    refused(post(house, new | {"variants": [VARIANT | {"sku": taken_sku}]}), 409, "variants[0].sku")
    for wrong, field in (
        ({"price": -1}, "price"), ({"price": "x"}, "price"), ({"price": None}, "price"),
        ({"price": 1.00001}, "price"), ({"currency": "AUX"}, "currency"), ({"cost": True}, "cost"),
        ({"weight": 1e300}, "weight"), ({"sequence": 0}, "sequence"),
        ({"properties": 5}, "properties"),
    ):  # fmt: skip
        refused(post(house, new | {"variants": [VARIANT | wrong]}), 400, field)
    for word in ("DELETED", "SOLD"):
        refused(post(house, new | {"item": {"name": "Other", "status": word}}), 400, "status")
    refused(patch(house, first["id"], {"colour": "red"}), 400, "knows only")
    refused(patch(house, first["id"], {"name": "x"}, **{"If-Match": '"0-0"'}), 412)
    tag = house.world.polinate.get(f"{ITEMS}/{first['id']}").headers["etag"]
    changed = patch(house, first["id"], {"name": "x"}, **{"If-Match": tag})
    assert changed.headers["etag"] != tag
    viewer = house.other.polinate.http.patch(f"{ITEMS}/{first['id']}", json={"name": "Mine"})
    refused(viewer, 404)
    gone = patched(house, first["id"], status="DELETED")
    assert (gone["variants"], gone["handle"]) == ([], taken_handle)
    refused(patch(house, first["id"], {"status": "ACTIVE"}), 409)
    # Both names are free again.
    made(house, VARIANT | {"sku": taken_sku}, handle=taken_handle)


def test_what_an_item_shows_may_come_back(house: House) -> None:
    item = shown(house, made(house)["id"])
    answer = patch(house, item["id"], _plain(item) | {"colour": "red"})
    assert answer.status_code == 200
    assert shown(house, item["id"]) == item
    assert "colour" in answer.headers["warning"]
    assert "handle" not in answer.headers["warning"]


def _plain(value: Body) -> Body:
    """The item as a client without exact decimals has it."""
    return {
        name: float(one) if isinstance(one, Decimal) else one
        for name, one in value.items()
        if name != "variants"
    }
