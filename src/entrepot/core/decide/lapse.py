"""A hold of money comes to its end: the order says so, and the organization's rule follows."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, held, lapsing
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing, renew
from entrepot.core.decide.jobs import job_ids
from entrepot.core.decide.waiting import says
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import SETTINGS
from entrepot.core.payment import FullPayment
from entrepot.core.results import Decision, LapseResult
from entrepot.core.shown import moment

_DOES = {
    "alarm": "", "capture": "; it is taken", "release": "; it is let go",
    "renew": "; the service is asked to hold it anew",
}  # fmt: skip


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
    """Tell it once an order, and have the money taken, let go or held anew by the organization's
    rule.

    Nothing happens where no money is held, where another system runs the order, or where the order
    has ended: its money is on its way back. Neither does anything while the service is asked to
    hold other money of the order anew: the next walk tells it.
    """
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    payment = None if funds is None else funds.of(command.payment)
    changes = Changes(facts)
    if order is None or funds is None or payment is None or not _concerns(order, payment):
        return Decision(changes, LapseResult(told=False))
    rule = _rule(command, order, funds, facts)
    if rule is None:
        return Decision(changes, LapseResult(told=False))
    units, until = payment.capturable, moment(command.ends_at)
    detail = {
        "amount": funds.amount(units).text(), "service": funds.service, "ends": until, "rule": rule,
    }  # fmt: skip
    why = f"{funds.service} holds {funds.text(units)} until {until}{_DOES[rule]}"
    if rule == "alarm" and (instead := _instead(command, funds, facts)) is not None:
        why = f"{why}; {instead}"
    order = _said(lapsing.told(order, command.payment), why)
    order, event = events.happened(order, events.HOLD_LAPSES, facts, "pipeline", detail)
    changes.events.append(event)
    changes.orders.put(order)
    # The oldest money goes first: this payment's, and what lapses even before it.
    older = sum([one.capturable for one in funds.payments[: command.payment - 1]])
    if rule == "capture":
        capturing.capture(order, funds, older + units, facts, changes)
    elif rule == "renew":
        renew.ask(order, funds, command.payment, older + units, facts, changes)
    elif rule == "release":
        capturing.let_go(order, funds, command.payment, facts, changes)
    return Decision(changes, LapseResult(told=True))


def _concerns(order: Order, payment: FullPayment) -> bool:
    """Whether there is anything to tell: money is held that nothing takes or lets go."""
    return (
        order.managed
        and not order.is_off
        and payment.capturable > 0
        and not lapsing.is_told(order.sender_words, payment.payment.number)
    )


def _rule(command: HoldLapses, order: Order, funds: Funds, facts: Facts) -> str | None:
    """The rule that applies; None while a renewal is under way, by the rule to renew. A person
    decides where the organization's rule does not fit the order.
    """
    rule = capturing.settings_of(command.org, facts).lapsing
    if rule == "renew" and funds.renewing is not None:
        return None
    if held.is_held(order) or order.parked:
        return "alarm"
    if funds.with_open("capture") is not None or funds.asked is not None:
        # Its outcome is not known. Until then nobody knows what there is to let go.
        return "alarm"
    if rule == "capture" and funds.payments[command.payment - 1].taken and not command.several:
        return "alarm"
    if rule == "release" and not _all_here(order):
        return "alarm"
    if _instead(command, funds, facts) is not None:
        return "alarm"
    return rule


def _instead(command: HoldLapses, funds: Funds, facts: Facts) -> str | None:
    """Why the hold is not renewed although the organization has that rule, in words."""
    if capturing.settings_of(command.org, facts).lapsing != "renew":
        return None
    return renew.why_not(funds.payments[command.payment - 1])


def _all_here(order: Order) -> bool:
    """Whether all goods of a confirmed order are still in the shop."""
    return order.facets.stage == "confirmed" and order.facets.fulfilment in NOT_LEFT


def _said(order: Order, why: str) -> Order:
    """The order with the alarm as its reason. A parked order keeps its own, for it waits for a
    person.
    """
    return order if order.parked else says(order, OrderReason.HOLD_LAPSES, why)
