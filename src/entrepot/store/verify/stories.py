"""Agreement of an order's own parts: its events, its lines and its sender."""

from __future__ import annotations

from entrepot.core import events, words
from entrepot.core.facets import Facets
from entrepot.core.order import Event, Order
from entrepot.store.verify.own_reading import SEALED_BYTES, is_sealed
from entrepot.store.verify.own_values import id_text
from entrepot.store.verify.report import Findings

# The facets of an order of which money is held or was taken.
_TAKEN = ("authorized", "paid", "partially_refunded", "disputed")
# The facet that each type of event sets, and the values that it may set.
_SAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    events.ORDER_PLACED: ("stage", ("placed",)),
    events.ORDER_CONFIRMED: ("stage", ("confirmed",)),
    events.ORDER_FAILED: ("stage", ("failed",)),
    events.ORDER_CANCELLED: ("stage", ("cancelled", "rejected")),
    events.PAYMENT_AUTHORIZED: ("payment", ("authorized",)),
    # A part or all, and perhaps after a refund of an earlier payment.
    events.PAYMENT_CAPTURED: ("payment", _TAKEN),
    events.PAYMENT_INCREASED: ("payment", _TAKEN),
    events.HOLD_RENEWED: ("payment", _TAKEN),
    events.PAYMENT_DISPUTED: ("payment", ("disputed",)),
    events.DISPUTE_ENDED: ("payment", ("authorized", "paid", "partially_refunded")),
    events.PAYMENT_REFUNDED: (
        "payment",
        ("partially_refunded", "refunded", "disputed", "authorized"),
    ),
    events.PAYMENT_DECLINED: ("payment", ("declined",)),
    # A payment may be captured in part and its rest voided. Another payment may stay.
    events.PAYMENT_VOIDED: (
        "payment",
        ("voided", "refunded", *_TAKEN),
    ),
    events.PAYMENT_EXPIRED: ("payment", ("voided",)),
}
_MOVES_NOTHING = frozenset({
    events.ORDER_AMENDED, events.ORDER_INGESTED, events.ORDER_PARKED, events.ORDER_RESUMED,
    events.ORDER_RESOLVED, events.ORDER_HELD, events.ORDER_RELEASED, events.ORDER_TOLD_AHEAD,
    events.STOCK_RESERVED, events.CAPTURE_REQUESTED, events.REFUND_REQUESTED,
    events.HOLD_LAPSES, events.INCREASE_REQUESTED, events.RENEWAL_DECLINED,
})  # fmt: skip

PIPELINE, OPERATOR = "pipeline", "operator"
_OF_THE_PIPELINE = frozenset({
    events.ORDER_CONFIRMED, events.ORDER_FAILED, events.ORDER_PARKED, events.STOCK_RESERVED,
    events.PAYMENT_AUTHORIZED, events.PAYMENT_CAPTURED, events.PAYMENT_REFUNDED,
    events.PAYMENT_DISPUTED, events.DISPUTE_ENDED, events.CAPTURE_DECLINED,
    events.REFUND_DECLINED, events.PAYMENT_DECLINED,
    events.PAYMENT_VOIDED, events.PAYMENT_EXPIRED, events.HOLD_LAPSES,
    events.PAYMENT_INCREASED, events.INCREASE_DECLINED,
    events.HOLD_RENEWED, events.RENEWAL_DECLINED,
})  # fmt: skip
# An order that was announced before it came is ingested by its announcement.
ANNOUNCED = "announced"
_SENDERS = frozenset({"native", OPERATOR, ANNOUNCED})


def check_events(
    order: Order, told: list[Event], stands_told: list[Facets | None], findings: Findings
) -> None:
    """Each event's type says what its facets `said`, and comes from somebody who may tell it."""
    before: Facets | None = None
    for event, stands in zip(told, stands_told, strict=True):
        if stands is None:
            return  # reported with the order's story
        fault = _false_type(event.type, before, stands) or _false_source(event)
        fault = fault or _false_actor(event)
        if fault is not None:
            findings.add("EVENTS", org=order.org, order=order.id, seq=event.seq,
                         type=event.type, fault=fault)  # fmt: skip
        before = stands


def _false_type(type_: str, before: Facets | None, stands: Facets) -> str | None:
    facet, values = _SAYS.get(type_, ("", ()))
    if facet and getattr(stands, facet) not in values:
        return f"the order's {facet} is {getattr(stands, facet)}"
    if type_ in _MOVES_NOTHING and before is not None and before != stands:
        return "the order moved"
    return None


def _false_source(event: Event) -> str | None:
    if event.type not in events.TYPES:
        return None  # reported with the order's story
    if event.type in _OF_THE_PIPELINE:
        told_by_right = event.source == PIPELINE
    elif event.type in (events.ORDER_RESUMED, events.ORDER_RESOLVED):
        told_by_right = event.source == OPERATOR
    elif event.type == events.STOCK_RELEASED:
        told_by_right = event.source == PIPELINE or _is_sender(event.source)
    else:
        told_by_right = _is_sender(event.source)
    return None if told_by_right else f"told by {event.source}"


def _is_sender(source: str) -> bool:
    """Whether orders are told by this source: a dialect that has words, or one of the others."""
    return source in _SENDERS or any(name.split("_")[0] == source for name in words.AXES)


# The kinds of actors of an event, by its source. An unknown actor has an empty name.
_ACTORS = {PIPELINE: ("step", "provider"), OPERATOR: ("operator",)}
# An operator who says with proof what came of a payment takes the pipeline's place.
_RESOLVING = "operator:resolve"
_OTHERS = ("key", "token", "operator", "step", "connection")


def _false_actor(event: Event) -> str | None:
    if (event.source, event.actor) == (PIPELINE, _RESOLVING):
        return None
    kind, _, name = event.actor.partition(":")
    by_right = not event.actor or (name and kind in _ACTORS.get(event.source, _OTHERS))
    return None if by_right else f"told by {event.source}, made by {event.actor}"


def check_lines(order: Order, findings: Findings) -> None:
    """Each line has a number of its own, and a managed order has one currency."""
    numbers = [line.number for line in order.lines]
    if len(set(numbers)) != len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        findings.add("LINES", org=order.org, order=order.id, number_twice=twice)
    strange = {line.currency for line in order.lines} - {order.currency}
    if order.managed and strange:
        findings.add("LINES", org=order.org, order=order.id, currency=order.currency,
                     lines_in=", ".join(sorted(strange)))  # fmt: skip


def check_sender(order: Order, findings: Findings) -> None:
    """The digest of what the sender told last was made for this sender's id.

    Digests of older versions are shorter, and not checked.
    """
    digest = order.sender_digest
    if digest is None or len(digest) != SEALED_BYTES:
        return
    # An order that has no sender is sealed for its own id.
    sender_id = id_text(order.id) if order.sender_id is None else order.sender_id
    if not is_sealed(bytes(digest), sender_id):
        findings.add("SENDERS", org=order.org, order=order.id)
