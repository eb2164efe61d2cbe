"""Facts 864 to 886, 895, 908 to 911, 933, 934 and 936: Synq's products, variants and media."""

from __future__ import annotations

import re
import uuid

import httpx
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import Body, World, accepted, assert_envelope

facts = Facts("synq products")
PAGE, VARIANTS = "page guides/products", "page guides/variants"
SORTED = "page guides/categories-brands"
PATH = "/api/v1/pim/products"
RECORD = {
    "id", "org_id", "tenant_id", "title", "description", "status", "product_type_id", "created_by",
    "updated_by", "created_at", "updated_at", "deleted_at", "short_description",
    "long_description", "category", "brand", "tags", "launch_date", "discontinue_date",
    "warranty_period", "is_taxable", "is_returnable", "requires_serial_number", "seo_title",
    "seo_description", "seo_keywords", "data_quality_score",
}  # fmt: skip


def title() -> str:
    return f"Mug {uuid.uuid4().hex}"


def post(world: World, path: str = PATH, **body: object) -> httpx.Response:
    return world.synq.http.post(path, json=body)


def put(world: World, id_: str, **body: object) -> httpx.Response:
    return world.synq.http.put(f"{PATH}/{id_}", json=body)


def made(world: World, **body: object) -> Body:
    told: Body = accepted(post(world, **({"title": title()} | body)))
    return told


def got(world: World, id_: str) -> Body:
    told: Body = accepted(world.synq.get(f"{PATH}/{id_}"), 200)
    return told


def listed(world: World, path: str = PATH) -> list[Body]:
    found: list[Body] = accepted(world.synq.get(path), 200)
    return found


def with_variant(world: World, product_id: str, **body: object) -> Body:
    told: Body = accepted(post(world, f"{PATH}/{product_id}/variants", **body), 200)
    return told


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(864, "GET /api/v1/pim/products 200, a bare array", PAGE)
@facts(866, "a listed product has id, title, category, status, updated_at", PAGE)
def _(house: House) -> None:
    product = made(house.world, category="Mugs")
    [first, *_] = listed(house.world)
    assert first == {
        name: product[name] for name in ("id", "title", "category", "status", "updated_at")
    }
    assert first not in listed(house.other)


