"""A paid order comes to cost more, or less: only the difference moves.

What is added is a further payment of the order, with an authorisation and a key of its own. What an
order costs less is not taken, if it was not taken yet, and given back otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, ids, unpaid
from entrepot.core.changes import Changes
from entrepot.core.claiming import payer
from entrepot.core.claims import PaymentClaim, of_payment
from entrepot.core.decide import capturing
from entrepot.core.decide.capture import asked as asked_for
from entrepot.core.decide.jobs import set_to_work
from entrepot.core.decide.refund import Refund, give
from entrepot.core.decide.waiting import goes_on, waits
from entrepot.core.exponents import too_fine
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.kinds import CLAIMS
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import OPEN
from entrepot.core.references import WHAT, serves_again
from entrepot.core.refusal import Reason, Refusal, Refused, refuse

# Facets of a payment whose amount can change.
CHANGES = frozenset({"authorized", "paid", "partially_refunded"})
_UNTIL_AUTHORISED = "Wait until the order's payment is authorised."
_ELSE = "Cancel the order and place another."
_INSTEAD = {
    "pending": _UNTIL_AUTHORISED,
    "disputed": "Wait until the dispute is over, or place another order for what is added.",
}
RENEWING = (
    "the service is asked to hold the order's money anew: amend the order once the outcome is known"
)
REFERENCE = "payment_reference"  # the member of a body that names a further payment


class Wanted(NamedTuple):
    """The reference of a further payment, if one was told, and who asks for the payment."""

    reference: str | None
    source: str


def fixed(payment: str) -> Refused:
    """The refusal of a change of what an order costs, by the facet of its payment."""
    return Refused(Refusal(Reason.AMOUNT_FIXED, advice=_INSTEAD.get(payment, _ELSE)))


def allow(order: Order, total: Amount, facts: Facts, field: str) -> Funds:
    """The payments of an order that is to cost so much.

    Refused: an order whose payment is not authorised, nothing, an amount that is finer than the
    payments', or than their service moves, and any change while money is being taken. An addition
    that was declined is taken back, or paid otherwise, also while other money is disputed.
    """
    funds = facts.funds_of((order.org, order.id))
    if funds is None:
        raise fixed(order.facets.payment)
    units = total.at(funds.scale)
    back = funds.due - units
    declined = order.facets.payment == "disputed" and funds.missing and 0 <= back <= funds.missing
    if order.facets.payment not in CHANGES and not declined:
        raise fixed(order.facets.payment)
    if units <= 0:
        raise refuse(Reason.INVALID, "must be more than 0: cancel the order instead", field)
    if funds.amount(units).at(total.scale) != total.units:
        sentence = f"has more than {funds.scale} decimal places, those of the order's payment"
        raise refuse(Reason.INVALID, sentence, field)
    if (finer := too_fine(funds.service, funds.currency, total)) is not None:
        raise refuse(Reason.INVALID, finer, field)
    if funds.with_open("capture") is not None:
        sentence = "money of the order is being taken: amend it once the outcome is known"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, field)
    return funds


def settle(
    order: Order, funds: Funds, reference: str | None, source: str, facts: Facts, changes: Changes
) -> Order:
    """The order, which costs what it costs now, with what its payments have to do for that.

    `reference` names the further payment. Without it the service is asked with the reference that
    it has, where the service's rules allow that.
    """
    difference = order.total.at(funds.scale) - funds.due
    if difference > 0 and funds.renewing is not None:
        raise refuse(Reason.ILLEGAL_MOVE, RENEWING)
    if difference < 0:
        order, funds = _less(order, funds, -difference, source, facts, changes)
    elif difference > 0:
        funds = _within_holds(funds, difference, changes)
    rest = order.total.at(funds.scale) - funds.due
    if rest or (reference is not None and funds.missing):
        return _more(order, funds, rest, Wanted(reference, source), facts, changes)
    if reference is not None:
        sentence = "names a further payment, and no more is to be paid of the order"
        raise refuse(Reason.INVALID, sentence, REFERENCE)
    asked = funds.asked
    if funds.missing or (asked is not None and asked.payment.amount.units):
        return order
    order = unpaid.cleared(order)
    if order.reason == OrderReason.INCREASE_DECLINED:
        order = order.changed(reason=None, reason_detail=None)
    return goes_on(order) if difference else order


# --------------------------------------------------------------------------- less


def _less(
    order: Order, funds: Funds, by: int, source: str, facts: Facts, changes: Changes
) -> tuple[Order, Funds]:
    """The payments are of so much less: the newest first, and held money before taken money."""
    for untaken in (True, False):
        for full in funds.payments[::-1]:
            due = full.payment.amount.units
            part = min(by, max(due - full.taken, 0) if untaken else due)
            if part and full.authorisation.state in OPEN and part < due:
                money = funds.text(due)
                sentence = f"{money} more is being asked for: amend the order once it is known"
                raise refuse(Reason.ILLEGAL_MOVE, sentence)
            if part:
                by -= part
                full = full.due(due - part)  # noqa: PLW2901 - it moved on
                changes.payments.put(full.payment)
                if full.authorisation.state in OPEN:
                    # The money is needed no more: the step that asks for it lets it go.
                    void = full.void(facts.now)
                    changes.operations.put(void)
                    full = full.put(void)  # noqa: PLW2901 - it moved on
                    set_to_work("increase", order, facts, changes)
                funds = funds.put(full)
    funds = capturing.let_idle_go(order, funds, facts, changes)
    surplus = min(funds.kept - funds.due, funds.refundable)
    if surplus > 0:
        told = Refund(surplus, source, {"reason": "the order came to cost less"})
        order = give(order, funds, told, facts, changes)
    return order, funds


# --------------------------------------------------------------------------- more


def _within_holds(funds: Funds, by: int, changes: Changes) -> Funds:
    """The payments are of as much more as their services hold already, the oldest first."""
    for full in funds.payments:
        part = 0 if full.open_void is not None else min(by, full.slack)
        if part:
            by -= part
            more = full.due(full.payment.amount.units + part)
            changes.payments.put(more.payment)
            funds = funds.put(more)
    return funds


def _more(
    order: Order, funds: Funds, by: int, wanted: Wanted, facts: Facts, changes: Changes
) -> Order:
    """A further payment of so much, and of what earlier ones of it did not bring."""
    if funds.renewing is not None:
        raise refuse(Reason.ILLEGAL_MOVE, RENEWING)
    if (asked := funds.asked) is not None:
        money = funds.text(asked.authorisation.units)
        sentence = f"{money} more is being asked for: amend the order once it is known, or back"
        raise refuse(Reason.ILLEGAL_MOVE, sentence)
    units = by + funds.missing
    named = _reference(order, funds, units, wanted.reference, facts, changes)
    for full in funds.payments[1:]:
        if full.is_over and full.payment.amount.units:
            changes.payments.put(full.due(0).payment)
    further = funds.further(units, units, named, facts.now)
    changes.payments.put(further.payment)
    changes.operations.put(further.authorisation)
    detail = {"amount": funds.amount(units).text(), "payment": further.payment.number}
    order = asked_for(order, events.INCREASE_REQUESTED, detail, wanted.source, facts, changes)
    set_to_work("increase", order, facts, changes)
    order = unpaid.marked(order, further.payment.number)
    return waits(order, f"{funds.service} is asked for {funds.text(units)} more")


def _reference(
    order: Order, funds: Funds, units: int, told: str | None, facts: Facts, changes: Changes
) -> str:
    """The reference of the further payment: the one that was told, or the newest that money came
    with, where the service takes that one again.
    """
    known = [one.payment.reference for one in funds.payments if one.authorisation.state == "done"]
    reference = known[-1] if told is None else told
    used = {one.payment.reference for one in funds.payments if not one.is_over}
    if reference in used and not serves_again(funds.service, reference):
        again = WHAT.get(funds.service, "no reference")
        advice = (
            f"{funds.text(units)} more is to be paid, and {funds.service} takes a second payment "
            f"with {again} alone: name another {REFERENCE} with the change, or place another order "
            "for what is added."
        )
        raise Refused(Refusal(Reason.AMOUNT_FIXED, advice=advice))
    if told is not None and reference not in used:
        _claim(order, reference, facts, changes)
    return reference


def _claim(order: Order, reference: str, facts: Facts, changes: Changes) -> None:
    """The reference pays this order now. Refused: it pays another one."""
    claim = of_payment(order.org, order.payment_provider or "", reference)
    if claim is None:
        return
    owner = payer(claim, facts)
    if owner is not None and owner != order.id:
        sentence = f"is already the payment of order {ids.dashed(owner)}"
        raise refuse(Reason.INVALID, sentence, REFERENCE)
    if owner is None:
        changes.of(CLAIMS).put(PaymentClaim(*claim, order.id))
