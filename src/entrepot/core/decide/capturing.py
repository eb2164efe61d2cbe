"""Taking the money of an order, and giving it back: what is due, and the operations for it."""

from __future__ import annotations

from collections.abc import Iterable

from entrepot.core import refunds
from entrepot.core.changes import Changes
from entrepot.core.decide import sending
from entrepot.core.decide.jobs import set_to_work
from entrepot.core.exponents import floored
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds, Share
from entrepot.core.order import Order, subtotal
from entrepot.core.organization import SETTINGS, OrganizationSettings
from entrepot.core.payment import LIVE, CaptureFound, FullPayment, sums
from entrepot.core.shipments import left

# Stages of a sale that is over: nothing is left that could leave.
OVER = frozenset({"completed", "archived", "deleted"})


def settings_of(org: int, facts: Facts) -> OrganizationSettings:
    """What the organization chose. The command has to want its row."""
    return facts.of(SETTINGS).get((org,)) or OrganizationSettings(org)


def goods_left(order: Order, facts: Facts, changes: Changes) -> None:
    """Goods of the order left: their money is taken, if the organization takes it then.

    The step finds out how much that is, for only the step knows its service's terms.
    """
    chosen = settings_of(order.org, facts).capture
    if not order.managed or (chosen != "shipment" and order.org in facts.chosen):
        return
    # The step reads the settings if they were not read here.
    funds = facts.funds_of((order.org, order.id))
    if funds is not None and funds.capturable:
        set_to_work("capture", order, facts, changes)


