"""Holding an order, so that it stands still, and releasing it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, held
from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import set_free
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facets import RUNNING
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Job, Order
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult


class HoldOrder(NamedTuple):
    """The order's pipeline and goods stand still from now on, for a reason that people read."""

    org: int
    source: str
    order_id: bytes
    reason: str = ""


class ReleaseOrder(NamedTuple):
    """The order goes on where it stood when it was held."""

    org: int
    source: str
    order_id: bytes


def wants_to_hold(command: HoldOrder, needs: Needs) -> None:
    """The order and its steps."""
    needs.orders.add((command.org, command.order_id))
    needs.steps.add((command.org, command.order_id))


def hold(command: HoldOrder, facts: Facts) -> Decision:
    """Stop the order's steps and keep its goods in the shop.

    A step that a worker has in hand is taken from it: what comes of its call is found out once the
    order is released. An order that is held is held for another reason then, or stays as it is.
    Refused: an unknown order, one that another system runs, one that has come to its end.
    """
    order = _found(command, facts)
    if len(command.reason) > held.REASON_MAX:
        sentence = f"must not be longer than {held.REASON_MAX} characters"
        raise refuse(Reason.INVALID, sentence, "reason")
    if not order.managed:
        raise refuse(Reason.ILLEGAL_MOVE, "another system runs a mirrored order")
    if order.facets.stage not in RUNNING:
        raise refuse(Reason.ILLEGAL_MOVE, f"a {order.facets.stage} order cannot be held")
    changes = Changes(facts)
    if held.why(order) == command.reason:
        return Decision(changes, OrderResult(order))
    for job in _steps(order, facts):
        if job.state != held.STOPPED:
            # The fence rises, so that a worker finishes nothing of a step that it has in hand.
            # Its call may be on its way for as long as the worker had it in hand.
            over = max(job.leased_until, facts.now)
            stopped = job._replace(
                state=held.STOPPED, run_at=over, leased_until=0, holder=None, fence=job.fence + 1
            )
            changes.jobs.put(stopped)
    order = held.held(goes_on(order), command.reason)
    detail = {"reason": command.reason} if command.reason else None
    order, event = events.happened(order, events.ORDER_HELD, facts, command.source, detail)
    changes.events.append(event)
    changes.orders.put(order)
    return Decision(changes, OrderResult(order))


def wants_to_release(command: ReleaseOrder, needs: Needs) -> None:
    """The whole order with its steps, which this process may take in hand at once."""
    needs.whole_order(command.org, command.order_id)
    needs.steps.add((command.org, command.order_id))
    needs.ending.add((command.org, command.order_id))


def release(command: ReleaseOrder, facts: Facts) -> Decision:
    """Make the order's steps due that stand still. An order that nobody holds stays as it is."""
    order = _found(command, facts)
    changes = Changes(facts)
    if not held.is_held(order):
        return Decision(changes, OrderResult(order))
    set_free(order, facts, changes, facts.now)
    order = held.released(order)
    order, event = events.happened(order, events.ORDER_RELEASED, facts, command.source)
    changes.events.append(event)
    changes.orders.put(order)
    return Decision(changes, OrderResult(order))


def _found(command: HoldOrder | ReleaseOrder, facts: Facts) -> Order:
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    return order


def _steps(order: Order, facts: Facts) -> list[Job]:
    return [
        job
        for job in facts.jobs.values()
        if (job.org, job.order_id) == (order.org, order.id) and job.kind in held.STEPS
    ]
