"""The legal moves of an order, read from the tables of the lifecycle by the audit's own code.

The tables are the law, and are shared. The code that decides by the tables is not shared.
"""

from __future__ import annotations

from entrepot.core import lifecycle
from entrepot.core.facets import ENDED, RUNNING, Facets


def why_illegal(before: Facets, after: Facets, *, managed: bool) -> str | None:
    """Why an order that stood here cannot come to stand there by somebody's word; None if it can.

    A mirrored order may go anywhere but out of `deleted`.
    """
    if before == after:
        return None
    if before.stage == "deleted":
        return "a deleted order moved"
    if not managed:
        return None
    return _stage(before, after) or _payment(before, after) or _goods(before, after)


def _stage(before: Facets, after: Facets) -> str | None:
    if before.stage == after.stage:
        return None
    allowed = after.stage in lifecycle.STAGE_MOVES[before.stage]
    if after.stage in ("cancelled", "rejected"):
        allowed = allowed and before.fulfilment in lifecycle.CANCELLABLE_FULFILMENT
    if after.stage == "completed":
        allowed = allowed and after.fulfilment in lifecycle.COMPLETABLE_FULFILMENT
    return None if allowed else f"{before.stage}, {before.fulfilment} became {after.stage}"


def _payment(before: Facets, after: Facets) -> str | None:
    if before.payment == after.payment or after.payment in lifecycle.PAYMENT_BY_WORD:
        return None
    return f"a word moved the payment from {before.payment} to {after.payment}"


def _goods(before: Facets, after: Facets) -> str | None:
    was, now = before.fulfilment, after.fulfilment
    called_off = before.stage in RUNNING and after.stage in ("cancelled", "rejected")
    if was != now and not (called_off and now == "unassigned"):
        arrive = (before.stage, after.stage, now) == ("confirmed", "completed", "delivered")
        before_confirmed = after.stage == "placed" and now in lifecycle.NOT_LEFT
        if not (after.stage == "confirmed" or arrive or before_confirmed):
            return f"goods of a {after.stage} order moved"
        if now not in lifecycle.FULFILMENT_MOVES[was]:
            return f"goods that were {was} became {now}"
    if before.returns == after.returns:
        return None
    may_come = after.stage not in ENDED and now in lifecycle.RETURNABLE_FULFILMENT
    if may_come and after.returns in lifecycle.RETURN_MOVES[before.returns]:
        return None
    return f"a return that was {before.returns} became {after.returns}"
