"""The order that a payment reference pays: one at a time, the first that came with it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from entrepot.core import ids
from entrepot.core.order import Order
from entrepot.core.references import is_saved

# The organization, the provider in small letters, and the reference as it was told.
Claim = tuple[int, str, str]


class PaymentClaim(NamedTuple):
    """A payment reference, and the live order that it pays.

    The claim of a reference that another order came with outlives its order: the other one may be
    live without a claim of its own.
    """

    org: int
    provider: str  # in small letters
    reference: str
    order_id: bytes
    shared: bool = False  # whether another order came with the reference meanwhile


# Stands of a payment in which it pays for nothing.
LET_GO = frozenset({"declined", "voided", "refunded"})


# A new order's claim is asked for three times within a batch: by its needs, by its decision, and
# when the decision is taken over.
@lru_cache(maxsize=1024)
def of_payment(org: int, provider: str, reference: str) -> Claim | None:
    """The claim of a payment with this reference; None for a method that a customer has saved,
    which pays each of the customer's orders.
    """
    provider = provider.lower()
    return None if is_saved(provider, reference) else (org, provider, reference)


def claim(org: int, said: dict[str, Any]) -> Claim | None:
    """The claim of an order with these members; None if they name no payment of its own."""
    provider, reference = said.get("payment_provider"), said.get("payment_reference")
    return of_payment(org, provider, reference) if provider and reference else None


def claim_of(order: Order) -> Claim | None:
    """The claim of a managed order with a payment of its own, also after its end; None for all
    others.
    """
    provider, reference = order.payment_provider, order.payment_reference
    if not (provider and reference and order.managed) or order.facets.payment == "none":
        return None
    return of_payment(order.org, provider, reference)


def is_live(order: Order) -> bool:
    """Whether an order still has its payment, or may yet get it."""
    return order.facets.payment not in LET_GO and not order.is_off


def shared(order: Order) -> str | None:
    """A sentence of an order whose payment was already another's when it came; None of the rest."""
    if order.shares_payment_of is None:
        return None
    other = ids.dashed(order.shares_payment_of)
    payment = f"{order.payment_provider} {order.payment_reference}"
    return f"shared_payment: {payment} was already the payment of order {other}"
