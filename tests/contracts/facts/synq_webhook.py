"""Facts 822 to 830: the events that Synq takes from an integration service."""

from __future__ import annotations

import uuid

import httpx
from tests.contracts.facts import Facts, House
from tests.contracts.facts.synq_integrations import made, post, refused
from tests.integration_service import HEADER, SECRET, order_event, signature, tell

from entrepot.testing.clients import Body, accepted

facts = Facts("synq webhook")
PAGE = "page guides/webhooks"
PATH, ALIAS = "/unified/webhook", "/v1/unified/webhooks"


def orders(house: House, external_id: str) -> list[Body]:
    """The orders with this id, as Synq lists them."""
    page = accepted(house.integrating.synq.get("/api/v1/oms/orders?limit=100"), 200)["orders"]
    return [one for one in page if one["external_id"] == external_id]


def shop(house: House) -> str:
    """The name of a new connection."""
    name: str = made(house)["unified_connection_id"]
    return name


def stranger(house: House) -> httpx.Client:
    """A client without credentials."""
    return house.enter(httpx.Client(base_url=house.integrating.synq.http.base_url))


@facts(822, "public: no Authorization, no tenant headers", PAGE)
@facts(828, "success is 200 with an empty body", "code")
def _(house: House) -> None:
    external_id = uuid.uuid4().hex
    answer = tell(stranger(house), order_event(shop(house), external_id))
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(orders(house, external_id)) == 1


@facts(823, "X-Unified-Signature: lower-case hex HMAC-SHA256 of the raw body", PAGE)
def _(house: House) -> None:
    event = b'{ "event":"item.created", "connection_id" :"%s"}\n' % shop(house).encode()
    assert tell(stranger(house), event).status_code == 200
    assert tell(stranger(house), event, signed=signature(event).upper()).status_code == 401


@facts(824, "a missing, wrong or mismatched signature is 401", PAGE)
def _(house: House) -> None:
    external_id, http = uuid.uuid4().hex, stranger(house)
    event = order_event(shop(house), external_id)
    body = b'{"connection_id": "%s", "event": "item.created"}' % shop(house).encode()
    for signed in ("", "0" * 64, signature(body), signature(body, "another secret"), "\xe9"):
        refused(tell(http, event, signed=signed), 401, "Unauthorized:")
    bare = http.post(PATH, content=body, headers={"Content-Type": "application/json"})
    refused(bare, 401, HEADER)
    assert orders(house, external_id) == []


@facts(825, "an unknown or inactive connection is 403", "code")
def _(house: House) -> None:
    refused(tell(stranger(house), order_event("nobody", "1")), 403, "Forbidden:")


@facts(826, "bad JSON is 400", PAGE)
def _(house: House) -> None:
    for body in (b"{", b"[]", b"", b'{"event": "item.created"}', b'{"connection_id": 7}'):
        refused(tell(stranger(house), body), 400)


@facts(827, "a secret that is not configured is 500", "code")
def _(house: House) -> None:
    with httpx.Client(base_url=house.world.synq.http.base_url) as http:
        refused(tell(http, order_event("any", "1")), 500, "ENTREPOT_INTEGRATION_SECRET")


@facts(829, "an order's line_items, currency and id make an order; no lines: rejected", "code")
def _(house: House) -> None:
    name, external_id = shop(house), uuid.uuid4().hex
    sku = f"SKU-{external_id[:8]}"
    lines = [
        {"item_id": "4711", "sku": sku, "name": "Mug", "unit_amount": 12.5, "quantity": 2},
        {"description": "Gift wrapping", "amount": 1},
    ]
    event = order_event(name, external_id, line_items=lines)
    for told in (event, event, event | {"event": "commerce.order.updated"}):
        assert tell(stranger(house), told).status_code == 200
    [order] = orders(house, external_id)
    house.integrating.synq.until(order["id"], "confirmed")
    assert (order["currency"], order["total"]) == ("EUR", 26)
    assert order["payment_provider"] == order["source_platform"] == "shopify"
    assert order["payment_reference"] == external_id
    assert order["idempotency_key"] == f"unified:{name}:{external_id}"
    told = [(one["sku"], one["product_title"], one["quantity"]) for one in order["items"]]
    assert told == [(sku, "Mug", 2), (None, "Gift wrapping", 1)]
    bare = order_event(name, uuid.uuid4().hex, line_items=[])
    refused(tell(stranger(house), bare), 400, "data.line_items")


@facts(830, "POST /v1/unified/webhooks is the same", "code")
def _(house: House) -> None:
    external_id, http = uuid.uuid4().hex, stranger(house)
    event = order_event(shop(house), external_id)
    refused(tell(http, event, ALIAS, signed="0" * 64), 401)
    assert tell(http, event, ALIAS).status_code == 200
    assert tell(http, event).status_code == 200
    assert len(orders(house, external_id)) == 1
    assert SECRET not in str(post(house.integrating, "auth-url").json())
