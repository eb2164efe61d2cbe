"""What is done about money that a payment service holds, before its hold ends by itself.

That an order was told of is kept beside the words that the order's sender told
(`orders.sender_words`), as a hold of the order is: nearly every order has nothing to store.
"""

from __future__ import annotations

from entrepot.core.order import Order
from entrepot.core.words import heard, spelled

# The part of a hold's time after which the organization is told.
ALARM_AFTER = 0.8
# What follows beside the alarm, and the sentence that the documents say of it.
RULES: dict[str, str] = {
    "alarm": "The order says it. A person decides.",
    "capture": "The order says it. What is held is taken.",
    "release": "The order says it. What is held is let go, if no goods have left.",
    "renew": (
        "The order says it. The service is asked to hold the same amount anew, where it takes the "
        "order's reference again, and the old hold is let go then."
    ),
}
DEFAULT_RULE = "alarm"
# Payment facets of orders of which a service may hold money: a part may be taken, and disputed.
HOLDING = frozenset({"authorized", "disputed"})

_LAPSES = "lapses"


def is_told(sender_words: str | None, payment: int) -> bool:
    """Whether an order that keeps these words has had its alarm about the payment of this number,
    or about a later one: holds end in the order of the payments.
    """
    told = heard(sender_words or "").get(_LAPSES) if sender_words else None
    return told is not None and int(told) >= payment


def told(order: Order, payment: int) -> Order:
    """The order that has had its alarm, about the payment of this number."""
    kept = {**heard(order.sender_words or ""), _LAPSES: str(payment)}
    return order.changed(sender_words=spelled(kept))


def untold(order: Order) -> Order:
    """The order as if it had had no alarm: the next walk looks at its holds again."""
    kept = {name: word for name, word in heard(order.sender_words or "").items() if name != _LAPSES}
    return order.changed(sender_words=spelled(kept) or None)
