"""The legal moves of a managed order, one table a facet; a mirrored order only obeys `deleted`.

Documented rows (contracts/synq.md 4.2): `confirmed` goes only to `processing` or `cancelled`,
and `cancelled` and `failed` are terminal. The rest is our choice, printed into docs/lifecycle.md.
"""

from __future__ import annotations

from entrepot.core.facets import ENDED, FULFILMENTS, PAYMENTS, RETURNS, STAGES, Facets

# What anybody may ask for. What only the pipeline may do is in PIPELINE_MOVES.
STAGE_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"placed", "cancelled", "deleted"}),
    "placed": frozenset({"cancelled", "rejected"}),
    "confirmed": frozenset({"cancelled", "completed"}),
    "completed": frozenset({"archived"}),
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
    "pending": frozenset({"authorized", "declined", "voided"}),
    "authorized": frozenset({"paid", "voided"}),
    "paid": frozenset({"partially_refunded", "refunded", "disputed"}),
    "partially_refunded": frozenset({"refunded", "disputed"}),
    "disputed": frozenset({"paid", "refunded"}),
    "refunded": frozenset(),
    "voided": frozenset(),
    "declined": frozenset(),
}
# Payment moves only with its service; no dialect's word may claim money for a managed order.
PAYMENT_BY_WORD: frozenset[str] = frozenset()

_ROAD = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup", "delivered", "lost")
FULFILMENT_MOVES: dict[str, frozenset[str]] = {
    # Goods leave packed, never before: Synq's `confirmed` becomes `processing`, not `fulfilled`.
    "unassigned": frozenset({"accepted", "packed", "not_applicable"}),
    "accepted": frozenset({"packed", "not_applicable"}),
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

CANCELLABLE_FULFILMENT = frozenset({"unassigned", "accepted", "not_applicable"})
COMPLETABLE_FULFILMENT = frozenset({"delivered", "not_applicable"})
RETURNABLE_FULFILMENT = frozenset({"delivered", "partially_shipped", "in_transit", "attempted"})


_NOT_PACKED = frozenset({"unassigned", "accepted"})
_OUT = frozenset({"partially_shipped", *_ROAD})


def stops(before: Facets, after: Facets, managed: bool) -> tuple[Facets, ...]:
    """The stands that a move passes through, its end last.

    Who only says that the goods left or arrived has packed them too: no stand is skipped, and no
    sender has to know of one that its own words do not need.
    """
    skips = before.fulfilment in _NOT_PACKED and after.fulfilment in _OUT
    return (before._replace(fulfilment="packed"), after) if managed and skips else (after,)


def illegal(before: Facets, after: Facets, managed: bool) -> str | None:
    """Why the move is not allowed to somebody's word, as a sentence; None when it is."""
    if before.stage == "deleted" and after != before:
        return "a deleted order does not move any more"
    if not managed or before == after:
        return None
    if before.stage != after.stage and after.stage not in STAGE_MOVES[before.stage]:
        return f"a {before.stage} order cannot become {after.stage}"
    if after.stage == "cancelled" and after.stage != before.stage:
        if before.fulfilment not in CANCELLABLE_FULFILMENT:
            return f"an order that is {before.fulfilment} cannot be cancelled any more"
    if after.stage == "completed" and after.stage != before.stage:
        if after.fulfilment not in COMPLETABLE_FULFILMENT:
            return f"an order that is {after.fulfilment} cannot be completed yet"
    if before.payment != after.payment and after.payment not in PAYMENT_BY_WORD:
        return f"payment moves only with its provider, from {before.payment} not to {after.payment}"
    return _illegal_goods(before, after)


def _illegal_goods(before: Facets, after: Facets) -> str | None:
    if before.fulfilment != after.fulfilment:
        arrives = (before.stage, after.stage) == ("confirmed", "completed")
        if after.stage != "confirmed" and not (arrives and after.fulfilment == "delivered"):
            return f"goods of a {after.stage} order do not move"
        if after.fulfilment not in FULFILMENT_MOVES[before.fulfilment]:
            return f"goods that are {before.fulfilment} cannot become {after.fulfilment}"
    if before.returns != after.returns:
        if after.stage in ENDED or after.fulfilment not in RETURNABLE_FULFILMENT:
            return f"goods that are {after.fulfilment} cannot come back"
        if after.returns not in RETURN_MOVES[before.returns]:
            return f"a return that is {before.returns} cannot become {after.returns}"
    return None


assert set(STAGE_MOVES) == set(STAGES), "every stage has a row"
assert set(PAYMENT_MOVES) == set(PAYMENTS), "every payment state has a row"
assert set(FULFILMENT_MOVES) == set(FULFILMENTS), "every fulfilment state has a row"
assert set(RETURN_MOVES) == set(RETURNS), "every return state has a row"
