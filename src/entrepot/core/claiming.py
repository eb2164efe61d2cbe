"""Claims of payments follow from orders: a live order has its payment's reference, and no other."""

from __future__ import annotations

from typing import Protocol

from entrepot.core.claims import Claim, PaymentClaim, claim_of
from entrepot.core.kinds import Key, PaymentKey
from entrepot.core.order import Order
from entrepot.core.payment import Payment
from entrepot.core.rows import Grouped, Rows


class Known(Protocol):
    """The facts that claims follow from. `core.facts` has them."""

    payments: Grouped[Key, PaymentKey, Payment]
    claims: Rows[Claim, PaymentClaim]
    unread_claims: set[Claim]
    sharing: list[Order]


def claims(order: Order, facts: Known) -> None:
    """A new order claims the reference of its payment, unless another live order has it."""
    if order.shares_payment_of is not None:
        facts.sharing.append(order)
    elif claim := claim_of(order):
        if claim in facts.unread_claims:
            # The decision that makes a claim has looked for the claim: there is none, not even
            # an earlier one.
            facts.unread_claims.discard(claim)
            facts.claims.forget(claim)
        facts.claims.put(PaymentClaim(*claim, order.id))


def lets_go(order: Order, facts: Known) -> None:
    """An order that ended claims nothing more, neither its reference nor those of its further
    payments.
    """
    claim = claim_of(order)
    for payment in facts.payments.of((order.org, order.id)):
        further = (payment.org, payment.provider.lower(), payment.reference)
        if payment.number > 1 and further != claim:
            _drop(further, order.id, facts)
    if claim is None or order.shares_payment_of is not None:
        return
    _drop(claim, order.id, facts)


def _drop(claim: Claim, order_id: bytes, facts: Known) -> None:
    known = facts.claims
    if claim not in known.base and claim not in known:
        # Nothing had to be read to know this: a live order that shares no payment claims it.
        known.read((PaymentClaim(*claim, order_id),))
        facts.unread_claims.add(claim)
    held = known.get(claim)
    if held is not None and held.order_id == order_id:
        known.remove(claim)
