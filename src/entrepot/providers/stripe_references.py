"""What a client's payment reference is at Stripe: a PaymentIntent, or a means of payment."""

from __future__ import annotations

from entrepot.providers.payment import PaymentRequest

_METHODS = ("pm_", "card_", "src_", "tok_")


def intent_named(request: PaymentRequest) -> str | None:
    """The PaymentIntent that the reference names."""
    return request.reference if request.reference.startswith("pi_") else None


def method_of(request: PaymentRequest) -> tuple[str | None, str] | None:
    """The customer, if any, and the means of payment that the reference names."""
    customer, slash, method = request.reference.rpartition("/")
    if not method.startswith(_METHODS) or (slash and not customer.startswith("cus_")):
        return None
    return customer or None, method
