"""Events, in the past tense, and their actors.

An event of an order carries the facets as they stood after the event. The order's row can be folded
from its events.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from entrepot.core import invoices
from entrepot.core.changed import changed
from entrepot.core.facts import Facts
from entrepot.core.order import Event, Order
from entrepot.core.properties import text_of
from entrepot.core.taxonomy import TAXA_KINDS

# The kinds of subjects.
ORDER = "order"
KEY = "key"
TOUCH = "touch"
BROADCAST = "broadcast"
PRODUCT = "product"
INVOICE = invoices.INVOICE
PRICE_LIST = "price_list"
STOCK_ENTRY = "stock_entry"
SETTINGS = "settings"
CHANNEL = "channel"
MEMBER = "member"
WEBHOOK = "webhook"
LOCATION = "location"
# A customer, with the partnership and the buyer: all of them have one count of events.
CUSTOMER = "customer"
CONNECTION = "connection"
# A change of settings is a subject of its own, and has no row.
CHOICE = "choice"
# So is a change of an account at a payment service, and of the organization's own row.
ACCOUNT = "account"
ORGANIZATION = "organization"
# The rows of these subjects go when they are over: the events stay.
LOW_STOCK = "low_stock"
PURCHASE = "purchase_order"
BULK_JOB = "bulk_job"
MEDIUM = "medium"

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
ORDER_RESOLVED = "order.resolved"
ORDER_HELD = "order.held"
ORDER_RELEASED = "order.released"
STOCK_RESERVED = "stock.reserved"
STOCK_RELEASED = "stock.released"
# Goods left that need no shipping; before shipments were kept, those of an order that was shipped.
STOCK_SHIPPED = "stock.shipped"
GOODS_SHIPPED = "goods.shipped"
GOODS_DELIVERED = "goods.delivered"
GOODS_LOST = "goods.lost"
RETURN_REQUESTED = "return.requested"
RETURN_APPROVED = "return.approved"
RETURN_REFUSED = "return.refused"
GOODS_RETURNED = "goods.returned"
PAYMENT_AUTHORIZED = "payment.authorized"
PAYMENT_CAPTURED = "payment.captured"
PAYMENT_REFUNDED = "payment.refunded"
PAYMENT_DISPUTED = "payment.disputed"
DISPUTE_ENDED = "payment.dispute_ended"
INCREASE_REQUESTED = "payment.increase_requested"
PAYMENT_INCREASED = "payment.increased"
INCREASE_DECLINED = "payment.increase_declined"
CAPTURE_REQUESTED = "payment.capture_requested"
REFUND_REQUESTED = "payment.refund_requested"
CAPTURE_DECLINED = "payment.capture_declined"
REFUND_DECLINED = "payment.refund_declined"
PAYMENT_DECLINED = "payment.declined"
PAYMENT_VOIDED = "payment.voided"
PAYMENT_EXPIRED = "payment.expired"
HOLD_LAPSES = "payment.hold_lapses"
HOLD_RENEWED = "payment.hold_renewed"
RENEWAL_DECLINED = "payment.renewal_declined"
KEY_MADE = "key.made"
KEY_REVOKED = "key.revoked"
TOUCH_RECORDED = "touch.recorded"
PRODUCT_CREATED, PRODUCT_UPDATED = "product.created", "product.updated"
PRODUCT_DELETED = "product.deleted"
BROADCAST_RECORDED, BROADCAST_CHANGED = "broadcast.recorded", "broadcast.changed"
PRICE_LIST_CREATED, PRICE_LIST_CHANGED = "price_list.created", "price_list.changed"
INVOICE_CREATED, INVOICE_UPDATED = invoices.CREATED, invoices.UPDATED
STOCK_ADJUSTED = "stock.adjusted"
STOCK_LOW = "stock.low"
STOCK_RECOVERED = "stock.recovered"
CHANNEL_MADE = "channel.made"
ORGANIZATION_MADE = "organization.made"
ORDER_SOURCE_SET = "order_source.set"
ORDER_SOURCE_REMOVED = "order_source.removed"
PAYMENT_SECRET_TAKEN = "payment_secret.taken"  # noqa: S105 - a name
ACCOUNT_ADDED = "account.added"
ACCOUNT_CHANGED = "account.changed"
ACCOUNT_RESEALED = "account.resealed"
ACCOUNT_REMOVED = "account.removed"
MEMBER_INVITED = "member.invited"
MEMBER_JOINED = "member.joined"
SETTINGS_CHANGED = "settings.changed"
LOCATION_MADE = "location.made"
CUSTOMER_CREATED, CUSTOMER_UPDATED = "customer.created", "customer.updated"
PARTNERSHIP_UPDATED = "partnership.updated"
INTEGRATION_CONNECTED = "integration.connected"
INTEGRATION_CHANGED = "integration.changed"
SYNCED, SYNC_FAILED = "integration.synced", "integration.sync_failed"
WEBHOOK_RECEIVED = "unified.webhook.received"
WEBHOOK_MADE = "webhook.made"
WEBHOOK_CHANGED = "webhook.changed"
WEBHOOK_DISABLED = "webhook.disabled"
WEBHOOK_REMOVED = "webhook.removed"
STOCK_SETTINGS_TOLD = "settings.updated"
# A taxon is a subject of its own kind: a category, a brand, ...
TAXON_CREATED: Final[Mapping[str, str]] = MappingProxyType(
    {kind: f"{kind}.created" for kind in TAXA_KINDS}
)
MEDIUM_ADDED = "medium.added"
BULK_JOB_CREATED = "bulk_job.created"
BULK_JOB_COMPLETED, BULK_JOB_FAILED = "bulk_job.completed", "bulk_job.failed"
PURCHASE_DRAFTED = "purchase_order.drafted"
PURCHASE_WITHDRAWN = "purchase_order.withdrawn"

# The events of orders.
TYPES = (
    ORDER_PLACED, ORDER_MIRRORED, ORDER_AMENDED, ORDER_MOVED, ORDER_TOLD_AHEAD, ORDER_INGESTED,
    ORDER_CONFIRMED, ORDER_FAILED, ORDER_CANCELLED, ORDER_PARKED, ORDER_RESUMED, ORDER_RESOLVED,
    ORDER_HELD, ORDER_RELEASED, STOCK_RESERVED, STOCK_RELEASED, STOCK_SHIPPED, GOODS_SHIPPED,
    GOODS_DELIVERED, GOODS_LOST, RETURN_REQUESTED, RETURN_APPROVED, RETURN_REFUSED, GOODS_RETURNED,
    PAYMENT_AUTHORIZED, PAYMENT_CAPTURED, PAYMENT_REFUNDED, CAPTURE_REQUESTED, REFUND_REQUESTED,
    PAYMENT_DISPUTED, DISPUTE_ENDED, CAPTURE_DECLINED, REFUND_DECLINED, PAYMENT_DECLINED,
    PAYMENT_VOIDED, PAYMENT_EXPIRED, HOLD_LAPSES, INCREASE_REQUESTED, PAYMENT_INCREASED,
    INCREASE_DECLINED, HOLD_RENEWED, RENEWAL_DECLINED,
)  # fmt: skip


# Every type of event that there is: those of orders, and those of all other subjects.
ALL_TYPES = frozenset({
    *TYPES, *TAXON_CREATED.values(), KEY_MADE, KEY_REVOKED, TOUCH_RECORDED, PRODUCT_CREATED,
    PRODUCT_UPDATED, PRODUCT_DELETED, BROADCAST_RECORDED, BROADCAST_CHANGED, PRICE_LIST_CREATED,
    PRICE_LIST_CHANGED, INVOICE_CREATED, INVOICE_UPDATED, STOCK_ADJUSTED, STOCK_LOW,
    STOCK_RECOVERED, CHANNEL_MADE, ORGANIZATION_MADE, ORDER_SOURCE_SET, ORDER_SOURCE_REMOVED,
    PAYMENT_SECRET_TAKEN, ACCOUNT_ADDED, ACCOUNT_CHANGED, ACCOUNT_RESEALED, ACCOUNT_REMOVED,
    MEMBER_INVITED, MEMBER_JOINED, SETTINGS_CHANGED, LOCATION_MADE, CUSTOMER_CREATED,
    CUSTOMER_UPDATED, PARTNERSHIP_UPDATED, INTEGRATION_CONNECTED, INTEGRATION_CHANGED, SYNCED,
    SYNC_FAILED, WEBHOOK_RECEIVED, WEBHOOK_MADE, WEBHOOK_CHANGED, WEBHOOK_DISABLED,
    WEBHOOK_REMOVED, STOCK_SETTINGS_TOLD, MEDIUM_ADDED, BULK_JOB_CREATED, BULK_JOB_COMPLETED,
    BULK_JOB_FAILED, PURCHASE_DRAFTED, PURCHASE_WITHDRAWN,
})  # fmt: skip


def no_such_type(type_: str) -> str | None:
    """That no event has this type, as a sentence; None where some have."""
    if type_ in ALL_TYPES:
        return None
    alike = difflib.get_close_matches(type_, sorted(ALL_TYPES), n=1)
    hint = f"did you mean {alike[0]}?" if alike else "docs/events.md lists the types"
    return f"no event has this type; {hint}"


def happened(
    order: Order,
    type_: str,
    facts: Facts,
    source: str,
    detail: dict[str, Any] | None = None,
    actor: str | None = None,
    **moved: Any,
) -> tuple[Order, Event]:
    """The order with one more event, and that event; facets and total are as after it.

    `moved`: members that the event changes. The event has the time of `facts`, or that of the
    order's last change where it is later; and the actor of `facts` unless another `actor` is given.
    """
    at = max(order.updated_at, facts.now)
    order = order.changed(version=order.version + 1, updated_at=at, **moved)
    return order, latest(order, type_, facts, source, detail, actor)


def amended(before: Order, after: Order, facts: Facts, source: str) -> tuple[Order, Event]:
    """The order as amended, and the event that tells what changed, from what to what."""
    told = changed(before, after)
    return happened(after, ORDER_AMENDED, facts, source, {"changed": told} if told else None)


@lru_cache(maxsize=1024)
def _quoted(currency: str) -> str:
    """As JSON: a mirrored order's currency is any text."""
    return json.dumps(currency, ensure_ascii=False)


def _detail(detail: dict[str, Any]) -> str:
    """As JSON. The one short text that most details are, such as a payment's service, is kept."""
    if len(detail) == 1:
        [(name, value)] = detail.items()
        if type(value) is str and len(value) <= _KEPT_MAX:
            return _of_one(name, value)
    return text_of(detail)


@lru_cache(maxsize=1024)
def _of_one(name: str, value: str) -> str:
    return text_of({name: value})


_KEPT_MAX = 32  # characters


def latest(
    order: Order,
    type_: str,
    facts: Facts,
    source: str,
    detail: dict[str, Any] | None = None,
    actor: str | None = None,
) -> Event:
    """The event that the order's version counts last; time and actor as in `happened`."""
    told = f",{_detail(detail)[1:]}" if detail else "}"
    facets, total = '","'.join(order.facets), order.total.text()
    body = f'{{"facets":["{facets}"],"total":"{total}","currency":{_quoted(order.currency)}{told}'
    who = facts.actor if actor is None else actor
    # A clock that was set back takes no order back: its events follow each other in time.
    at, now = order.updated_at, facts.now
    return Event(order.org, order.id, order.version, type_, max(now, at), source, body, ORDER, who)
