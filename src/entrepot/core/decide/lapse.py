"""A hold of money comes to its end: the order says so, and the organization's rule follows."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, held, lapsing
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.capture import amount_text
from entrepot.core.decide.jobs import job_ids, set_to_work
from entrepot.core.decide.waiting import says
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import SETTINGS
from entrepot.core.payment import FullPayment
from entrepot.core.results import Decision, StepResult
from entrepot.core.shown import moment

_DOES = {"alarm": "", "capture": "; it is taken", "release": "; it is let go"}


class HoldLapses(NamedTuple):
    """Pipeline: the service holds the order's money no longer than until `ends_at`."""

    org: int
    order_id: bytes
    payment: int  # the payment's number
    ends_at: int  # microseconds
    several: bool  # whether the service captures more than once


def wants(command: HoldLapses, needs: Needs) -> None:
    """The whole order, its steps, and what its organization chose."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.update((command.org, id_) for id_ in job_ids(command.order_id))
    needs.of(SETTINGS).add((command.org,))


def lapse(command: HoldLapses, facts: Facts) -> Decision:
    """Tell it once an order, and have the money taken or let go by the organization's rule.

    Nothing happens where no money is held, where another system runs the order, or where the order
    has ended: its money is on its way back.
    """
    key = (command.org, command.order_id)
    order, payment = facts.orders.get(key), facts.payment_of(key)
    changes = Changes(facts)
    if order is None or payment is None or not _concerns(command, order, payment):
        return Decision(changes, StepResult(None, payment, order))
    units = payment.capturable
    rule = _rule(command, order, payment, facts)
    amount, its = amount_text(units, payment), payment.payment
    until = moment(command.ends_at)
    detail = {"amount": amount, "service": its.service, "ends": until, "rule": rule}
    why = f"{its.service} holds {amount} {its.currency} until {until}{_DOES[rule]}"
    order = _said(lapsing.told(order, command.payment), why)
    order, event = events.happened(order, events.HOLD_LAPSES, facts, "pipeline", detail)
    changes.events.append(event)
    changes.orders.put(order)
    if rule == "capture":
        payment = payment.put(capturing.capture(order, payment, units, facts, changes))
    elif rule == "release":
        void = payment.void(facts.now)
        changes.operations.put(void)
        payment = payment.put(void)
        set_to_work("void", order, facts, changes)
    return Decision(changes, StepResult(None, payment, order))


def _concerns(command: HoldLapses, order: Order, payment: FullPayment) -> bool:
    """Whether there is anything to tell: money is held that nothing takes or lets go."""
    return (
        order.managed
        and order.facets.stage not in ENDED
        and payment.payment.number == command.payment
        and payment.capturable > 0
        and not lapsing.is_told(order.sender_words)
    )


def _rule(command: HoldLapses, order: Order, payment: FullPayment, facts: Facts) -> str:
    """What is done. A person decides where the organization's rule does not fit the order."""
    rule = capturing.settings_of(command.org, facts).lapsing
    if held.is_held(order) or order.parked:
        return "alarm"
    if payment.first_open("capture") is not None:
        # Its outcome is not known. Until then nobody knows what there is to let go.
        return "alarm"
    if rule == "capture" and payment.taken and not command.several:
        return "alarm"
    if rule == "release" and not _all_here(order):
        return "alarm"
    return rule


def _all_here(order: Order) -> bool:
    """Whether all goods of a confirmed order are still in the shop."""
    return order.facets.stage == "confirmed" and order.facets.fulfilment in NOT_LEFT


def _said(order: Order, why: str) -> Order:
    """The order with the alarm as its reason. A parked order keeps its own, for it waits for a
    person.
    """
    return order if order.parked else says(order, OrderReason.HOLD_LAPSES, why)
