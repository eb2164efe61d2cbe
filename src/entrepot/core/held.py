"""An order that somebody holds: its pipeline and its goods stand still until it is released.

The hold is kept beside the words that the order's sender told (`orders.sender_words`), as what was
told ahead is: an order that is not held, nearly every one, has nothing to store and nothing to
read. Words have blanks between them, so that the reason is kept as digits. A mirrored order is not
held here, for another system runs it.
"""

from __future__ import annotations

from entrepot.core.facets import Facets
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.order import Order
from entrepot.core.words import heard, spelled

# Kinds of steps that stand still. Money that is to be given back is given back.
STEPS = frozenset({"reserve", "authorise", "increase", "capture"})
# The state of a job that stands still.
STOPPED = "stopped"
REASON_MAX = 200  # characters

_HELD = "held"
_CAN_LEAVE = NOT_LEFT | {"partially_shipped"}


def is_held(order: Order) -> bool:
    """Whether somebody holds the order."""
    words = order.sender_words
    return bool(words) and f"{_HELD}=" in (words or "") and _HELD in heard(words or "")


def why(order: Order) -> str | None:
    """What was told when the order was held, which may be nothing; None where nobody holds it."""
    if not is_held(order):
        return None
    return bytes.fromhex(heard(order.sender_words or "")[_HELD]).decode()


def held(order: Order, reason: str) -> Order:
    """The order as somebody holds it for this reason."""
    kept = {**heard(order.sender_words or ""), _HELD: reason.encode().hex()}
    return order.changed(sender_words=spelled(kept))


def released(order: Order) -> Order:
    """The order as nobody holds it."""
    if not is_held(order):
        return order
    kept = {name: word for name, word in heard(order.sender_words or "").items() if name != _HELD}
    return order.changed(sender_words=spelled(kept) or None)


def sentence(order: Order) -> str | None:
    """The sentence that the order is held, and why, for people; None where nobody holds it."""
    told = why(order)
    if told is None:
        return None
    return f"{_HELD}: {told}" if told else f"{_HELD}: until it is released"


def forbids(order: Order, after: Facets) -> str | None:
    """Why the order's goods may not move there while it is held, as a sentence; None if they may.

    Goods that left already arrive or get lost all the same.
    """
    before = order.facets
    if not is_held(order) or before.fulfilment not in _CAN_LEAVE:
        return None
    leaves = after.fulfilment != before.fulfilment and after.fulfilment not in NOT_LEFT
    over = after.stage == "completed" != before.stage
    return refusal(order) if leaves or over else None


def stands_still(order: Order) -> str:
    """Why no step of an order that is held goes on, as a sentence."""
    return f"the order is held: release it ({sentence(order)})"


def refusal(order: Order) -> str:
    """Why nothing leaves of an order that is held, as a sentence."""
    return f"goods of an order that is held do not leave: release it first ({sentence(order)})"
