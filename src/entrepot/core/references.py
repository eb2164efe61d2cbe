"""Which payment references a service takes a second payment with, by the services' own rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

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
WHAT: Mapping[str, str] = MappingProxyType({
    "stripe": "a saved method of a customer, cus_.../pm_...",
    "adyen": "a stored method of a shopper, SHOPPER/STORED-METHOD",
    "paypal": "a payment token, vault/TOKEN",
})  # fmt: skip


def serves_again(service: str, reference: str) -> bool:
    """Whether the service takes a further payment with a reference that it had a payment of."""
    known = _AGAIN.get(service)
    return known is None or known.match(reference) is not None
