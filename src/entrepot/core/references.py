"""What clients' payment references are at the services: which a service takes a second payment
with, and which are payments already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from entrepot.core.payment import FullPayment, Operation

# - Stripe: a customer's saved method. A PaymentIntent is one payment; a method of no customer, a
#   source or a token is used up (https://docs.stripe.com/payments/payment-methods, "Reusing
#   PaymentMethods").
# - Adyen: a shopper's stored method. A pspReference is one payment
#   (https://docs.adyen.com/online-payments/tokenization).
# - PayPal: a payment token of the vault. An order or an authorization is one payment
#   (https://developer.paypal.com/docs/checkout/save-payment-methods).
# - A service without a row moves no money, and takes every reference.
_AGAIN: Mapping[str, re.Pattern[str]] = MappingProxyType({
    "stripe": re.compile(r"cus_[^/]+/(pm|card|src)_"),
    "adyen": re.compile(r"[^/\s]+/[^/\s]+\Z"),
    "paypal": re.compile(r"vault/."),
})  # fmt: skip
# References of payments that the shop's own pages have made: a PaymentIntent, a pspReference, an
# order or an authorization. The notifications of the service name these.
_PAYMENTS: Mapping[str, re.Pattern[str]] = MappingProxyType({
    "stripe": re.compile(r"pi_"),
    "adyen": re.compile(r"[A-Z0-9]{16}\Z"),
    "paypal": re.compile(r"[A-Za-z0-9-]{6,64}\Z"),
})  # fmt: skip
_NAME_CAPTURES = frozenset({"paypal"})
# Services that let go of the rest with every capture.
_CAPTURE_ONCE = frozenset({"stripe", "adyen"})
# A capture of a PaymentIntent that succeeded stays one.
_CAPTURES_STAY = frozenset({"stripe"})
WHAT: Mapping[str, str] = MappingProxyType({
    "stripe": "a saved method of a customer, cus_.../pm_...",
    "adyen": "a stored method of a shopper, SHOPPER/STORED-METHOD",
    "paypal": "a payment token, vault/TOKEN",
})  # fmt: skip


def is_saved(service: str, reference: str) -> bool:
    """Whether a reference is a method that a customer has saved, for any number of payments."""
    known = _AGAIN.get(service)
    return known is not None and known.match(reference) is not None


def serves_again(service: str, reference: str) -> bool:
    """Whether the service takes a further payment with a reference that it had a payment of."""
    return service not in _AGAIN or is_saved(service, reference)


def names_captures(service: str) -> bool:
    """Whether the service gives a capture a reference of its own, which a refund is of. The other
    services give back the payment.
    """
    return service in _NAME_CAPTURES


def captures_once(service: str) -> bool:
    """Whether the service lets go of the rest of a hold with every capture."""
    return service in _CAPTURE_ONCE


def lets_go_with(full: FullPayment, capture: Operation) -> bool:
    """Whether the service lets go of the rest of the hold with a capture: it captures once, or
    nothing is due behind the capture.
    """
    return captures_once(full.payment.service) or full.is_last(capture)


def may_fail_later(service: str, kind: str) -> bool:
    """Whether a capture or a refund can fail at the service after the service did it."""
    return kind == "refund" or (kind == "capture" and service not in _CAPTURES_STAY)


def are_notified(service: str) -> bool:
    """Whether the service notifies what becomes of payments."""
    return service in _PAYMENTS


def is_payment(service: str, reference: str) -> bool:
    """Whether a client's reference is a payment of the service's already."""
    known = _PAYMENTS.get(service)
    return known is not None and known.match(reference) is not None


def over(full: FullPayment, state: str, now: int, told: str | None = None) -> Operation:
    """The authorisation of a payment that comes to nothing, in its last state.

    Money may come of the payment later all the same, and the service's notification names it. So
    the authorisation keeps the service's reference: the one that the service `told` with its
    decline, or that the order came with, where no other is known.
    """
    payment, first = full.payment, full.authorisation
    named = is_payment(payment.service, payment.reference)
    own = payment.reference if named else told
    return first.moved(state, now, own if first.provider_reference is None else None)
