"""The legal moves of a managed order, one table a facet; a mirrored order only obeys `deleted`.

Two facts are documented by a dialect (docs/sources.md): a confirmed order is only packed or
cancelled next, and cancelled and failed orders stay so. The rest is our choice, printed into
docs/lifecycle.md.
"""

from __future__ import annotations

from entrepot.core.facets import ENDED, FULFILMENTS, PAYMENTS, RETURNS, RUNNING, STAGES, Facets
from entrepot.core.words import turned_down

# Moves that anybody may ask for. PIPELINE_MOVES has the moves that only the pipeline may make.
STAGE_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"placed", "cancelled", "deleted"}),
    "placed": frozenset({"cancelled", "rejected"}),
    "confirmed": frozenset({"cancelled", "rejected", "completed"}),
    "completed": frozenset({"archived", "deleted"}),
    "archived": frozenset({"deleted"}),
    "cancelled": frozenset({"deleted"}),
    "rejected": frozenset({"deleted"}),
    "failed": frozenset({"deleted"}),
    "deleted": frozenset(),
}

PIPELINE_MOVES: dict[str, frozenset[str]] = {
    "placed": frozenset({"confirmed", "failed"}),
}

PAYMENT_MOVES: dict[str, frozenset[str]] = {
    "none": frozenset({"pending"}),
    # A client's reference can be of money that was taken before the order was placed.
    "pending": frozenset({"authorized", "paid", "declined", "voided"}),
    # A part may be captured, given back and disputed while the rest is still held.
    "authorized": frozenset({"paid", "partially_refunded", "refunded", "voided", "disputed"}),
    # An order that is paid can come to cost more: the rest is held then, and not taken yet.
    "paid": frozenset({"authorized", "partially_refunded", "refunded", "disputed"}),
    "partially_refunded": frozenset({"authorized", "paid", "refunded", "disputed"}),
    "disputed": frozenset({"authorized", "paid", "partially_refunded", "refunded"}),
    # A further payment of an order that ended may have been taken already, and is given back. A
    # refund or a capture may fail after it was done.
    "refunded": frozenset({"authorized", "paid", "partially_refunded"}),
    # The hold was let go at the service while more was being asked for.
    "voided": frozenset({"authorized", "paid"}),
    "declined": frozenset(),
}
# Payment moves only with its service; no dialect's word may claim money for a managed order.
PAYMENT_BY_WORD: frozenset[str] = frozenset()

_ROAD = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup", "delivered", "lost")
FULFILMENT_MOVES: dict[str, frozenset[str]] = {
    # Goods leave packed, never before: a documented word of a dialect depends on that.
    "unassigned": frozenset({"accepted", "packed", "not_applicable"}),
    "accepted": frozenset({"unassigned", "packed", "not_applicable"}),
    "packed": frozenset({"partially_shipped", *_ROAD}),
    "partially_shipped": frozenset(_ROAD),
    "in_transit": frozenset(_ROAD) - {"in_transit"},
    "out_for_delivery": frozenset({"attempted", "ready_for_pickup", "delivered", "lost"}),
    "attempted": frozenset({"out_for_delivery", "ready_for_pickup", "delivered", "lost"}),
    "ready_for_pickup": frozenset({"delivered", "lost"}),
    "delivered": frozenset(),
    "lost": frozenset({"delivered"}),
    "not_applicable": frozenset(),
}

RETURN_MOVES: dict[str, frozenset[str]] = {
    "none": frozenset({"requested", "partial", "returned"}),
    "requested": frozenset({"partial", "returned", "none"}),
    "partial": frozenset({"returned"}),
    "returned": frozenset(),
}

# Goods that have not left the shop. Until the order is confirmed, goods move among these only.
NOT_LEFT = frozenset({"unassigned", "accepted", "packed", "not_applicable"})
# What got lost reaches nobody: its money goes back with the order's end.
CANCELLABLE_FULFILMENT = NOT_LEFT | {"lost"}
COMPLETABLE_FULFILMENT = frozenset({"delivered", "not_applicable"})
RETURNABLE_FULFILMENT = frozenset({"delivered", "partially_shipped", "in_transit", "attempted"})


_NOT_PACKED = frozenset({"unassigned", "accepted"})
_OUT = frozenset({"partially_shipped", *_ROAD})


