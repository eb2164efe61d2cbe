"""Taking the money of an order: somebody's word for it, and what the step finds due."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events, held
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.jobs import held_job, job_ids
from entrepot.core.exponents import too_fine
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.organization import SETTINGS
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult, StepResult


class CaptureOrder(NamedTuple):
    """Take the order's money, or this amount of it. Without an amount all that is held is taken."""

    org: int
    source: str
    order_id: bytes
    amount: Amount | None = None
    field: str = "amount"  # where the amount stands in the sender's body, for refusals


class PrepareCapture(NamedTuple):
    """Pipeline: write down what is to be taken of the order now. Its step asks the service then."""

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    several: bool  # whether the service captures more than once


def wants(command: CaptureOrder, needs: Needs) -> None:
    """The whole order, and its steps."""
    needs.whole_order(command.org, command.order_id)
    needs.steps.add((command.org, command.order_id))


def capture(command: CaptureOrder, facts: Facts) -> Decision:
    """Write the capture down; its step asks the service.

    Refused: an unknown order, an order that is not confirmed, has ended or is held, and more than
    the provider holds.
    """
    order, funds = paid_order(command.org, command.order_id, facts)
    if order.is_off or order.facets.stage == "placed":
        sentence = f"the money of a {order.facets.stage} order is not taken"
        raise refuse(Reason.ILLEGAL_MOVE, sentence)
    if held.is_held(order):
        raise refuse(Reason.ILLEGAL_MOVE, held.stands_still(order))
    if not funds.capturable:
        raise refuse(Reason.ILLEGAL_MOVE, "no money of the order is held that could be taken")
    units = units_of(command.amount, funds, funds.capturable, "held", command.field)
    changes = Changes(facts)
    detail = {"amount": funds.amount(units).text()}
    order = asked(order, events.CAPTURE_REQUESTED, detail, command.source, facts, changes)
    capturing.capture(order, funds, units, facts, changes)
    return Decision(changes, OrderResult(order))


def wants_to_prepare(command: PrepareCapture, needs: Needs) -> None:
    """The whole order, its steps, and what its organization chose."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.update((command.org, id_) for id_ in job_ids(command.order_id))
    needs.of(SETTINGS).add((command.org,))


def prepare(command: PrepareCapture, facts: Facts) -> Decision:
    """Write the capture down that is due, if one is; else the step ends."""
    job = held_job(command.org, command.job_id, command.fence, facts, "capture")
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    changes = Changes(facts)
    units = 0
    if order is not None and funds is not None and not order.is_off:
        units = capturing.due(order, funds, facts, changes, several=command.several)
    if order is None or funds is None or not units:
        changes.jobs.remove((job.org, job.id))
        return Decision(changes, StepResult(None, funds, order))
    funds = capturing.prepare(funds, units, facts, changes)
    return Decision(changes, StepResult(job, funds, order))


def paid_order(org: int, order_id: bytes, facts: Facts) -> tuple[Order, Funds]:
    """The order with its payments. Refused: an unknown order, and one without a payment here."""
    order = facts.orders.get((org, order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    if not order.managed:
        raise refuse(Reason.ILLEGAL_MOVE, "the money of a mirrored order is moved elsewhere")
    funds = facts.funds_of((org, order_id))
    if funds is None:
        raise refuse(Reason.ILLEGAL_MOVE, "the order has no payment")
    return order, funds


def units_of(amount: Amount | None, funds: Funds, most: int, where: str, field: str) -> int:
    """The units of an amount that was told, at the payments' scale; all there is without one.

    Refused: nothing, more than there is, an amount that is finer than the payments', or finer than
    what their service can move.
    """
    if amount is None:
        return most
    scale = funds.scale
    units = amount.at(scale)
    if amount.units <= 0:
        raise refuse(Reason.INVALID, "must be more than 0", field)
    if Amount(units, scale).at(amount.scale) != amount.units or units == 0:
        raise refuse(Reason.INVALID, f"has more than {scale} decimal places", field)
    if (sentence := too_fine(funds.service, funds.currency, amount)) is not None:
        raise refuse(Reason.INVALID, sentence, field)
    if units > most:
        sentence = f"{funds.text(most)} are {where}, {amount.text()} wanted"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, field)
    return units


def asked(
    order: Order, type_: str, detail: dict[str, Any], source: str, facts: Facts, changes: Changes
) -> Order:
    """The order with the event that somebody wants money of it to move."""
    order, event = events.happened(order, type_, facts, source, detail)
    changes.events.append(event)
    changes.orders.put(order)
    return order
