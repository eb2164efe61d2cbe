"""What every dialect shows of an order, whichever of them told it."""

from __future__ import annotations

import json

from entrepot.core import ahead, claims, ids
from entrepot.core.order import Order
from entrepot.core.telling import spelled


def name(order: Order) -> str:
    """The number that a person reads: the sender's own, else ours."""
    told = order.external_name
    return ids.internal_reference(order.id) if told is None else told


def sender_id(order: Order) -> str | None:
    """The id that its sender calls a mirrored order; None for an order that was placed here."""
    return None if order.managed else order.sender_id


def external_id(order: Order) -> str | None:
    """The order's id in the shop: as it was told, else the sender's own id for it, else the
    reference that somebody wrote on it.
    """
    for told in (order.external_id, sender_id(order), order.external_reference):
        if told is not None:
            return told
    return None


def reference(order: Order) -> str | None:
    """The reference that was written on the order, else what a shop calls it.

    A source of orders says itself whether there is a reference; its id is shown as the id.
    """
    if order.external_reference is not None or order.origin == "polinate":
        return order.external_reference
    return external_id(order)


def address(order: Order) -> str | None:
    """Where the goods go, as text of several lines; None where nobody told it."""
    if order.delivery_address is not None or order.address is None:
        return order.delivery_address
    told = json.loads(order.address)

    def line(*members: str) -> str:
        return " ".join([told[member] for member in members if told.get(member)])

    lines = (
        line("firstName", "lastName"), line("company"), line("addressLineOne"),
        line("addressLineTwo"), line("zipCode", "city"), line("state"), line("countryCode"),
        line("phone"),
    )  # fmt: skip
    return "\n".join([text for text in lines if text])


def reason(order: Order) -> str | None:
    """Why the order stands where it stands, that its payment was another order's already, and
    which words wait for its confirmation.
    """
    told = f"{order.reason}: {order.reason_detail}" if order.reason else None
    shared, kept = claims.shared(order), ahead.told(order)
    if not shared and not kept:
        return told
    waits = f"told ahead: {spelled(dict(kept))}, true once the order is confirmed" if kept else None
    return "; ".join([text for text in (told, shared, waits) if text])


def created_at(order: Order) -> int:
    """When the order was made: as its sender says, never later than it arrived here."""
    return order.created_at if order.made_at is None else min(order.made_at, order.created_at)
