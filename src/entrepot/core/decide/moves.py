"""Moving an order from one stand to the next, with what follows for stock and payment."""

from __future__ import annotations

from entrepot.core import events, lifecycle, words
from entrepot.core.decide import goods
from entrepot.core.decide.jobs import held_here, new_job, taken_up
from entrepot.core.facets import ENDED, SHIPPED, Facets
from entrepot.core.facts import Facts
from entrepot.core.order import Changes, Order
from entrepot.core.refusal import Reason, refuse

_EVENT_OF_STAGE = {"cancelled": events.ORDER_CANCELLED, "rejected": events.ORDER_CANCELLED}


def stand(order: Order, facets: Facets, told: dict[str, str] | None = None) -> Order:
    """The order in new facets, with the words that each dialect now shows."""
    return order.changed(facets=facets, words=words.shown(facets, order.words, told))


def confirm(order: Order, facts: Facts, changes: Changes, told: str | None = None) -> Order:
    """The pipeline's last step. `told`: what there is to say of the payment, if anything."""
    order = stand(order, order.facets._replace(stage="confirmed"))
    reason = "sandbox" if told else None
    order = order.changed(reason=reason, reason_detail=told, parked=False)
    order, confirmed = events.happened(order, events.ORDER_CONFIRMED, facts.now, "pipeline")
    changes.events.append(confirmed)
    changes.orders.append(order)
    return order


def fail(order: Order, reason: str, detail: str, facts: Facts, changes: Changes) -> Order:
    """End a placed order for a reason, which it keeps; what it claimed is given back."""
    order = stand(order, order.facets._replace(stage="failed"))
    order = order.changed(reason=reason, reason_detail=detail[:500], parked=False)
    order, failed = events.happened(
        order,
        events.ORDER_FAILED,
        facts.now,
        "pipeline",
        {"reason": reason, "detail": detail[:500]},
    )
    changes.events.append(failed)
    changes.orders.append(order)
    return order


def tell(
    order: Order,
    told: tuple[tuple[str, str], ...],
    source: str,
    field: str,
    facts: Facts,
    changes: Changes,
) -> Order:
    """Move the order to where these words are true, with what follows.

    Later words win where two contradict. Refused: a move that the lifecycle does not allow.
    """
    after = order.facets
    for axis, word in told:
        after = words.moved_by(axis, word, after)
    *passed, end = lifecycle.stops(order.facets, after, order.managed)
    for stop in passed:
        _allow(order, stop, field)
        order, event = events.happened(stand(order, stop), events.ORDER_MOVED, facts.now, source)
        changes.events.append(event)
    _allow(order, end, field)
    before, moved = order, stand(order, end, dict(told))
    if moved.facets == before.facets:
        return moved
    moved = _dates(moved, before.facets, facts)
    if moved.managed:
        moved = _consequences(before, moved, source, facts, changes)
    type_ = _EVENT_OF_STAGE.get(end.stage) if end.stage != before.facets.stage else None
    moved, event = events.happened(moved, type_ or events.ORDER_MOVED, facts.now, source)
    changes.events.append(event)
    return moved


def _allow(order: Order, after: Facets, field: str) -> None:
    why_not = lifecycle.illegal(order.facets, after, order.managed)
    if why_not is not None:
        raise refuse(Reason.ILLEGAL_MOVE, why_not, field=field)


def _dates(order: Order, before: Facets, facts: Facts) -> Order:
    now, after = facts.now, order.facets.fulfilment
    if after in SHIPPED and before.fulfilment not in SHIPPED and order.shipped_at is None:
        order = order.changed(shipped_at=now)
    if after == "delivered" and order.delivered_at is None:
        order = order.changed(delivered_at=now)
    return order


def _consequences(
    before: Order, after: Order, source: str, facts: Facts, changes: Changes
) -> Order:
    if after.facets.stage in ENDED and before.facets.stage not in ENDED:
        after = after.changed(
            reason=after.facets.stage, reason_detail=f"told by {source}", parked=False
        )
        if goods.release(after, facts, changes):
            after, released = events.happened(after, events.STOCK_RELEASED, facts.now, source)
            changes.events.append(released)
        _let_go_of_payment(after, facts, changes)
    elif _leaves(after.facets) and not _leaves(before.facets):
        if goods.ship(after, facts, changes):
            after, shipped = events.happened(after, events.STOCK_SHIPPED, facts.now, source)
            changes.events.append(shipped)
    return after


def _leaves(facets: Facets) -> bool:
    """Whether the goods are gone; what needs no shipping goes when the order is completed."""
    return facets.fulfilment in SHIPPED or facets.stage == "completed"


def _let_go_of_payment(order: Order, facts: Facts, changes: Changes) -> None:
    """Void an authorisation that nobody needs; one still under way is voided by its own job.

    A step that is parked, put off or waits for a notification is due at once: it asks the provider
    what came of the attempt, or just ends. One that a worker has in hand finds out after its call.
    """
    attempt = facts.attempts.get((order.org, order.id))
    if attempt is not None and attempt.state == "authorized":
        changes.attempts.append(attempt._replace(state="voiding", updated_at=facts.now))
        changes.jobs.append(new_job("void", order.org, order.id, facts))
    else:
        changes.jobs.extend(held_here(job, facts) for job in taken_up(order, facts))
