"""Currencies: the codes of ISO 4217, their smallest units, and how many places Stripe's format has.

Stripe's format is Stripe's own table, and not ISO's:
https://docs.stripe.com/currencies, sections "Zero-decimal currencies", "Three-decimal currencies"
and "Special cases". A code that neither list has is a plain text, with two places as most have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from entrepot.core.exponents import STRIPE_THREE_DECIMAL, STRIPE_ZERO_DECIMAL
from entrepot.edge.iso_currencies import PLACES

# The decimal places of each currency's smallest unit, by ISO.
SMALLEST: Mapping[str, int] = MappingProxyType(
    {code: places or 0 for code, places in PLACES.items()}
)
_ISO = SMALLEST

# Stripe writes these with two places: ISK and UGX although they have no smaller unit any more,
# HUF and TWD although they are paid out in whole ones only.
STRIPE_TWO_DECIMAL = frozenset({"ISK", "UGX", "HUF", "TWD"})

# Codes that ISO has withdrawn (its list three) and that had no smaller unit. An order of their time
# may still be told.
WITHDRAWN_WHOLE = frozenset({
    "ADP", "BEF", "BYB", "BYR", "ESP", "GRD", "ITL", "LUF", "MGF", "PTE", "TPE", "TRL",
})  # fmt: skip

# Codes of ISO's list that are no money anybody can be charged: metals, units of account, codes for
# tests and for no currency, and the funds that the list marks as such.
NO_MONEY = frozenset({
    "XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XUA", "XTS", "XXX",
    "BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW",
})  # fmt: skip

CODE_LENGTH = 3
_TWO = 2
_STRIPE: dict[str, int] = {
    **{code: _TWO if places is None else places for code, places in PLACES.items()},
    **dict.fromkeys(WITHDRAWN_WHOLE, 0),
    **dict.fromkeys(STRIPE_ZERO_DECIMAL, 0),
    **dict.fromkeys(STRIPE_THREE_DECIMAL, 3),
    **dict.fromkeys(STRIPE_TWO_DECIMAL, _TWO),
}


def iso_code(text: str) -> str | None:
    """The ISO 4217 code that the text is, in either case; None if the text is no code.

    Some letters beyond ASCII have an ASCII letter as their upper case. Such letters make no code.
    """
    code = text.upper()
    return code if text.isascii() and code in _ISO else None


def told_code(text: str) -> str | None:
    """The currency that a mirrored order keeps; None for a text that cannot be kept.

    Three ASCII letters are a code, in upper case, also if ISO does not list the code. Any other
    text is kept as told, unless a change of its case or its Unicode form would make a code of the
    text.
    """
    if text.isascii():
        return text.upper() if len(text) == CODE_LENGTH and text.isalpha() else text
    alike = (text.upper(), text.lower(), unicodedata.normalize("NFKC", text))
    return None if any(one.isascii() for one in alike) else text


def is_money(code: str) -> bool:
    """Whether somebody can be charged in this currency; `code` is one of ISO's."""
    return code in _ISO and code not in NO_MONEY


def smallest_digits(code: str) -> int:
    """The decimal places of the currency's smallest unit by ISO: 2 for EUR, 0 for JPY, 3 for KWD.

    A code that ISO does not have, or not any more, has two.
    """
    return _ISO.get(code, _TWO)


def stripe_digits(code: str) -> int:
    """The decimal places that an integer of Stripe's format stands for: 2 for EUR, ISK and UGX."""
    return _STRIPE.get(code, _TWO)
