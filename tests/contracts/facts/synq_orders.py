"""Facts 345 to 430: Synq's order operations. Their credentials are in synq_access.py."""

from __future__ import annotations

import json
import re
import uuid
from decimal import Decimal

import httpx
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import polinate_id, reference

from entrepot.testing.clients import (
    ADJUST,
    SYNQ_ORDERS,
    Body,
    accepted,
    assert_envelope,
    at_once,
)

facts = Facts("synq orders")
WORDS = {
    "pending_payment", "payment_authorized", "confirmed", "processing", "partially_fulfilled",
    "fulfilled", "delivered", "completed", "return_requested", "partially_returned", "returned",
    "refunded", "partially_refunded", "cancelled", "failed",
}  # fmt: skip
MIB = 2**20
UUID = "00000000-0000-7000-8000-000000000000"
OPERATIONS = [
    ("GET", SYNQ_ORDERS),
    ("GET", f"{SYNQ_ORDERS}/{UUID}"),
    ("POST", SYNQ_ORDERS),
]


def refused(answer: httpx.Response, status: int = 400, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


def without(house: House, method: str, path: str, header: str, **changed: str) -> httpx.Response:
    headers = {k: v for k, v in house.world.synq.headers.items() if k != header} | changed
    body = house.world.synq_order() if method == "POST" else None
    return httpx.request(method, house.server.url + path, json=body, headers=headers)


def create(house: House, **changes: object) -> httpx.Response:
    body = house.world.synq_order(reference()) | changes
    return house.world.synq.create({k: v for k, v in body.items() if v is not ...})


def made(house: House, **changes: object) -> Body:
    order_id = accepted(create(house, **changes))["order_id"]
    return house.world.synq.until(order_id)


def _needs(first: int, header: str, status: int) -> None:
    for number, (method, path) in enumerate(OPERATIONS, first):
        shown = path.replace(UUID, "{orderID}")

        @facts(number, f"{method} {shown} needs {header}", "seed 004")
        def _(house: House, method: str = method, path: str = path) -> None:
            refused(without(house, method, path, header), status)


_needs(345, "Authorization", 401)
_needs(348, "X-Tenant-ID", 401)
_needs(351, "X-Org-ID", 401)


@facts.each(354, [("X-Tenant-ID",), ("X-Org-ID",)], "{} is a UUID", "seed 004")
def _(house: House, header: str) -> None:
    refused(without(house, "GET", SYNQ_ORDERS, header, **{header: "x"}), 403, header)


@facts(356, "GET list 200 {orders,limit,offset}", "seed 004")
@facts(357, "limit default 50", "seed 004")
@facts(359, "offset default 0", "seed 004")
def _(house: House) -> None:
    body = accepted(house.world.synq.get(SYNQ_ORDERS), 200)
    assert set(body) == {"orders", "limit", "offset"}
    assert (body["limit"], body["offset"]) == (50, 0)


@facts(358, "limit max 100", "seed 004")
def _(house: House) -> None:
    body = accepted(house.world.synq.get(SYNQ_ORDERS, limit=500), 200)
    assert body["limit"] == 100, "the answer says which limit was used"


@facts(360, "offset skips", "seed 004")
@facts(361, "limit and offset of the answer are those used", "seed 004")
@facts(402, "newest first", "code")
def _(house: House) -> None:
    ids = [made(house)["id"] for _ in range(4)][::-1]
    first = accepted(house.world.synq.get(SYNQ_ORDERS, limit=4), 200)
    assert [order["id"] for order in first["orders"]] == ids
    skipped = accepted(house.world.synq.get(SYNQ_ORDERS, limit=2, offset=1), 200)
    assert [order["id"] for order in skipped["orders"]] == ids[1:3]
    assert (skipped["limit"], skipped["offset"]) == (2, 1)


@facts(362, "scoped to tenant and organization", "seed 004")
@facts(394, "nothing crosses tenants: another's order is 404", "page concepts/multi-tenancy, code")
def _(house: House) -> None:
    order_id = made(house)["id"]
    other = house.other.synq
    assert order_id not in {order["id"] for order in other.orders()}
    foreign = other.get(f"{SYNQ_ORDERS}/{order_id}")
    unknown = other.get(f"{SYNQ_ORDERS}/{uuid.uuid4()}")
    refused(foreign, 404)
    assert foreign.content == unknown.content


@facts(363, "GET one by UUID 200", "seed 004")
@facts(364, "POST returns at once the UUID of the new order", "seed 004")
@facts(365, "status transitions are seen by polling", "seed 004")
@facts(382, "201 resource created", "page api/overview")
def _(house: House) -> None:
    order_id = accepted(create(house))["order_id"]
    assert str(uuid.UUID(order_id)) == order_id
    assert house.world.synq.order(order_id)["id"] == order_id
    assert house.world.synq.until(order_id)["status"] == "confirmed"


@facts(366, "validates, reserves inventory, processes payment in sequence", "seed 004")
def _(house: House) -> None:
    line = house.world.synq_line(0, quantity=1_000_000_000)
    order = made(house, items=[line])
    assert (order["status"], order["payment_status"]) == ("failed", None)


@facts(367, "idempotency_key required", "seed 004")
def _(house: House) -> None:
    for wrong in (..., "", None, 1):
        refused(create(house, idempotency_key=wrong), 400, "idempotency_key")


@facts(368, "same key: no second order", "seed 004")
@facts(369, "key may be a cart/session id", "seed 004")
@facts(396, "the caller gets the first request's result", "page guides/orders")
def _(house: House) -> None:
    body = house.world.synq_order(reference(), idempotency_key=f"cart_{uuid.uuid4().hex}")
    first, again = (house.world.synq.create(body) for _ in range(2))
    assert accepted(first) == accepted(again)
    assert again.headers["Idempotent-Replayed"] == "true"


@facts.each(
    370, [("payment_provider",), ("payment_reference",)], "{}", "seed 004, page guides/orders"
)
def _(house: House, member: str) -> None:
    for wrong in (..., ""):
        refused(create(house, **{member: wrong}), 400, member)


@facts.each(372, [("stripe",), ("adyen",), ("paypal",)], "payment provider {}", "seed 004")
def _(house: House, provider: str) -> None:
    assert made(house, payment_provider=provider)["payment_provider"] == provider


@facts(375, "customer UUID optional", "seed 004")
@facts(376, "customer UUID: a customer of the shop can be named", "seed 004")
def _(house: House) -> None:
    assert made(house)["status"] == "confirmed"
    customer = str(uuid.uuid4())
    for _ in range(2):
        assert made(house, customer_id=customer)["customer_id"] == customer


@facts(377, "currency defaults to USD", "seed 004")
@facts(378, "currency ISO 4217", "seed 004")
def _(house: House) -> None:
    assert made(house, currency=...)["currency"] == "USD"
    refused(create(house, currency="XQQ"), 400, "currency")


@facts(379, "channel is kept", "seed 004")
@facts(380, "source platform optional, kept", "seed 004")
def _(house: House) -> None:
    order = made(house, channel="web-storefront", source_platform="shopify")
    assert (order["channel"], order["source_platform"]) == ("web-storefront", "shopify")
    assert made(house, source_platform=...)["status"] == "confirmed"


@facts(381, "array of line items", "seed 004")
@facts(425, "items min 1; title not empty; quantity>0; unit_price>=0", "code")
def _(house: House) -> None:
    line = house.world.synq_line(0)
    for wrong in ({}, "x", [], ...):
        refused(create(house, items=wrong), 400, "items")
    for member, value in (("product_title", ""), ("quantity", 0), ("unit_price", -1)):
        refused(create(house, items=[line | {member: value}]), 400, member)


@facts(383, "400 {error: text}", "page api/overview")
def _(house: House) -> None:
    refused(house.world.synq.create({}), 400)


@facts(384, "413 over 10 MB", "page api/overview")
@facts(385, "10 MB is taken (9 MB body read)", "page api/overview")
def _(house: House) -> None:
    for size, status in ((11 * MIB, 413), (9 * MIB, 201)):
        body = json.dumps(house.world.synq_order(reference())).encode().ljust(size)
        headers = {"Content-Type": "application/json"}
        answer = house.world.synq.http.post(SYNQ_ORDERS, content=body, headers=headers)
        assert answer.status_code == status


@facts(395, "reserve -> payment -> confirm", "page guides/orders")
def _(house: House) -> None:
    order = made(house)
    assert (order["status"], order["payment_status"]) == ("confirmed", "authorized")


@facts(397, "15 status words: any other never shown", "page guides/orders")
def _(house: House) -> None:
    assert {order["status"] for order in house.world.synq.orders()} <= WORDS


@facts(398, "declined payment ends the order", "page guides/orders")
@facts(399, "cancelled and failed are terminal", "page guides/orders")
def _(house: House) -> None:
    order = made(house, payment_reference=f"declined_{uuid.uuid4()}")
    assert order["status"] == "failed"
    answer = house.world.polinate.patch(polinate_id(order["id"]), {"order": {"phase": "ACTIVE"}})
    assert answer.status_code == 409


@facts(400, "limit<=0 or not a number 400; offset negative 400", "code")
def _(house: House) -> None:
    for query in ({"limit": 0}, {"limit": "x"}, {"limit": -1}, {"offset": -1}, {"offset": "x"}):
        refused(house.world.synq.get(SYNQ_ORDERS, **query), 400, next(iter(query)))


@facts(401, "orderID not a UUID 400, unknown 404", "code")
def _(house: House) -> None:
    refused(house.world.synq.get(f"{SYNQ_ORDERS}/x"), 400)
    refused(house.world.synq.get(f"{SYNQ_ORDERS}/{uuid.uuid4()}"), 404)


MEMBERS: list[tuple[object, ...]] = [
    (name,)
    for name in (
        "id", "status", "currency", "subtotal", "discount_total", "shipping_total", "tax_total",
        "total", "payment_status", "payment_provider", "payment_reference", "channel",
        "source_platform", "idempotency_key", "created_at", "updated_at", "tags",
    )
]  # fmt: skip


@facts.each(403, MEMBERS, "Order.{}", "code")
def _(house: House, member: str) -> None:
    assert member in house.synq_sample


@facts(420, "times RFC 3339 UTC whole seconds", "code")
@facts(421, "subtotal=total=sum of lines", "code")
def _(house: House) -> None:
    order = made(house, items=[house.world.synq_line(0, "12.50", 2)])
    for name in ("created_at", "updated_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", order[name])
    assert order["subtotal"] == order["total"] == Decimal(25)


@facts(422, "variant without location 400", "code")
@facts(423, "location 400 when not UUID; variant 400", "code")
@facts(424, "custom line without variant", "code")
def _(house: House) -> None:
    line = house.world.synq_line(0)
    lacking = {k: v for k, v in line.items() if k != "location_id"}
    refused(create(house, items=[lacking]), 400, "location_id")
    for member in ("location_id", "variant_id"):
        refused(create(house, items=[line | {member: "x"}]), 400, member)
    custom = {"product_title": "Engraving", "unit_price": 3, "quantity": 1}
    assert made(house, items=[custom])["status"] == "confirmed"


@facts(
    426,
    "unit_price absent decodes as 0",
    "code",
    ours="a line that forgot its price is not given away: unit_price is required",
)
def _(house: House) -> None:
    line = house.world.synq_line(0)
    del line["unit_price"]
    refused(create(house, items=[line]), 400, "unit_price")


@facts(427, "workflow_id = oms-create-order-<key>, run_id", "code")
def _(house: House) -> None:
    key = str(uuid.uuid4())
    body = accepted(create(house, idempotency_key=key))
    assert body["workflow_id"] == f"oms-create-order-{key}"
    assert body["run_id"]


@facts(428, "10 concurrent x15 of 100: six succeed", "code")
def _(house: House) -> None:
    variant = str(uuid.uuid4())
    synq = house.world.synq
    assert synq.adjust(variant, 100).status_code == 200
    line = house.world.synq_line(0, quantity=15) | {"variant_id": variant}
    answers = at_once(10, range(10), lambda _: create(house, items=[line]))
    settled = [synq.until(accepted(answer)["order_id"])["status"] for answer in answers]
    assert sorted(settled) == ["confirmed"] * 6 + ["failed"] * 4


@facts(
    429,
    "GET /health 200 text OK",
    "code",
    ours="/health/live and /health/ready are the addresses for this; /health stays JSON",
)
def _(house: House) -> None:
    answer = httpx.get(f"{house.server.url}/health")
    assert answer.json() == {"status": "live"}


@facts(430, "CORS: OPTIONS is answered", "code")
def _(house: House) -> None:
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, x-tenant-id, x-org-id, content-type",
    }
    for path in (SYNQ_ORDERS, f"{SYNQ_ORDERS}/{UUID}", ADJUST):
        answer = httpx.options(house.server.url + path, headers=headers)
        assert answer.status_code in {200, 204}, answer.text
