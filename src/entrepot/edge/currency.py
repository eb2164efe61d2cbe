"""ISO 4217 as the `iso4217` package keeps it: which codes there are, and their minor units."""

from __future__ import annotations

from iso4217 import Currency

# Stripe's rule for Konvo's integers: a currency without minor units is not scaled.
_DIGITS: dict[str, int] = {one.code: one.exponent or 0 for one in Currency}


def known(code: str) -> bool:
    """Whether this is a currency's code, in upper case."""
    return code in _DIGITS


def minor_digits(code: str) -> int:
    """How many decimal places the currency's minor unit has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _DIGITS[code]
