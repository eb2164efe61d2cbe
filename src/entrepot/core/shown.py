"""Values of an order that every dialect shows, whichever dialect told them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from entrepot.core import ahead, claims, held, ids, told_address
from entrepot.core.order import Job, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.words import spelled

WAITING = OrderReason.WAITING
MICROSECONDS = 1_000_000
# A process beats once a second; one that has not for so long may be dead (microseconds).
SILENT = 4_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, as all times here
_LAST_SECOND = (datetime(9999, 12, 31, 23, 59, 59) - _EPOCH) // timedelta(seconds=1)  # noqa: DTZ001


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


def reference(order: Order, dialect: str) -> str | None:
    """The reference that was written on the order, else what a shop calls it.

    An order that came in this dialect says itself whether it has a reference: its id is the id.
    """
    if order.external_reference is not None or order.origin == dialect:
        return order.external_reference
    return external_id(order)


def address(order: Order) -> str | None:
    """The address of delivery, as text of several lines; None if nobody told the address."""
    if order.delivery_address is not None or order.address is None:
        return order.delivery_address
    return told_address.text_of(order.address)


def reason(order: Order) -> str | None:
    """Why the order stands where it stands, that somebody holds it, that its payment was another
    order's already, and which words wait for its confirmation.
    """
    told = f"{order.reason}: {order.reason_detail}" if order.reason else None
    # A hold and what was told ahead stand among the words of senders; most orders have no word.
    stopped = held.sentence(order) if order.sender_words else None
    kept = ahead.told(order) if order.sender_words else ()
    shared, waits = claims.shared(order), None if stopped else _under_way(order)
    if not (shared or kept or waits or stopped):
        return told
    words = f"told ahead: {spelled(dict(kept))}, true once the order is confirmed" if kept else None
    return "; ".join([text for text in (stopped, told, shared, words, waits) if text])


def _under_way(order: Order) -> str | None:
    """The pipeline's work on an order that nobody holds, waits for it and has met no fault yet."""
    if order.reason or not order.managed or order.facets.stage != "placed":
        return None
    pays = order.facets.payment == "pending"
    what = "its stock is reserved and its payment authorised" if pays else "its stock is reserved"
    return f"{WAITING}: {what}, since {moment(order.created_at)}"


def stuck(job: Job, seen: int | None, at: int) -> str | None:
    """Whom a step waits for that nobody works on, as a sentence; None for a step in good hands.

    `seen`: when the process that holds the step was seen last, if it is one that beats.
    """
    if job.state != "due":
        return None
    if job.leased_until <= at:
        due = f"a worker: {job.kind} is due since {moment(job.run_at)}"
        return due if job.run_at <= at else None
    if seen is None or seen >= at - SILENT:
        return None
    return (
        f"its worker is gone (seen last {moment(seen)}); {job.kind} is taken over within seconds, "
        f"at the latest {moment(job.leased_until)}"
    )


# All orders of a batch are placed at one time.
@lru_cache(maxsize=1024)
def moment(at: int) -> str:
    """A time in microseconds as people read it: to the second, UTC, up to the year 9999."""
    seconds = min(max(at // MICROSECONDS, 0), _LAST_SECOND)
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def created_at(order: Order) -> int:
    """When the order was made: as its sender says, never later than it arrived here."""
    return order.created_at if order.made_at is None else min(order.made_at, order.created_at)