def stops(before: Facets, after: Facets, managed: bool) -> tuple[Facets, ...]:
    """The stands that a move passes through, its end last.

    A sender that only says that the goods left or arrived has packed them too. So no stand is
    skipped, and a sender need not tell a stand for which it has no word.
    """
    skips = before.fulfilment in _NOT_PACKED and after.fulfilment in _OUT
    return (before._replace(fulfilment="packed"), after) if managed and skips else (after,)


def said_by(before: Facets, after: Facets) -> dict[str, str]:
    """The words that a move of a managed order says by itself: a dialect may have a word of its own
    for an order that is rejected after its confirmation.
    """
    rejected = (before.stage, after.stage) == ("confirmed", "rejected")
    return turned_down() if rejected else {}


_STAGE_ORDER = ("draft", "placed", "confirmed", "completed", "archived")
_GOODS_ORDER = {
    "unassigned": 0, "accepted": 1, "packed": 2, "partially_shipped": 3, "in_transit": 3,
    "out_for_delivery": 4, "attempted": 4, "ready_for_pickup": 4, "lost": 4, "delivered": 5,
}  # fmt: skip


def goes_back(before: Facets, after: Facets) -> bool:
    """Whether a mirrored order moved against the usual way: reopened, unpaid again, back in."""
    if before.stage in ENDED and after.stage not in ENDED:
        return True
    if before.stage in _STAGE_ORDER and after.stage in _STAGE_ORDER:
        if _STAGE_ORDER.index(after.stage) < _STAGE_ORDER.index(before.stage):
            return True
    if _GOODS_ORDER.get(after.fulfilment, 6) < _GOODS_ORDER.get(before.fulfilment, 0):
        return after.stage not in ENDED
    repaid = before.payment in ("refunded", "partially_refunded") and after.payment == "paid"
    return repaid or (before.payment == "paid" and after.payment == "pending")


def illegal(before: Facets, after: Facets, managed: bool) -> str | None:
    """Why the move is not allowed to somebody's word, as a sentence; None when it is."""
    if before.stage == "deleted" and after != before:
        return "a deleted order does not move any more"
    if not managed or before == after:
        return None
    if before.stage != after.stage and after.stage not in STAGE_MOVES[before.stage]:
        return f"a {before.stage} order cannot become {after.stage}"
    if after.stage in ("cancelled", "rejected") and after.stage != before.stage:
        if before.fulfilment not in CANCELLABLE_FULFILMENT:
            return f"an order that is {before.fulfilment} cannot be {after.stage} any more"
    if after.stage == "completed" and after.stage != before.stage:
        if after.fulfilment not in COMPLETABLE_FULFILMENT:
            return f"an order that is {after.fulfilment} cannot be completed yet"
    if before.payment != after.payment and after.payment not in PAYMENT_BY_WORD:
        return f"payment moves only with its provider, from {before.payment} not to {after.payment}"
    return _illegal_goods(before, after)


def _back_on_the_shelf(before: Facets, after: Facets) -> bool:
    """Whether an order that is called off is said to have its goods unassigned again."""
    called_off = before.stage in RUNNING and after.stage in ("cancelled", "rejected")
    return called_off and after.fulfilment == "unassigned"


def _illegal_goods(before: Facets, after: Facets) -> str | None:
    if before.fulfilment != after.fulfilment and not _back_on_the_shelf(before, after):
        arrives = (before.stage, after.stage) == ("confirmed", "completed")
        waits = after.stage == "placed" and after.fulfilment in NOT_LEFT
        if after.stage != "confirmed" and not waits:
            if not (arrives and after.fulfilment == "delivered"):
                return f"goods of a {after.stage} order do not move"
        if after.fulfilment not in FULFILMENT_MOVES[before.fulfilment]:
            return f"goods that are {before.fulfilment} cannot become {after.fulfilment}"
    if before.returns != after.returns:
        if why_not := not_returnable(after):
            return why_not
        if after.returns not in RETURN_MOVES[before.returns]:
            return f"a return that is {before.returns} cannot become {after.returns}"
    return None


def not_returnable(facets: Facets) -> str | None:
    """Why no goods come back to an order that stands here, as a sentence; None where they may."""
    if facets.stage in ENDED or facets.fulfilment not in RETURNABLE_FULFILMENT:
        return f"goods that are {facets.fulfilment} cannot come back"
    return None


assert set(STAGE_MOVES) == set(STAGES), "every stage has a row"
assert set(PAYMENT_MOVES) == set(PAYMENTS), "every payment state has a row"
assert set(FULFILMENT_MOVES) == set(FULFILMENTS), "every fulfilment state has a row"
assert set(RETURN_MOVES) == set(RETURNS), "every return state has a row"
