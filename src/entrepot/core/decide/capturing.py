"""Taking the money of an order, and giving it back: what is due, and the operations for it."""

from __future__ import annotations

from entrepot.core.changes import Changes
from entrepot.core.decide import sending
from entrepot.core.decide.jobs import set_to_work
from entrepot.core.exponents import floored
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.order import Order, subtotal
from entrepot.core.organization import SETTINGS, OrganizationSettings
from entrepot.core.payment import FullPayment, Operation, is_open
from entrepot.core.shipments import left

# What to do where a payment fixes the amount, by where the payment stands: services change no
# amount that they hold.
_AFTER_TAKING = "Give back what is not owed any more, or place another order for what is added."
_INSTEAD = {
    "authorized": "Take less than is held, or place another order for what is added.",
    "paid": _AFTER_TAKING,
    "partially_refunded": _AFTER_TAKING,
    "disputed": _AFTER_TAKING,
}
_OTHERWISE = "Cancel the order and place another."


def instead(payment: str) -> str:
    """What to do where the payment fixes the amount, by the facet of the payment."""
    return _INSTEAD.get(payment, _OTHERWISE)


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
    # Where the settings were not read, the step reads them.
    payment = facts.payment_of((order.org, order.id))
    if payment is not None and payment.capturable:
        set_to_work("capture", order, facts, changes)


def due(
    order: Order, payment: FullPayment, facts: Facts, changes: Changes, *, several: bool
) -> int:
    """The units that are to be taken now, and that no operation takes yet.

    Without `several` captures, the only one waits until all goods have left.
    """
    chosen = settings_of(order.org, facts).capture
    if chosen == "confirmation":
        return payment.capturable
    if chosen != "shipment":
        return 0
    whole, units = payment.capturable, payment.payment.amount.units
    gone = sending.gone_of(order, facts, changes)
    if order.facets.stage in ("completed", "archived") or not left(order, gone):
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
    its = payment.payment
    share = Amount(units * value.at(scale) // of_all.at(scale), its.amount.scale)
    return max(min(floored(its.service, its.currency, share) - payment.taken, whole), 0)


def capture(
    order: Order, payment: FullPayment, units: int, facts: Facts, changes: Changes
) -> Operation:
    """Write a capture down, and set its step to work."""
    operation = payment.further("capture", units, facts.now)
    changes.operations.put(operation)
    set_to_work("capture", order, facts, changes)
    return operation


def refund(
    order: Order, payment: FullPayment, units: int, facts: Facts, changes: Changes
) -> FullPayment:
    """Write refunds of so much down, one for each capture, and set their step to work."""
    for part in payment.refunds_of(units):
        operation = payment.further("refund", part, facts.now)
        changes.operations.put(operation)
        payment = payment.put(operation)
    set_to_work("refund", order, facts, changes)
    return payment


def give_back(order: Order, payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    """The order ended: what is held is let go, and what was taken is given back.

    A capture that is under way is waited for: its outcome says what its money needs. Captures
    behind it were never sent, and are given up.
    """
    captures = [one for one in payment.operations if is_open(one, "capture")]
    if captures:
        dropped = [one.moved("given_up", facts.now) for one in captures[1:]]
        changes.operations.put_all(dropped)
        set_to_work("capture", order, facts, changes)
        return payment.put(*dropped) if dropped else payment
    if payment.capturable:
        void = payment.void(facts.now)
        changes.operations.put(void)
        payment = payment.put(void)
        set_to_work("void", order, facts, changes)
    if payment.refundable:
        payment = refund(order, payment, payment.refundable, facts, changes)
    return payment
