"""An order that came to cost more than its payment service has of it: nothing leaves before it has.

That an order waits for more money is kept beside the words that the order's sender told
(`orders.sender_words`), as a hold of the order is: nearly every order has nothing to store.
"""

from __future__ import annotations

from entrepot.core.facets import Facets
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.order import Order
from entrepot.core.words import heard, spelled

_MORE = "more"
_CAN_LEAVE = NOT_LEFT | {"partially_shipped"}
REFUSAL = (
    "goods of an order that came to cost more do not leave before the rest is authorised: amend "
    "the order back, or name another payment_reference for the rest"
)


def is_unpaid(order: Order) -> bool:
    """Whether the order waits for more money."""
    words = order.sender_words
    return bool(words) and f"{_MORE}=" in (words or "") and _MORE in heard(words or "")


def marked(order: Order, payment: int) -> Order:
    """The order, which waits for the further payment of this number."""
    kept = {**heard(order.sender_words or ""), _MORE: str(payment)}
    return order.changed(sender_words=spelled(kept))


def cleared(order: Order) -> Order:
    """The order, which waits for no more money."""
    if not is_unpaid(order):
        return order
    kept = {name: word for name, word in heard(order.sender_words or "").items() if name != _MORE}
    return order.changed(sender_words=spelled(kept) or None)


def forbids(order: Order, after: Facets) -> str | None:
    """Why the order's goods may not move there while it waits for more money, as a sentence; None
    if they may. Goods that left already arrive or get lost all the same.
    """
    before = order.facets
    if not is_unpaid(order) or before.fulfilment not in _CAN_LEAVE:
        return None
    leaves = after.fulfilment != before.fulfilment and after.fulfilment not in NOT_LEFT
    over = after.stage == "completed" != before.stage
    return REFUSAL if leaves or over else None
