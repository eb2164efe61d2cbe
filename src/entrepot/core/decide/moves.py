"""Moving an order from one stand to the next, with what follows for stock and payment."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import ahead, events, held, lifecycle, unpaid, words
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing, goods, sending
from entrepot.core.decide.jobs import held_here, set_free, taken_up
from entrepot.core.decide.times import planned
from entrepot.core.facets import ENDED, RUNNING, SHIPPED, Facets
from entrepot.core.facts import Facts
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.refusal import Reason, refuse
from entrepot.core.telling import Told, remembered, retold, told_besides

# The reason of a mirrored order whose sender's last words brought it back.
MOVED_BACK = OrderReason.MOVED_BACK
# The pipeline, and no word, says which of these stages a running order has.
_BY_PIPELINE = ("placed", "confirmed")
_EVENT_OF_STAGE = {"cancelled": events.ORDER_CANCELLED, "rejected": events.ORDER_CANCELLED}


class Telling(NamedTuple):
    """Words that somebody tells of an order, and who: `field` is where they stand in the body."""

    told: Told
    source: str
    field: str


def stand(order: Order, facets: Facets, told: dict[str, str] | None = None) -> Order:
    """The order in new facets, with the words that each dialect now shows."""
    return order.changed(**stood(order, facets, told))


def stood(order: Order, facets: Facets, told: dict[str, str] | None = None) -> dict[str, Any]:
    """What `stand` changes of the order, by members."""
    if order.managed and (said := lifecycle.said_by(order.facets, facets)):
        told = said | (told or {})
    kept = words.after_move(order.facets, facets, order.told_words, told)
    return {"facets": facets, "told_words": kept}


def confirm(
    order: Order,
    facts: Facts,
    changes: Changes,
    reason: tuple[str | None, str | None] = (None, None),
) -> Order:
    """The pipeline's last step. `reason`: a code and a sentence of the payment, if there is one."""
    code, detail = reason
    order, confirmed = events.happened(
        order, events.ORDER_CONFIRMED, facts, "pipeline",
        reason=code, reason_detail=detail, parked=False,
        **stood(order, ahead.confirmed(order.facets)),
    )  # fmt: skip
    changes.events.append(confirmed)
    if ahead.is_kept(order):
        order = _take_effect(order, facts, changes)
    changes.orders.put(order)
    return order


def _take_effect(order: Order, facts: Facts, changes: Changes) -> Order:
    """The order is confirmed: what was told ahead of that becomes true.

    Each word was judged when it was told, by the stand of that time. The way from here to the last
    stand leaves stands out, so nobody judges it: goods may have come back from where they were.
    """
    to_come = order.changed(facets=order.facets._replace(stage="placed"))
    told = ahead.told(order)
    telling = Telling(told, words.AXES[told[0][0]].dialect, "")
    order = ahead.dropped(order)
    for stand_to_come in ahead.steps(ahead.stand(to_come)):
        order, end = _passing(order, stand_to_come, telling.source, None, facts, changes)
        order = _arrive(order, end, telling, facts, changes)
    return order


def fail(order: Order, reason: OrderReason, detail: str, facts: Facts, changes: Changes) -> Order:
    """End a placed order for a reason, which it keeps; its claims are given back.

    Words that were told ahead of its confirmation are dropped, and so are the times of its goods.
    """
    if kept := ahead.told(order):
        detail = f"{detail[:200]}; told ahead and dropped: {words.spelled(dict(kept))}"
        order = ahead.dropped(order).changed(shipped_at=None, delivered_at=None)
    order = held.released(stand(order, order.facets._replace(stage="failed")))
    order = order.changed(reason=reason, reason_detail=detail[:500], parked=False)
    order, failed = events.happened(
        order,
        events.ORDER_FAILED,
        facts,
        "pipeline",
        {"reason": reason, "detail": detail[:500]},
    )
    changes.events.append(failed)
    changes.orders.put(order)
    return order


def tell(order: Order, telling: Telling, facts: Facts, changes: Changes) -> Order:
    """Move the order to where these words are true, with what follows.

    Later words win where two contradict. Refused: a move that the lifecycle does not allow.
    """
    if order.managed:
        return _tell_managed(order, telling, facts, changes)
    after = told_besides(order.facets, order.told_words, order.sender_words or "", telling.told)
    return move(order, after, telling, facts, changes)


def retell(order: Order, telling: Telling, facts: Facts, changes: Changes) -> Order:
    """The order's sender tells it again: only words that it had not told last move the order."""
    kept = _last_told(order, telling.told)
    after, changed = retold(order.facets, order.told_words, kept, telling.told)
    order = order.changed(sender_words=remembered(kept, telling.told))
    telling = telling._replace(told=changed)
    if order.managed:
        return _tell_managed(order, telling, facts, changes)
    return move(order, after, telling, facts, changes)


