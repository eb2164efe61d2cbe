"""How many decimal places the payment services write a currency with, and which amounts they take.

The tables are the services' own. They are not ISO's, and not each other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from entrepot.core.money import Amount

_TWO = 2


class Exponents(NamedTuple):
    """The table of a service. A currency that is not in it has two places.

    `places`: the decimal places of an amount as the service writes it.
    `finest`: the places that an amount may really use, where these are fewer.
    """

    places: Mapping[str, int]
    finest: Mapping[str, int]


# https://docs.stripe.com/currencies, sections "Zero-decimal currencies", "Three-decimal currencies"
# and "Special cases".
STRIPE_ZERO_DECIMAL = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
})  # fmt: skip
STRIPE_THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Stripe writes these with two places although they have no smaller unit any more.
STRIPE_WHOLE_WITH_TWO = frozenset({"ISK", "UGX"})

# https://docs.adyen.com/development-resources/currency-codes. The page says of CLP, CVE, IDR and
# ISK that they differ from ISO 4217.
ADYEN_ZERO_DECIMAL = frozenset({
    "CVE", "DJF", "GNF", "IDR", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
    "XOF", "XPF",
})  # fmt: skip
ADYEN_THREE_DECIMAL = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
ADYEN_WHOLE_WITH_TWO = frozenset({"CLP", "ISK"})

# https://developer.paypal.com/reports/reference/supported-currencies: PayPal refuses decimals here.
PAYPAL_ZERO_DECIMAL = frozenset({"HUF", "JPY", "TWD"})


def _table(
    zero: frozenset[str],
    three: frozenset[str] = frozenset(),
    whole: frozenset[str] = frozenset(),
    finest: Mapping[str, int] = MappingProxyType({}),
) -> Exponents:
    places = {**dict.fromkeys(zero, 0), **dict.fromkeys(three, 3)}
    return Exponents(
        MappingProxyType(places), MappingProxyType({**dict.fromkeys(whole, 0), **finest})
    )


TABLES: Mapping[str, Exponents] = MappingProxyType({
    # Stripe wants the last of three places to be 0.
    "stripe": _table(STRIPE_ZERO_DECIMAL, STRIPE_THREE_DECIMAL, STRIPE_WHOLE_WITH_TWO,
                     dict.fromkeys(STRIPE_THREE_DECIMAL, _TWO)),
    "adyen": _table(ADYEN_ZERO_DECIMAL, ADYEN_THREE_DECIMAL, ADYEN_WHOLE_WITH_TWO),
    "paypal": _table(PAYPAL_ZERO_DECIMAL),
})  # fmt: skip


def places(service: str, currency: str) -> int:
    """The decimal places of an amount as the service writes it: 2 for EUR, 0 for JPY."""
    table = TABLES.get(service)
    return _TWO if table is None else table.places.get(currency, _TWO)


def counted(service: str, currency: str, amount: Amount) -> Amount:
    """The amount with at least the places in which the service counts the currency: parts of it may
    be moved later that are finer than a total of whole prices.

    A service without a table counts as Stripe does.
    """
    digits = TABLES.get(service, TABLES["stripe"]).places.get(currency, _TWO)
    if amount.scale >= digits:
        return amount
    finer = Amount(amount.at(digits), digits)
    return finer if finer.within_range() else amount


def finest_places(service: str, currency: str) -> int | None:
    """The decimal places of the finest amount that the service takes; None: of every amount."""
    table = TABLES.get(service)
    if table is None:
        return None
    return table.finest.get(currency, table.places.get(currency, _TWO))


def is_too_fine(service: str, currency: str, units: int, scale: int) -> bool:
    """Whether the amount `units / 10 ** scale` is finer than what the service takes."""
    finest = finest_places(service, currency)
    return finest is not None and scale > finest and bool(units % 10 ** (scale - finest))


def too_fine(service: str, currency: str, amount: Amount, named: str = "") -> str | None:
    """The sentence that the service cannot move such an amount; None where the service can.

    `named` is the service as somebody spelled it.
    """
    finest = finest_places(service, currency)
    if finest is None or not is_too_fine(service, currency, *amount):
        return None
    unit = f"{Amount(1, finest).text()} {currency}"
    return f"{amount.text()} is finer than {unit}, the least that {named or service} charges"


def floored(service: str, currency: str, amount: Amount) -> int:
    """The units of the amount without what is finer than the service takes."""
    finest = finest_places(service, currency)
    if finest is None or amount.scale <= finest:
        return amount.units
    return int(amount.units - amount.units % 10 ** (amount.scale - finest))


def at_places(units: int, scale: int, wanted: int) -> int | None:
    """The units of the same amount at another scale; None where some of the amount would go."""
    if scale <= wanted:
        return int(units * 10 ** (wanted - scale))
    whole, rest = divmod(units, 10 ** (scale - wanted))
    return None if rest else whole