@facts(865, "GET gives 100 products at most", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        ids = [made(world)["id"] for _ in range(101)]
        assert [one["id"] for one in listed(world)] == ids[:0:-1]


@facts(867, "products come in the order of their last change, the latest first", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        first, second = made(world), made(world)
        accepted(put(world, first["id"], description="Blue."), 200)
        ids = [one["id"] for one in listed(world)]
        assert ids[:2] == [first["id"], second["id"]]


@facts(868, "POST: title is required", "page api/products")
def _(house: House) -> None:
    for body in ({}, {"title": ""}, {"title": "  "}, {"title": None}):
        refused(post(house.world, **body), 400, "title")


@facts(869, "POST: description and category are optional", "page api/products")
def _(house: House) -> None:
    bare = made(house.world)
    assert (bare["description"], bare["category"]) == (None, None)
    full = made(house.world, description="Blue.", category="Mugs")
    assert (full["description"], full["category"]) == ("Blue.", "Mugs")


@facts(870, "POST answers with the product, whose status is ACTIVE", "page api/products")
@facts(
    871, "POST answers 200", "code",
    ours="201: what is created is answered with 201 [page api/overview]",
)  # fmt: skip
def _(house: House) -> None:
    answer = post(house.world, title=title())
    assert answer.status_code == 201
    assert answer.json()["status"] == "ACTIVE"


@facts(872, "GET /api/v1/pim/products/{id} 200, the full record", "page api/products")
@facts(881, "the members of the record", "code")
def _(house: House) -> None:
    told = {
        "description": "Blue.", "category": "Mugs", "brand": "Acme", "short_description": "Short.",
        "long_description": "Long.", "tags": ["blue"], "launch_date": "2030-01-01",
        "discontinue_date": "2031-01-01", "warranty_period": 24, "is_taxable": True,
        "is_returnable": False, "requires_serial_number": False, "seo_title": "Blue mug",
        "seo_description": "A mug.", "seo_keywords": "mug, blue",
    }  # fmt: skip
    product = made(house.world, **told)
    found = got(house.world, product["id"])
    assert found == product
    assert set(found) >= RECORD
    assert {name: found[name] for name in told} == told
    assert str(uuid.UUID(found["id"])) == found["id"]
    assert found["org_id"] == house.world.synq.headers["X-Org-ID"]
    for member in ("created_at", "updated_at"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", found[member])


@facts(873, "an id that is no UUID: 400", "code")
def _(house: House) -> None:
    refused(house.world.synq.get(f"{PATH}/mug"), 400, "id")
    refused(put(house.world, "mug", title="x"), 400, "id")
    refused(house.world.synq.http.delete(f"{PATH}/mug"), 400, "id")
    refused(post(house.world, f"{PATH}/mug/variants", sku="x"), 400, "product_id")


@facts(874, "a missing or deleted product: 404", "code")
@facts(878, "DELETE answers 204", "code")
@facts(879, "a deleted product is kept, and shown no more", "code")
def _(house: House) -> None:
    world = house.world
    product, strange = made(world), str(uuid.uuid4())
    variant = with_variant(world, product["id"], sku=uuid.uuid4().hex, price=1)
    gone = world.synq.http.delete(f"{PATH}/{product['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for id_ in (product["id"], strange):
        refused(world.synq.get(f"{PATH}/{id_}"), 404)
        refused(put(world, id_, title="x"), 404)
        refused(world.synq.http.delete(f"{PATH}/{id_}"), 404)
        refused(post(world, f"{PATH}/{id_}/variants", sku=uuid.uuid4().hex), 404)
    assert product["id"] not in [one["id"] for one in listed(world)]
    # The SKU is free again.
    assert with_variant(world, made(world)["id"], sku=variant["sku"])["sku"] == variant["sku"]


@facts(875, "PUT: what is empty or absent stays as it is", "code")
@facts(877, "PUT answers 200 with the product", "code")
def _(house: House) -> None:
    product = made(house.world, description="Blue.", category="Mugs", tags=["a"])
    same = {"title": "", "description": None, "category": "", "tags": None}
    assert accepted(put(house.world, product["id"], **same), 200) == product
    told = title()
    changed = accepted(put(house.world, product["id"], title=told), 200)
    assert changed == product | {"title": told, "updated_at": changed["updated_at"]}
    assert got(house.world, product["id"]) == changed


@facts(876, "PUT takes category_id and brand_id", SORTED)
def _(house: House) -> None:
    world = house.world
    sorted_by = {}
    for noun in ("categories", "brands"):
        one = accepted(post(world, f"/api/v1/pim/{noun}", name=uuid.uuid4().hex))
        sorted_by[noun] = one
    category, brand = sorted_by["categories"], sorted_by["brands"]
    product = made(world)
    told = {"category_id": category["id"], "brand_id": brand["id"]}
    changed = accepted(put(world, product["id"], **told), 200)
    assert {name: changed[name] for name in told} == told
    assert (changed["category"], changed["brand"]) == (category["name"], brand["name"])
    assert made(world, **told)["category"] == category["name"]
    theirs = accepted(post(house.other, "/api/v1/pim/categories", name=uuid.uuid4().hex))
    for member, strange in (
        ("category_id", theirs["id"]), ("category_id", brand["id"]), ("brand_id", category["id"]),
        ("brand_id", str(uuid.uuid4())), ("category_id", "mugs"),
    ):  # fmt: skip
        refused(put(world, product["id"], **{member: strange}), 400, member)
        refused(post(world, title=title(), **{member: strange}), 400, member)


@facts(880, "/api/v1/products is the same as /api/v1/pim/products", "page api/products")
def _(house: House) -> None:
    world, alias = house.world, "/api/v1/products"
    product = accepted(post(world, alias, title=title()))
    assert accepted(world.synq.get(f"{alias}/{product['id']}"), 200) == product
    assert listed(world, alias) == listed(world)
    variant = accepted(post(world, f"{alias}/{product['id']}/variants", price=1), 200)
    assert variant["product_id"] == product["id"]
    changed = world.synq.http.put(f"{alias}/{product['id']}", json={"description": "x"})
    assert accepted(changed, 200)["description"] == "x"
    assert world.synq.http.delete(f"{alias}/{product['id']}").status_code == 204


@facts(882, "POST .../variants: sku, barcode, price, currency", VARIANTS)
@facts(883, "POST .../variants answers 200", VARIANTS)
def _(house: House) -> None:
    world, product = house.world, made(house.world)
    told = {"sku": uuid.uuid4().hex, "barcode": "4006381333931", "currency": "EUR"}
    variant = with_variant(world, product["id"], price=89.99, **told)
    assert {name: variant[name] for name in told} == told
    assert got(world, product["id"])["variants"] == [variant]
    other = made(world)["id"]
    refused(post(world, f"{PATH}/{other}/variants", sku=told["sku"]), 409, "SKU")
    for member, wrong in (("price", "89.99"), ("price", -1), ("price", 1.23456), ("sku", 7)):
        refused(post(world, f"{PATH}/{other}/variants", **{member: wrong}), 400, member)
    refused(post(world, f"{PATH}/{other}/variants", price=1, currency="EURO"), 400, "currency")


@facts(884, 'price is a number in the request and a text in the answer, "89.99"', VARIANTS)
def _(house: House) -> None:
    product = made(house.world)
    for told, shown in ((89.99, "89.99"), (12, "12"), (0.5, "0.5"), (None, None)):
        variant = with_variant(house.world, product["id"], price=told)
        assert variant["price"] == shown
        assert variant["currency"] == (None if told is None else "USD")


@facts(885, "a variant has id, org_id, tenant_id, product_id, sku, barcode, currency", VARIANTS)
@facts(886, "a variant has option_values, cost_price, data_quality_score", VARIANTS)
def _(house: House) -> None:
    product = made(house.world)
    told = {"cost_price": 3.5, "option_values": {"colour": "blue"}}
    variant = with_variant(house.world, product["id"], **told)
    assert str(uuid.UUID(variant["id"])) == variant["id"]
    assert variant["product_id"] == product["id"]
    for member in ("org_id", "tenant_id"):
        assert variant[member] == product[member]
    assert (variant["sku"], variant["barcode"]) == (None, None)
    assert (variant["cost_price"], variant["option_values"]) == ("3.5", {"colour": "blue"})
    assert variant["data_quality_score"] is None
    refused(post(house.world, f"{PATH}/{product['id']}/variants", option_values=[1]), 400, "option")


@facts(
    895, "deleting a category or a brand does not touch products", SORTED,
    ours="no page names a call that deletes one, and there is none",
)  # fmt: skip
def _(house: House) -> None:
    for noun in ("categories", "brands"):
        one = accepted(post(house.world, f"/api/v1/pim/{noun}", name=uuid.uuid4().hex))
        for path in (f"/api/v1/pim/{noun}", f"/api/v1/pim/{noun}/{one['id']}"):
            assert house.world.synq.http.delete(path).status_code in (404, 405)


MEDIA = "/api/v1/pim/media"
LINK = "https://cdn.example/mug.png"


def medium(world: World, **body: object) -> Body:
    told: Body = accepted(post(world, MEDIA, **({"url": LINK} | body)))
    return told


@facts(908, "POST /api/v1/pim/media: product_id, variant_id, url, alt_text, sort_order", "code")
def _(house: House) -> None:
    world, product = house.world, made(house.world)
    variant = with_variant(world, product["id"], price=1)
    told = {
        "product_id": product["id"], "variant_id": variant["id"], "url": LINK,
        "alt_text": "A mug.", "sort_order": 3,
    }  # fmt: skip
    one = medium(world, **told)
    assert {name: one[name] for name in told} == told
    other = made(world)
    for body, word in (
        ({}, "product_id"), ({"product_id": str(uuid.uuid4())}, "product_id"),
        ({"variant_id": str(uuid.uuid4())}, "variant_id"),
        ({"product_id": other["id"], "variant_id": variant["id"]}, "variant_id"),
        ({"product_id": product["id"], "url": "mug.png"}, "url"),
        ({"product_id": product["id"], "url": "javascript:alert(1)"}, "url"),
        ({"product_id": product["id"], "sort_order": -1}, "sort_order"),
    ):  # fmt: skip
        refused(post(world, MEDIA, **({"url": LINK} | body)), 400, word)
    refused(post(house.other, MEDIA, url=LINK, product_id=product["id"]), 400, "product_id")


@facts(909, "GET /api/v1/pim/media?product_id=", "code")
@facts(910, "GET ?variant_id=; with both, either matches", "code")
@facts(911, "media come by their sort_order", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        products = [made(world)["id"] for _ in range(2)]
        variant = with_variant(world, products[1], price=1)["id"]
        last = medium(world, product_id=products[0], sort_order=9)
        first = medium(world, product_id=products[0], sort_order=1)
        second = medium(world, variant_id=variant, sort_order=2)
        assert listed(world, MEDIA) == [first, second, last]
        query = f"?product_id={products[0]}"
        assert listed(world, f"{MEDIA}{query}") == [first, last]
        assert listed(world, f"{MEDIA}?variant_id={variant}") == [second]
        assert listed(world, f"{MEDIA}{query}&variant_id={variant}") == [first, second, last]
        refused(world.synq.get(f"{MEDIA}?product_id=mug"), 400, "product_id")


@facts(933, "GET /api/v1/pim/audit: the 100 newest events", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        for _ in range(101):
            made(world)
        found = listed(world, "/api/v1/pim/audit")
        assert [one["action"] for one in found] == ["PRODUCT_CREATED"] * 100
        product_id = found[0]["entity_id"]
        assert found[0]["entity_type"] == "PRODUCT"
        variant = with_variant(world, product_id, price=1)
        accepted(world.native.send("PATCH", f"/variants/{variant['id']}", {"price": "2"}), 200)
        accepted(put(world, product_id, description="x"), 200)
        assert world.synq.http.delete(f"{PATH}/{product_id}").status_code == 204
        found = listed(world, "/api/v1/pim/audit")[:4]
        assert [one["action"] for one in found[::-1]] == [
            "PRODUCT_UPDATED", "PRODUCT_PRICE_CHANGED", "PRODUCT_UPDATED", "PRODUCT_DELETED",
        ]  # fmt: skip
        assert {one["entity_id"] for one in found} == {product_id}


@facts(934, "an EDITOR reads and writes products", "page api/organization")
def _(house: House) -> None:
    for role, status in (("ADMIN", 201), ("EDITOR", 201), ("MEMBER", 201), ("VIEWER", 403)):
        member = house.member(role)
        answer = member.http.post(PATH, json={"title": title()})
        assert answer.status_code == status, role
        assert member.get(PATH).status_code == 200


@facts(936, "a product of another organization is unknown", "code")
def _(house: House) -> None:
    theirs = made(house.other)["id"]
    refused(house.world.synq.get(f"{PATH}/{theirs}"), 404)
    refused(put(house.world, theirs, title="x"), 404)
    refused(house.world.synq.http.delete(f"{PATH}/{theirs}"), 404)
    refused(post(house.world, f"{PATH}/{theirs}/variants", price=1), 404)
    assert got(house.other, theirs)["status"] == "ACTIVE"