def retell_besides(order: Order, telling: Telling, facts: Facts, changes: Changes) -> Order:
    """A sender that did not bring this mirrored order tells it again: as `tell`, but words that
    were told so last on their axes move nothing.

    What the order's own sender told says how far the order is, and no word here is weighed by it.
    """
    kept = _last_told(order, telling.told)
    last = words.heard(kept)
    news = tuple([pair for pair in telling.told if last.get(pair[0]) != pair[1]])
    order = order.changed(sender_words=remembered(kept, telling.told))
    return tell(order, telling._replace(told=news), facts, changes) if news else order


def _last_told(order: Order, told: Told) -> str:
    """The last words of the sender. An older order does not have them: there the words that still
    show count.
    """
    if order.sender_words is not None or order.managed:
        return order.sender_words or ""
    shows = words.heard(order.told_words)
    return words.spelled({axis: shows[axis] for axis, _ in told if axis in shows})


def _by_words(facets: Facets, told: Told) -> Facets:
    """The facets to which words bring a managed order. Only the pipeline says whether it is
    confirmed.
    """
    after = facets
    for axis, word in told:
        after = words.moved_by(axis, word, after)
    if facets.stage in _BY_PIPELINE and after.stage in _BY_PIPELINE:
        after = after._replace(stage=facets.stage)
    return after


def _tell_managed(order: Order, telling: Telling, facts: Facts, changes: Changes) -> Order:
    """Move a managed order. Before its confirmation the words are judged as they will be after."""
    after = _by_words(order.facets, telling.told)
    if order.facets.stage != "placed":
        return move(order, after, telling, facts, changes)
    before = ahead.stand(order)
    told = tuple([pair for pair in telling.told if _is_news(order, before, *pair)])
    passing, to_come = order.changed(facets=before), _by_words(before, told)
    for stop in lifecycle.stops(before, to_come, managed=True):
        _allow(passing, stop, telling.field)
        passing = passing.changed(facets=stop)
    if after.stage in ENDED:
        # A word of its goods speaks of where they would stand: they do not move with the end.
        after = after._replace(fulfilment=order.facets.fulfilment)
    if ahead.can_be_now(after) and not ahead.is_kept(order):
        return _arrive(order, after, telling, facts, changes)
    shown = {(axis, order.words[axis]) for axis, _ in told}
    if to_come == before and set(told) <= {*ahead.told(order), *shown}:
        return order
    order = dated(passing, before, facts).changed(facets=order.facets)
    order = ahead.keep(order, to_come, told)
    detail = {"told": words.spelled(dict(told)), "ahead": list(to_come)}
    order, event = events.happened(order, events.ORDER_TOLD_AHEAD, facts, telling.source, detail)
    changes.events.append(event)
    return order


def _is_news(order: Order, to_come: Facets, axis: str, word: str) -> bool:
    """Whether a word says more than what the order shows: what was read and is sent back does not.

    `to_come` is where the order will stand: a word that is shown and stays true says so again.
    """
    return word != order.words[axis] or words.is_true(axis, word, to_come)


def move(order: Order, after: Facets, telling: Telling, facts: Facts, changes: Changes) -> Order:
    """Move the order, by every stop on its way, with what follows. Refused: an illegal move."""
    order, end = on_the_way(order, after, telling.source, telling.field, facts, changes)
    return _arrive(order, end, telling, facts, changes)


def on_the_way(
    order: Order, after: Facets, source: str, field: str, facts: Facts, changes: Changes
) -> tuple[Order, Facets]:
    """The order at its last stop on the way to `after`, and its end, where the order may go."""
    order, end = _passing(order, after, source, field, facts, changes)
    _allow(order, end, field)
    if order.managed and end.stage in ENDED and order.facets.fulfilment == "lost":
        _all_lost(order, field, facts, changes)
    return order, end


def _all_lost(order: Order, field: str, facts: Facts, changes: Changes) -> None:
    """Refuse to call an order off of which goods arrived beside those that got lost."""
    its = sending.shipments_of(order, facts, changes)
    if any(one.state == "delivered" for one in its) and order.facets.stage in RUNNING:
        sentence = "goods of the order arrived: give back the money of what got lost instead"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, field=field)


def _passing(
    order: Order, after: Facets, source: str, field: str | None, facts: Facts, changes: Changes
) -> tuple[Order, Facets]:
    """The order at its last stop on the way to `after`, and its end. With `field`, which told the
    move, each stop has to be allowed.
    """
    *passed, end = lifecycle.stops(order.facets, after, order.managed)
    for stop in passed:
        if field is not None:
            _allow(order, stop, field)
        order, event = events.happened(stand(order, stop), events.ORDER_MOVED, facts, source)
        changes.events.append(event)
    return order, end


