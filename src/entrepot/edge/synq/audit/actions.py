"""Events of the log in the words of Synq's audit: actions, kinds of entities, details; pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from entrepot.core import events
from entrepot.core.order import Event
from entrepot.core.properties import Number, parse

# Actions that the documentation names otherwise than the log names its events. Every other event's
# action is its type in capitals: `product.created` is PRODUCT_CREATED.
_ACTIONS: Final = MappingProxyType({
    events.ORDER_MIRRORED: "ORDER_PLACED",
    events.PAYMENT_REFUNDED: "ORDER_REFUNDED",
    events.MEMBER_INVITED: "USER_INVITED",
    events.MEMBER_JOINED: "USER_JOINED",
    events.STOCK_SETTINGS_TOLD: "TENANT_SETTINGS_UPDATED",
    events.GOODS_SHIPPED: "ORDER_FULFILLED",
    events.STOCK_SHIPPED: "ORDER_FULFILLED",
})  # fmt: skip
_ENTITIES: Final = MappingProxyType({
    events.MEMBER: "USER", events.SETTINGS: "TENANT_SETTINGS",
    events.CONNECTION: "COMMERCE_CONNECTION",
})  # fmt: skip
# The place of the goods among the facets that an order's event tells.
_GOODS = 2
_PART = "partially_shipped"
_PRICED = frozenset({"price", "currency"})


def body_of(event: Event) -> dict[str, Any]:
    """The body of an event; an empty one where the body is no JSON object."""
    try:
        found: Any = parse(event.body)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def action(event: Event, body: dict[str, Any]) -> str:
    """The action of an event. Goods that left in part have not fulfilled their order. An update of
    a product that changed prices alone is called so.
    """
    if event.type == events.PRODUCT_UPDATED and _of_prices(body):
        return "PRODUCT_PRICE_CHANGED"
    named = _ACTIONS.get(event.type) or event.type.replace(".", "_").upper()
    facets = body.get("facets") or ()
    if named == "ORDER_FULFILLED" and len(facets) > _GOODS and facets[_GOODS] == _PART:
        return "ORDER_PARTIALLY_FULFILLED"
    return named


def _of_prices(body: dict[str, Any]) -> bool:
    """Whether an update of a product changed prices, and nothing else."""
    variants = body.get("variants")
    if not body.get("prices") or "changed" in body or not isinstance(variants, dict):
        return False
    return all(isinstance(one, dict) and one.keys() <= _PRICED for one in variants.values())


def entity(event: Event) -> str:
    """The kind of what the event is of."""
    return _ENTITIES.get(event.subject) or event.subject.upper()


def details(event: Event, body: dict[str, Any], order_name: str | None) -> dict[str, Any]:
    """What the event says. Of an order its number, and its total as a number."""
    told = {name: value for name, value in body.items() if name not in ("facets", "total")}
    if event.subject == events.ORDER:
        if order_name is not None:
            told["order_number"] = order_name
        if "total" in body:
            told["total_amount"] = Number(body["total"])
    return told
