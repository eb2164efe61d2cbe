"""Giving money of an order back: by amount, or by what lines cost."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events, paid_back
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing, sending
from entrepot.core.decide.capture import asked, paid_order, units_of
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.shipments import Part


class RefundOrder(NamedTuple):
    """Give money back that was taken: this amount, what these lines cost, or all of it."""

    org: int
    source: str
    order_id: bytes
    amount: Amount | None = None
    lines: tuple[Part, ...] | None = None
    reason: str = ""
    field: str = "amount"  # where the amount stands in the sender's body, for refusals


REASON_MAX = 500  # characters


def wants(command: RefundOrder, needs: Needs) -> None:
    """The whole order, and its steps."""
    needs.whole_order(command.org, command.order_id)
    needs.steps.add((command.org, command.order_id))


def refund(command: RefundOrder, facts: Facts) -> Decision:
    """Write the refund down, so that its amount is reserved; its step asks the service.

    A refund is divided by the captures that it gives back. Refused: an unknown order or line, an
    order without a payment, an amount and lines together, more than is left of what was taken.
    """
    order, funds = paid_order(command.org, command.order_id, facts)
    if len(command.reason) > REASON_MAX:
        sentence = f"must not be longer than {REASON_MAX} characters"
        raise refuse(Reason.INVALID, sentence, "reason")
    if command.amount is not None and command.lines is not None:
        raise refuse(Reason.INVALID, "is told beside lines: tell one of both", command.field)
    if not funds.refundable:
        raise refuse(
            Reason.ILLEGAL_MOVE, "no money of the order was taken that could be given back"
        )
    amount, noted = command.amount, order
    detail: dict[str, Any] = {}
    if command.lines is not None:
        ordered = {line.id: line.quantity for line in order.lines}
        parts = sending.parts(command.lines, order, ordered, "ordered")
        amount, noted = paid_back.cost_of(order, funds, parts), paid_back.noted(order, parts)
        detail["lines"] = sending.as_told(parts)
    if command.reason:
        detail["reason"] = command.reason
    most = funds.refundable
    field = command.field if command.lines is None else "lines"
    units = units_of(amount, funds, most, "left of what was taken", field)
    changes = Changes(facts)
    order = give(noted, funds, Refund(units, command.source, detail), facts, changes)
    return Decision(changes, OrderResult(order))


class Refund(NamedTuple):
    """Money that is to be given back: units of the payments, who asks, and what the event says."""

    units: int
    source: str
    detail: dict[str, Any]


def give(order: Order, funds: Funds, wanted: Refund, facts: Facts, changes: Changes) -> Order:
    """The order with a refund written down, and the event that tells it."""
    units, source, detail = wanted
    detail = {**detail, "amount": funds.amount(units).text()}
    order = asked(order, events.REFUND_REQUESTED, detail, source, facts, changes)
    capturing.refund(order, funds, units, facts, changes)
    return order
