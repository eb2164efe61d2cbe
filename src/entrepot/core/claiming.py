"""Claims of payments follow from orders: a live order has its payment's reference, and no other."""

from __future__ import annotations

from typing import Protocol

from entrepot.core.claims import Claim, PaymentClaim, claim_of, is_live, of_payment
from entrepot.core.kinds import Key, PaymentKey
from entrepot.core.order import Order
from entrepot.core.payment import Payment
from entrepot.core.rows import Grouped, Rows


class Known(Protocol):
    """The facts that claims follow from. `core.facts` has them."""

    orders: Rows[Key, Order]
    payments: Grouped[Key, PaymentKey, Payment]
    claims: Rows[Claim, PaymentClaim]
    unread_claims: set[Claim]
    sharing: list[Order]
    paying: dict[Claim, list[bytes]]


def payer(claim: Claim, facts: Known) -> bytes | None:
    """The id of a live order that the reference pays; None where there is none.

    The payer is the order that claims the reference. If that order has ended, the payer is an order
    that came with the reference while the reference was claimed (docs/adr/0080).
    """
    held = facts.claims.get(claim)
    if held is None or not held.shared:
        return None if held is None else held.order_id
    read = facts.paying.get(claim, [])
    for one in (held.order_id, *read):
        its = facts.orders.get((held.org, one))
        if one in read if its is None else is_live(its):
            return one
    return None


def claims(order: Order, facts: Known) -> None:
    """A new order claims the reference of its payment, unless another live order has it."""
    claim = claim_of(order)
    if order.shares_payment_of is not None:
        facts.sharing.append(order)
        if claim:
            _shares(claim, order, facts)
    elif claim:
        if claim in facts.unread_claims:
            # The decision that makes a claim has looked for the claim: there is none, not even
            # an earlier one.
            facts.unread_claims.discard(claim)
            facts.claims.forget(claim)
        facts.claims.put(PaymentClaim(*claim, order.id))


def _shares(claim: Claim, order: Order, facts: Known) -> None:
    """The claim says from now on that it is shared. The order has it where its order has ended."""
    facts.paying.setdefault(claim, []).append(order.id)
    held = facts.claims.get(claim)
    if held is not None and held.order_id != order.shares_payment_of:
        facts.claims.put(PaymentClaim(*claim, order.id, shared=True))
    elif held is not None and not held.shared:
        facts.claims.put(held._replace(shared=True))


def lets_go(order: Order, facts: Known) -> None:
    """An order that ended claims nothing more, neither its reference nor those of its further
    payments. A claim that is shared stays, so that the next order with it looks for the others.
    """
    claim = claim_of(order)
    for payment in facts.payments.of((order.org, order.id)):
        if payment.number > 1:
            further = of_payment(payment.org, payment.provider, payment.reference)
            if further is not None and further != claim:
                _drop(further, order.id, facts)
    if claim is None or order.shares_payment_of is not None:
        return
    _drop(claim, order.id, facts)


def takes_again(order: Order, facts: Known) -> None:
    """An order whose money had gone back has it after all, as where a refund fails after it was
    done: it claims its reference again. If another order came with the reference meanwhile, the
    claim says that it is shared.
    """
    claim = claim_of(order)
    if claim is None or order.shares_payment_of is not None:
        return
    held = facts.claims.get(claim)
    if held is None:
        facts.claims.put(PaymentClaim(*claim, order.id))
    elif held.order_id != order.id and not held.shared:
        facts.claims.put(held._replace(shared=True))


def _drop(claim: Claim, order_id: bytes, facts: Known) -> None:
    known = facts.claims
    if claim not in known.base and claim not in known:
        # Nothing had to be read to know this: a live order that shares no payment claims it. Its
        # guard finds no claim that is shared.
        known.read((PaymentClaim(*claim, order_id),))
        facts.unread_claims.add(claim)
    held = known.get(claim)
    if held is not None and held.order_id == order_id and not held.shared:
        known.remove(claim)
