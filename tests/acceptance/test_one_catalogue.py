"""One catalogue behind all dialects: what one of them makes, the others sell and show."""

from __future__ import annotations

import uuid

from entrepot.testing.clients import Body, World, accepted, konvo_order, order_number

PIM = "/api/v1/pim/products"


def on_shelf(world: World, variant_id: str) -> tuple[object, object]:
    """What is on hand and reserved of a variant, at the organization's first location."""
    listed = accepted(world.native.send("GET", f"/stock?variant_id={variant_id}"), 200)
    [shelf] = [one for one in listed["data"] if one["location_id"] == world.synq.location_id]
    return shelf["on_hand"], shelf["reserved"]


def item_of(line: Body) -> object:
    """The item that a line of Polinate's is of."""
    return line["itemListEntry"]["itemVariant"]["itemId"]


def test_one_catalogue(world: World) -> None:
    """A product of Synq, its stock adjusted, is sold by Polinate and named by Konvo's lines."""
    sku = f"MUG-{uuid.uuid4().hex[:8]}"
    synq = world.synq.http
    product = accepted(synq.post(PIM, json={"title": "Blue mug"}))
    told = {"sku": sku, "price": 12.5, "currency": "EUR"}
    variant = accepted(synq.post(f"{PIM}/{product['id']}/variants", json=told), 200)
    shelf = {"variant_id": variant["id"], "location_id": world.synq.location_id}
    accepted(synq.post("/api/v1/inventory/adjust", json=shelf | {"quantity_delta": 10}), 200)
    assert on_shelf(world, variant["id"]) == (10, 0)

    line = {"itemVariantId": f"var_{order_number(variant['id'])}", "quantity": 3}
    made = world.polinate.create(world.polinate_order(orderItems=[line]))
    world.synq.until(str(uuid.UUID(order_number(made["id"]))), "confirmed")
    [sold] = world.polinate.order(made["id"])["orderItems"]
    assert item_of(sold) == f"itm_{order_number(product['id'])}"
    assert sold["price"] == "12.5"
    assert on_shelf(world, variant["id"]) == (10, 3)

    item = konvo_order()["items"][0] | {"id": variant["id"], "sku": sku}
    order = world.konvo_created(status="paid", items=[item])
    [named] = world.polinate.order(f"ord_{order_number(order['id'])}")["orderItems"]
    assert item_of(named) == item_of(sold)

    # Once the product is deleted no new order names its variant, and those that have it keep it.
    assert synq.delete(f"{PIM}/{product['id']}").status_code == 204
    again = world.polinate.post(world.polinate_order(orderItems=[line]))
    assert again.status_code == 400, again.text
    assert world.polinate.order(made["id"])["orderItems"] == [sold]


def test_what_an_order_names_first_is_a_product_of_synq(world: World) -> None:
    sku = f"CUP-{uuid.uuid4().hex[:8]}"
    item = konvo_order()["items"][0] | {"id": sku, "sku": sku, "name": "A new cup", "price": 900}
    world.konvo_created(status="paid", items=[item])
    [newest, *_] = accepted(world.synq.get(PIM), 200)
    assert newest["title"] == "A new cup"
    product = accepted(world.synq.get(f"{PIM}/{newest['id']}"), 200)
    [variant] = product["variants"]
    assert (variant["sku"], variant["price"], variant["currency"]) == (sku, "9.00", "EUR")
    told = world.synq.http.put(f"{PIM}/{newest['id']}", json={"description": "Blue."})
    assert accepted(told, 200)["description"] == "Blue."
    shown = accepted(world.native.send("GET", f"/variants/{variant['id']}"), 200)
    assert shown["sku"] == sku