def _arrive(order: Order, end: Facets, telling: Telling, facts: Facts, changes: Changes) -> Order:
    """The order where these words bring it, with what follows; that it may is known."""
    told, source, _ = telling
    if order.managed and end == order.facets and end.stage in ENDED:
        return order  # it shows for good what it ended as
    before, moved = order, stand(order, end, dict(told))
    if moved.facets == before.facets:
        return moved
    moved = dated(moved, before.facets, facts)
    detail = None
    if moved.managed:
        moved = _consequences(before, moved, source, facts, changes)
    else:
        moved, detail = _told_of_way_back(before.facets, moved, told)
    type_ = _EVENT_OF_STAGE.get(end.stage) if end.stage != before.facets.stage else None
    type_ = type_ or events.ORDER_MOVED
    moved, event = events.happened(moved, type_, facts, source, detail)
    changes.events.append(event)
    return moved


def _told_of_way_back(
    before: Facets, order: Order, told: Told
) -> tuple[Order, dict[str, Any] | None]:
    """A telling that comes late is taken like any other, and the order says so until it goes on."""
    if not lifecycle.goes_back(before, order.facets):
        if order.reason == MOVED_BACK:
            order = order.changed(reason=None, reason_detail=None)
        return order, None
    words_told = words.spelled(dict(told))
    was = f"{before.stage}, {before.fulfilment}"
    sentence = f"told {words_told} when the order was {was}"
    detail = {"back": True, "told": words_told, "was": list(before)}
    return order.changed(reason=MOVED_BACK, reason_detail=sentence[:500]), detail


def _allow(order: Order, after: Facets, field: str) -> None:
    why_not = lifecycle.illegal(order.facets, after, order.managed) or held.forbids(order, after)
    why_not = why_not or unpaid.forbids(order, after)
    if why_not is not None:
        raise refuse(Reason.ILLEGAL_MOVE, why_not, field=field)


def dated(order: Order, before: Facets, facts: Facts) -> Order:
    """The order with the times at which its goods left and arrived, unless they were told.

    A time goes with its fact: goods that are said to be back in the shop have not left.
    """
    now, after = facts.now, order.facets.fulfilment
    if order.managed and after in SHIPPED:
        order = _no_longer_planned(order, before, facts)
    if after in SHIPPED and order.shipped_at is None and before.fulfilment not in SHIPPED:
        # Goods that were told to have arrived had left by then.
        order = order.changed(shipped_at=min(now, order.delivered_at or now))
    elif after not in SHIPPED and before.fulfilment in SHIPPED:
        order = order.changed(shipped_at=None)
    if after == "delivered" and order.delivered_at is None:
        order = order.changed(delivered_at=max(now, order.shipped_at or now))
    elif after != "delivered" == before.fulfilment:
        order = order.changed(delivered_at=None)
    return order


def _no_longer_planned(order: Order, before: Facets, facts: Facts) -> Order:
    """A move that happens now does not have the time that was planned for it."""
    if before.fulfilment not in SHIPPED and planned(order.shipped_at, facts):
        order = order.changed(shipped_at=None)
    arrives = order.facets.fulfilment == "delivered" != before.fulfilment
    if arrives and planned(order.delivered_at, facts):
        order = order.changed(delivered_at=None)
    return order


def _consequences(
    before: Order, after: Order, source: str, facts: Facts, changes: Changes
) -> Order:
    if after.facets.stage not in RUNNING:
        # The steps that stood still go on to their end.
        set_free(after, facts, changes)
        after = held.released(after)
    if after.facets.stage in ENDED and before.facets.stage in RUNNING:
        after = after.changed(
            reason=OrderReason(after.facets.stage),
            reason_detail=f"told by {source}",
            parked=False,
        )
        if goods.release(after, facts, changes):
            after, released = events.happened(after, events.STOCK_RELEASED, facts, source)
            changes.events.append(released)
        _let_go_of_payment(after, facts, changes)
    elif _leaves(after.facets) and not _leaves(before.facets):
        after = sending.send_the_rest(before, after, source, facts, changes)
        capturing.goods_left(after, facts, changes)
    if after.facets.fulfilment != before.facets.fulfilment:
        sending.arrive(after, facts, changes)
    return after


def _leaves(facets: Facets) -> bool:
    """Whether the goods are gone; what needs no shipping goes when the order is completed."""
    return facets.fulfilment in SHIPPED or facets.stage == "completed"


def _let_go_of_payment(order: Order, facts: Facts, changes: Changes) -> None:
    """Give the money of an order back that ended. An authorisation that is still under way is
    voided by its own job.

    A step that is parked, put off or waits for a notification is due at once: it asks the provider
    for the outcome of the payment, or just ends. A step that a worker has in hand finds out after
    its call.
    """
    funds = facts.funds_of((order.org, order.id))
    if funds is not None and any(one.authorisation.state == "done" for one in funds.payments):
        capturing.give_back(order, funds, facts, changes)
    else:
        changes.jobs.put_all(held_here(job, facts) for job in taken_up(order, facts))
