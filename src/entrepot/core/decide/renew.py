"""A hold of money that ends soon is renewed: a further payment of the same amount takes its place.

Nothing is due of the further payment until the service has authorised it. Then it takes over what
is due of the old hold in the same transaction, and the old hold is let go. So the amounts of the
order's payments are its total at each moment, and no part of it is due of two holds.
"""

from __future__ import annotations

from entrepot.core import lapsing
from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import set_to_work
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import FullPayment
from entrepot.core.references import serves_again


def why_not(payment: FullPayment) -> str | None:
    """Why the service cannot be asked again for what it holds of this payment, in words."""
    service = payment.payment.service
    if serves_again(service, payment.payment.reference):
        return None
    return f"{service} takes no second payment with the order's reference"


def ask(
    order: Order, funds: Funds, number: int, units: int, facts: Facts, changes: Changes
) -> Funds:
    """Write down that the service is asked to hold so much anew, with the reference of the payment
    of this number, and set the step to work.
    """
    reference = funds.payments[number - 1].payment.reference
    further = funds.further(units, 0, reference, facts.now)
    changes.payments.put(further.payment)
    changes.operations.put(further.authorisation)
    set_to_work("increase", order, facts, changes)
    return funds.put(further)


def take_over(funds: Funds, further: FullPayment, changes: Changes) -> tuple[Funds, list[int]]:
    """The further payment takes over what is due of the old holds; of which payments they are.

    None while money is being taken: what is due of a payment does not change until its capture is
    answered, for a capture that is sent again has to be the same.
    """
    if funds.with_open("capture") is not None:
        return funds, []
    funds, over = funds.taken_over(further)
    numbers = [one.payment.number for one in over]
    for number in (*numbers, further.payment.number) if over else ():
        changes.payments.put(funds.payments[number - 1].payment)
    return funds, numbers


def without_alarm(order: Order) -> Order:
    """The order, whose reason is no longer that a hold ends soon."""
    if order.reason != OrderReason.HOLD_LAPSES:
        return order
    return order.changed(reason=None, reason_detail=None)


def once_more(order: Order, funds: Funds) -> Order:
    """The order, whose old hold stays: the next walk tells of the hold again, if money is due."""
    return lapsing.untold(order) if funds.capturable else order
