"""Facts 912 to 932: Synq's bulk jobs, export, validation and figures of products."""

from __future__ import annotations

import base64
import json
import uuid

import httpx
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import Body, World, accepted, assert_envelope
from entrepot.testing.server import eventually

facts = Facts("synq bulk jobs")
PAGE = "page guides/bulk-operations"
PATH, PRODUCTS = "/api/v1/pim/bulk-jobs", "/api/v1/pim/products"


def post(world: World, path: str = PATH, **body: object) -> httpx.Response:
    return world.synq.http.post(path, json=body)


def asked(world: World, job_type: str, payload: object) -> Body:
    told: Body = accepted(post(world, job_type=job_type, payload=payload), 200)
    return told


def over(world: World, job: Body) -> Body:
    """The job once it is over."""

    def ended() -> Body | None:
        found: Body = accepted(world.synq.get(f"{PATH}/{job['id']}"), 200)
        return found if found["status"] in ("COMPLETED", "FAILED") else None

    return eventually(ended, "the job is over", 120)


def listed(world: World, **query: str) -> list[Body]:
    found: list[Body] = accepted(world.synq.get(PATH, **query), 200)
    return found


def product(world: World, **body: object) -> Body:
    told: Body = accepted(post(world, PRODUCTS, **({"title": uuid.uuid4().hex} | body)))
    return told


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(912, "GET /api/v1/pim/bulk-jobs", PAGE)
@facts(913, "GET ?type=, BULK_UPDATE by default", PAGE)
@facts(914, "jobs come newest first", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        told = [asked(world, "BULK_UPDATE", [])["id"] for _ in range(3)]
        other = asked(world, "BULK_DELETE", [])["id"]
        assert [one["id"] for one in listed(world)] == told[::-1]
        assert [one["id"] for one in listed(world, type="BULK_DELETE")] == [other]
        assert listed(world, type="BULK_IMPORT") == []
        assert [one["id"] for one in listed(world, limit="1", after=told[2])] == [told[1]]
        refused(world.synq.get(PATH, type="BULK"), 400, "type")


@facts(915, "BULK_IMPORT makes products", PAGE)
@facts(922, "PENDING, PROCESSING, COMPLETED", PAGE)
@facts(924, "total_items, processed_items", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        items = [
            {"title": f"Mug {at}", "variants": [{"sku": f"MUG-{at}", "price": 8.5}]}
            for at in range(120)
        ]
        job = asked(world, "BULK_IMPORT", items)
        assert (job["status"], job["total_items"], job["processed_items"]) == ("PENDING", 120, 0)
        job = over(world, job)
        assert (job["status"], job["total_items"], job["processed_items"]) == (
            "COMPLETED",
            120,
            120,
        )
        assert (job["failed_items"], job["errors"]) == (0, [])
        made = accepted(world.synq.get(PRODUCTS), 200)
        assert {one["title"] for one in made} <= {one["title"] for one in items}
        assert len(made) == 100


@facts(916, "BULK_UPDATE changes products", PAGE)
def _(house: House) -> None:
    products = [product(house.world) for _ in range(3)]
    items = [{"id": one["id"], "description": "Blue."} for one in products]
    job = over(house.world, asked(house.world, "BULK_UPDATE", {"items": items}))
    assert (job["status"], job["failed_items"]) == ("COMPLETED", 0)
    for one in products:
        found = accepted(house.world.synq.get(f"{PRODUCTS}/{one['id']}"), 200)
        assert found["description"] == "Blue."


@facts(917, "BULK_DELETE deletes products", PAGE)
@facts(925, "a job is asked for until it is over", PAGE)
def _(house: House) -> None:
    products = [product(house.world) for _ in range(2)]
    items: list[object] = [products[0]["id"], {"id": products[1]["id"]}]
    job = over(house.world, asked(house.world, "BULK_DELETE", items))
    assert (job["status"], job["processed_items"]) == ("COMPLETED", 2)
    for one in products:
        assert house.world.synq.get(f"{PRODUCTS}/{one['id']}").status_code == 404


@facts(918, "job_type is one of the three", PAGE)
def _(house: House) -> None:
    for wrong in ("BULK", "", None, 7):
        refused(post(house.world, job_type=wrong, payload=[]), 400, "job_type")
    refused(post(house.world, payload=[]), 400, "job_type")


@facts(919, "payload is JSON, else 400", PAGE)
@facts(920, "payload is base64 text of JSON", "code")
def _(house: House) -> None:
    world, one = house.world, product(house.world)
    item = [{"id": one["id"], "description": "by base64"}]
    text = base64.b64encode(json.dumps(item).encode()).decode()
    job = over(world, asked(world, "BULK_UPDATE", text))
    assert job["status"] == "COMPLETED"
    found = accepted(world.synq.get(f"{PRODUCTS}/{one['id']}"), 200)
    assert found["description"] == "by base64"
    no_json = base64.b64encode(b"{no json").decode()
    for wrong in ("no base64!", no_json, ""):
        refused(post(world, job_type="BULK_UPDATE", payload=wrong), 400, "payload")
    refused(post(world, job_type="BULK_UPDATE"), 400, "payload")
    body = b'{"job_type": "BULK_UPDATE", "payload": {]}'
    headers = {"Content-Type": "application/json"}
    refused(world.synq.http.post(PATH, content=body, headers=headers), 400)
    many = [one["id"]] * 10_001
    refused(post(world, job_type="BULK_DELETE", payload=many), 400, "payload")


@facts(921, "POST answers 200 with the job, which is PENDING", PAGE)
def _(house: House) -> None:
    job = asked(house.world, "BULK_DELETE", [str(uuid.uuid4())])
    assert job["status"] == "PENDING"
    assert str(uuid.UUID(job["id"])) == job["id"]


@facts(923, "FAILED", PAGE)
def _(house: House) -> None:
    strange = [str(uuid.uuid4()), "mug", {"no": "id"}, 7]
    job = over(house.world, asked(house.world, "BULK_DELETE", strange))
    assert (job["status"], job["processed_items"], job["failed_items"]) == ("FAILED", 4, 4)
    assert [one["item"] for one in job["errors"]] == [0, 1, 2, 3]
    assert all(one["error"] for one in job["errors"])
    # Some items failed, and the others were done: the job is completed, and names what failed.
    mixed = [{"title": uuid.uuid4().hex}, {"title": ""}]
    job = over(house.world, asked(house.world, "BULK_IMPORT", mixed))
    assert (job["status"], job["failed_items"]) == ("COMPLETED", 1)
    assert "title" in job["errors"][0]["error"]


@facts(926, "POST /api/v1/pim/export 202 {status: success, message}", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        told = accepted(post(world, "/api/v1/pim/export"), 202)
        assert told["status"] == "success"
        assert "GET /api/v1/pim/export" in told["message"]
        assert accepted(world.synq.get("/api/v1/pim/export"), 200) == []
        made = [product(world) for _ in range(3)]
        assert world.synq.http.delete(f"{PRODUCTS}/{made[1]['id']}").status_code == 204
        assert accepted(world.synq.get("/api/v1/pim/export"), 200) == [made[0], made[2]]


@facts(927, "GET /api/v1/pim/validation: unresolved issues, newest first", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        bare = product(world)
        other = product(world)
        accepted(post(world, f"{PRODUCTS}/{other['id']}/variants", barcode="1"), 200)
        whole = product(world)
        accepted(post(world, f"{PRODUCTS}/{whole['id']}/variants", sku="WHOLE", price=1), 200)
        found = accepted(world.synq.get("/api/v1/pim/validation"), 200)
        assert [(one["product_id"], one["code"]) for one in found] == [
            (other["id"], "VARIANT_WITHOUT_PRICE"), (other["id"], "VARIANT_WITHOUT_SKU"),
            (bare["id"], "PRODUCT_WITHOUT_VARIANT"),
        ]  # fmt: skip
        assert accepted(world.synq.get("/api/v1/pim/validation"), 200) == found
        accepted(post(world, f"{PRODUCTS}/{bare['id']}/variants", sku="BARE", price=1), 200)
        left = accepted(world.synq.get("/api/v1/pim/validation"), 200)
        assert {one["product_id"] for one in left} == {other["id"]}


@facts(928, "GET /api/v1/pim/stats: all products", "code")
@facts(929, "stats: variants whose stock is low, 1 to 19 units", "code")
@facts(930, "stats: variants that are out of stock", "code")
@facts(931, "stats: what the inventory is worth", "code")
@facts(932, "stats: the five products of which there is least", "code")
def _(house: House) -> None:
    with house.fresh() as world:
        location, ids, titles = str(uuid.uuid4()), [], []
        for at, on_hand in enumerate((0, 1, 19, 20, 30, 40, 50)):
            one = product(world)
            body = {"sku": f"S-{at}", "price": 2.5, "currency": "EUR"}
            variant = accepted(post(world, f"{PRODUCTS}/{one['id']}/variants", **body), 200)
            shelf = {"variant_id": variant["id"], "location_id": location}
            told = post(world, "/api/v1/inventory/adjust", **shelf, quantity_delta=on_hand)
            assert told.status_code == 200, told.text
            ids.append(one["id"])
            named = {"variant_name": "Small", "name": "Another name"}
            accepted(world.native.send("PATCH", f"/variants/{variant['id']}", named), 200)
            titles.append(one["title"])
        gone = product(world)["id"]
        assert world.synq.http.delete(f"{PRODUCTS}/{gone}").status_code == 204
        stats = accepted(world.synq.get("/api/v1/pim/stats"), 200)
        # A shelf of the organization that was there before any product has no stock.
        assert stats["total_products"] >= 7
        assert (stats["low_stock_count"], stats["out_of_stock_count"]) == (2, 1)
        assert stats["inventory_value"] == [{"currency": "EUR", "amount": 400}]
        assert [one["product_id"] for one in stats["lowest_stock"]] == ids[:5]
        assert [one["title"] for one in stats["lowest_stock"]] == titles[:5]
        assert [one["quantity"] for one in stats["lowest_stock"]] == [0, 1, 19, 20, 30]
        assert stats["complete"] is True