def due(order: Order, funds: Funds, facts: Facts, changes: Changes, *, several: bool) -> int:
    """The units that are to be taken now, and that no operation takes yet.

    Without `several` captures, the only one waits until all goods have left.
    """
    chosen = settings_of(order.org, facts).capture
    if chosen == "confirmation":
        return funds.capturable
    if chosen != "shipment":
        return 0
    whole, units = funds.capturable, funds.due
    gone = sending.gone_of(order, facts, changes)
    if order.facets.stage in OVER or not left(order, gone):
        return whole
    if not several:
        return 0
    of_gone = [line._replace(quantity=gone[line.id]) for line in order.lines if line.id in gone]
    value, of_all = subtotal(of_gone, order.currency), order.subtotal
    scale = max(value.scale, of_all.scale)
    if not of_all.units:
        return whole
    # Shipping, taxes and discounts go with the goods, in proportion. The last shipment takes the
    # rest, so that nothing is lost by rounding, nor by what is finer than the service moves.
    share = funds.amount(units * value.at(scale) // of_all.at(scale))
    return max(min(floored(funds.service, funds.currency, share) - funds.taken, whole), 0)


def prepare(funds: Funds, units: int, facts: Facts, changes: Changes) -> Funds:
    """Write captures of so much down, one for each payment that has a part of it."""
    for payment, part in funds.captures_of(units):
        operation = payment.further("capture", part, facts.now)
        changes.operations.put(operation)
        funds = funds.put(payment.put(operation))
    return funds


def capture(order: Order, funds: Funds, units: int, facts: Facts, changes: Changes) -> Funds:
    """Write captures of so much down, and set their step to work."""
    set_to_work("capture", order, facts, changes)
    return prepare(funds, units, facts, changes)


def refund(order: Order, funds: Funds, units: int, facts: Facts, changes: Changes) -> Funds:
    """Write refunds of so much down, one for each capture, and set their step to work."""
    return _refunded(order, funds, funds.refunds_of(units), facts, changes)


def refund_one(order: Order, funds: Funds, number: int, facts: Facts, changes: Changes) -> Funds:
    """Give all back that was taken of one payment."""
    payment = funds.payments[number - 1]
    return _refunded(order, funds, [(payment, payment.refundable)], facts, changes)


def refund_surplus(order: Order, funds: Funds, facts: Facts, changes: Changes) -> Funds:
    """Give back what was taken beyond what the order costs, with what is still to be taken."""
    surplus = min(funds.kept + funds.capturable - funds.due, funds.refundable)
    return refund(order, funds, surplus, facts, changes) if surplus > 0 else funds


def _refunded(
    order: Order, funds: Funds, shares: Iterable[Share], facts: Facts, changes: Changes
) -> Funds:
    for payment, share in shares:
        for part in refunds.divided(payment, share):
            operation = payment.further("refund", part, facts.now)
            changes.operations.put(operation)
            payment = payment.put(operation)  # noqa: PLW2901 - it moved on
        funds = funds.put(payment)
    set_to_work("refund", order, facts, changes)
    return funds


def taken_elsewhere(
    payment: FullPayment, reference: str | None, facts: Facts, changes: Changes
) -> FullPayment:
    """The payment with the capture of all that is left, which somebody else had the provider do.

    `reference` is the provider's own of the money that was taken: a refund is of that.
    """
    first = payment.authorisation
    capture = payment.further("capture", first.units - payment.taken, facts.now)
    capture = capture.moved("done", facts.now, reference or first.provider_reference)
    changes.operations.put(capture)
    return payment.put(capture)


def unknown(payment: FullPayment, found: Iterable[CaptureFound]) -> tuple[CaptureFound, ...]:
    """Those of the captures that a service tells of which the book does not know."""
    known = {
        one.provider_reference for one in payment.operations
        if one.kind == "capture" and one.state in LIVE
    }  # fmt: skip
    return tuple(one for one in found if one.reference not in known)


def found_there(
    payment: FullPayment, found: Iterable[CaptureFound], facts: Facts, changes: Changes
) -> FullPayment:
    """The payment with a capture for each of those that somebody else had the provider make.

    Together they are never more than was held. A capture of ours without an outcome may be for more
    than they leave.
    """
    for one in unknown(payment, found):
        done = sums(payment.operations)
        units = min(one.units, payment.authorisation.units - done.captured - done.voided)
        if units > 0:
            capture = payment.further("capture", units, facts.now)
            capture = capture.moved("done", facts.now, one.reference)
            changes.operations.put(capture)
            payment = payment.put(capture)
    return payment


def count_in(funds: Funds, taken: FullPayment, changes: Changes) -> Funds:
    """Money was taken of a payment beyond what was due of it: other payments are of less."""
    funds, moved = funds.counted_in(taken)
    changes.payments.put_all(funds.payments[number - 1].payment for number in moved)
    return funds


def let_go(order: Order, funds: Funds, number: int, facts: Facts, changes: Changes) -> Funds:
    """Write down that the hold of a payment is to be let go, and set its step to work."""
    payment = funds.payments[number - 1]
    void = payment.void(facts.now)
    changes.operations.put(void)
    set_to_work("void", order, facts, changes)
    return funds.put(payment.put(void))


def let_idle_go(order: Order, funds: Funds, facts: Facts, changes: Changes) -> Funds:
    """Let go of each hold of which nothing is due any more."""
    for payment in funds.payments:
        if payment.is_idle and payment.first_open("capture") is None:
            funds = let_go(order, funds, payment.payment.number, facts, changes)
    return funds


def give_back(order: Order, funds: Funds, facts: Facts, changes: Changes) -> Funds:
    """The order ended: what is held is let go, and what was taken is given back.

    A capture that may be under way is waited for: its outcome says what its money needs. Captures
    that were never sent are given up. So is a further payment that the service was asked
    for: its step finds out that the order ended.
    """
    if funds.asked is not None:
        set_to_work("increase", order, facts, changes)
    for one in funds.unsent_captures:
        dropped = one.moved("given_up", facts.now)
        changes.operations.put(dropped)
        funds = funds.put(funds.payments[one.payment - 1].put(dropped))
    if funds.with_open("capture") is not None:
        set_to_work("capture", order, facts, changes)
        return funds
    for payment in funds.payments:
        if payment.held:
            funds = let_go(order, funds, payment.payment.number, facts, changes)
    if funds.refundable:
        funds = refund(order, funds, funds.refundable, facts, changes)
    return funds
