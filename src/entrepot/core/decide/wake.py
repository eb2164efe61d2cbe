"""A provider says that something came of a payment: its step asks the provider now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from entrepot.core import ids
from entrepot.core.changes import Changes
from entrepot.core.decide import after_done, late_money
from entrepot.core.decide.by_hand import is_watched
from entrepot.core.decide.jobs import held_here
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.needs import Needs
from entrepot.core.notice import NOTICES, Notice, NoticeKey, Topics
from entrepot.core.order import Order
from entrepot.core.references import is_payment
from entrepot.core.results import Decision, StepResult


class WakeStep(NamedTuple):
    """A notification of a payment service, of which only a reference and the topics are taken."""

    org: int
    service: str
    reference: str  # the provider's own, of a payment whose outcome the provider says later
    event: str = ""  # the notice of the notification, if it is kept: heard now, if a step waits
    topics: Topics = Topics()


def wants(command: WakeStep, needs: Needs) -> None:
    """The order with the payment that has the reference, if there is one."""
    reference = command.org, command.service, command.reference
    needs.running.add(reference)
    if command.topics.money:
        needs.without_money.add(reference)
    if command.topics.failure or command.topics.dispute or command.topics.refund:
        needs.moved.add(reference)
    if command.topics.hold and is_payment(command.service, command.reference):
        needs.standing.add(reference)
    named = ids.any_spelling(command.reference)
    if named is not None:
        # A service tells the order's id where it was told the id.
        needs.whole_order(command.org, named)
        needs.steps.add((command.org, named))
    if command.event:
        needs.of(NOTICES).add(_notice_key(command))


def _notice_key(command: WakeStep) -> NoticeKey:
    return command.org, command.service, command.reference, command.event


def wake(command: WakeStep, facts: Facts) -> Decision:
    """Make the step due that waits for this payment, whether the step is put off or parked.

    Nothing else of the notification is believed: the step asks the provider. The tries of the step
    stay, so that notifications cannot have a provider asked for ever. An unknown reference, a
    step that is due, in a worker's hands or of an order that is held change nothing. The payments
    of an order that is named by its id are looked at in three cases:

    - Money was taken, which may be disputed, or given back. A notification of that finds the order
      by the reference of its capture as well: a dispute names the disputed payment alone.
    - A payment has no money, and the notification tells of some. The order is also found by the
      reference of the payment that came to nothing.
    - Money is held, and the notification tells that a hold is no more. The order is also found by
      the reference that the order came with.

    A notice that nothing waits for stays unheard, and a step that puts itself off looks for such a
    notice.

    A notification that a capture or a refund failed has every capture and refund asked about again:
    those that are done, and those that a worker asks about, whose answer may be older.
    """
    changes = Changes(facts)
    if command.topics.failure and (asked := _ask_again(command, facts, changes)) is not None:
        return asked
    order_id = facts.by_reference.get((command.org, command.service, command.reference))
    order = facts.orders.get((command.org, order_id)) if order_id else None
    if order is None:
        return _look(command, facts, changes)
    now = facts.now
    waiting = [
        job
        for job in facts.jobs.values()
        if (job.org, job.order_id) == (order.org, order.id)
        and job.leased_until <= now
        and (job.state == "parked" or (job.state == "due" and job.run_at > now))
    ]
    for job in waiting:
        due = job._replace(state="due", run_at=now, put_off_at=now)
        changes.jobs.put(held_here(due, facts))
    if waiting:
        _is_heard(_notice(command, facts), facts, changes)
        if order.parked:
            # An operator was called and is not needed now: a reader by time has to see that.
            order = order.changed(updated_at=max(now, order.updated_at + 1000))
            changes.orders.put(goes_on(order))
        elif (goes := goes_on(order)) != order:
            changes.reasons.append(goes)
    return Decision(changes, StepResult(None))


def _named_order(
    command: WakeStep, facts: Facts, *indexes: Mapping[tuple[int, str, str], bytes]
) -> tuple[Order, Funds] | None:
    """The order that the notification names, with its payments: by the reference in one of these
    indexes, or by the order's own id. None where its payments are at another service.
    """
    named = command.org, command.service, command.reference
    order_id = next(filter(None, [index.get(named) for index in indexes]), None)
    key = (command.org, order_id or ids.any_spelling(command.reference) or b"")
    order, funds = facts.orders.get(key), facts.funds_of(key)
    if order is None or funds is None or funds.service != command.service:
        return None
    return order, funds


def _notice(command: WakeStep, facts: Facts) -> Notice | None:
    """The notification as it is kept, if it is."""
    return facts.of(NOTICES).get(_notice_key(command)) if command.event else None


def _is_heard(notice: Notice | None, facts: Facts, changes: Changes) -> None:
    if notice is not None and not notice.heard_at:
        changes.of(NOTICES).put(notice._replace(heard_at=facts.now))


def _ask_again(command: WakeStep, facts: Facts, changes: Changes) -> Decision | None:
    """Have the service asked about every capture and refund of the order; None where there is none.
    Whoever waits for an answer on one holds its step no longer.
    """
    found = _named_order(command, facts, facts.by_reference, facts.moved)
    if found is None:
        return None
    order, funds = found
    notice = _notice(command, facts)
    if notice is not None and notice.heard_at:
        return Decision(changes, StepResult(None))  # a repeat
    steps = [
        job for job in facts.jobs.values()
        if (job.org, job.order_id) == (order.org, order.id) and job.kind in after_done.MOVES
        and job.state in ("due", "parked")
    ]  # fmt: skip
    for job in steps:
        again = job._replace(
            state="due", run_at=facts.now, put_off_at=facts.now, leased_until=0,
            fence=job.fence + 1,
        )  # fmt: skip
        changes.jobs.put(held_here(again, facts))
    if steps and order.parked:
        at = max(facts.now, order.updated_at + 1000)
        changes.orders.put(goes_on(order.changed(updated_at=at)))
    if after_done.has_moved(funds):
        told_at = facts.now if notice is None else notice.received_at
        late_money.look_again(order, told_at, facts, changes)
    elif not steps:
        return None
    _is_heard(notice, facts, changes)
    return Decision(changes, StepResult(None))


def _look(command: WakeStep, facts: Facts, changes: Changes) -> Decision:
    """Have the payment looked at of an order that the notification names by the order's id, by the
    reference of a payment that came to nothing or is held, or of a capture that is disputed.
    """
    found = _named_order(command, facts, facts.without_money, facts.moved, facts.standing)
    if found is None:
        return Decision(changes, StepResult(None))
    order, funds = found
    late = command.topics.money and late_money.may_have_late_money(order, funds)
    held = command.topics.hold and any(is_watched(order, one) for one in funds.payments)
    if late or held or funds.is_disputable:
        notice = _notice(command, facts)
        if notice is not None and notice.heard_at:
            return Decision(changes, StepResult(None))  # a repeat
        told_at = facts.now if notice is None else notice.received_at
        late_money.look_again(order, told_at, facts, changes)
        _is_heard(notice, facts, changes)
    return Decision(changes, StepResult(None))
