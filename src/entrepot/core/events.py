"""What happened, in the past tense. An event carries the facets as they then stood, so that the
order's row can be folded from its events.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from entrepot.core.facets import Facets
from entrepot.core.order import Event, Order

ORDER_PLACED = "order.placed"
ORDER_MIRRORED = "order.mirrored"
ORDER_AMENDED = "order.amended"
ORDER_MOVED = "order.moved"
ORDER_TOLD_AHEAD = "order.told_ahead"
ORDER_INGESTED = "order.ingested"
ORDER_CONFIRMED = "order.confirmed"
ORDER_FAILED = "order.failed"
ORDER_CANCELLED = "order.cancelled"
ORDER_PARKED = "order.parked"
ORDER_RESUMED = "order.resumed"
STOCK_RESERVED = "stock.reserved"
STOCK_RELEASED = "stock.released"
STOCK_SHIPPED = "stock.shipped"
PAYMENT_AUTHORIZED = "payment.authorized"
PAYMENT_DECLINED = "payment.declined"
PAYMENT_VOIDED = "payment.voided"
PAYMENT_EXPIRED = "payment.expired"

TYPES = (
    ORDER_PLACED, ORDER_MIRRORED, ORDER_AMENDED, ORDER_MOVED, ORDER_TOLD_AHEAD, ORDER_INGESTED,
    ORDER_CONFIRMED, ORDER_FAILED, ORDER_CANCELLED, ORDER_PARKED, ORDER_RESUMED, STOCK_RESERVED,
    STOCK_RELEASED, STOCK_SHIPPED, PAYMENT_AUTHORIZED, PAYMENT_DECLINED, PAYMENT_VOIDED,
    PAYMENT_EXPIRED,
)  # fmt: skip


def happened(
    order: Order, type_: str, at: int, source: str, detail: dict[str, Any] | None = None
) -> tuple[Order, Event]:
    """The order with one more event, and that event; facets and total are as after it."""
    order = order.changed(version=order.version + 1, updated_at=max(at, order.updated_at))
    return order, latest(order, type_, at, source, detail)


@lru_cache(maxsize=1024)
def _quoted(currency: str) -> str:
    """As JSON: a mirrored order's currency is any text."""
    return json.dumps(currency, ensure_ascii=False)


def latest(
    order: Order, type_: str, at: int, source: str, detail: dict[str, Any] | None = None
) -> Event:
    """The event that the order's version counts last."""
    f = order.facets
    body = (
        f'{{"facets":["{f.stage}","{f.payment}","{f.fulfilment}","{f.returns}"],'
        f'"total":"{order.total.text()}","currency":{_quoted(order.currency)}'
    )
    if detail:
        body += "," + json.dumps(detail, ensure_ascii=False, separators=(",", ":"))[1:]
    else:
        body += "}"
    return Event(order.org, order.id, order.version, type_, at, source, body)


def fold(events: list[Event]) -> tuple[Facets, str, int]:
    """What the events say of the order: its facets, its total as text, and its version."""
    facets, total, seq = Facets(), "", 0
    for event in events:
        body = json.loads(event.body)
        facets, total, seq = Facets(*body["facets"]), body["total"], event.seq
    return facets, total, seq
