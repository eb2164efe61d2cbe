"""Currencies: Stripe's table beside ISO's list, what is money, and what only looks like a code."""

from __future__ import annotations

import pytest
from iso4217 import Currency

from entrepot.edge import currency
from entrepot.edge.iso_currencies import PLACES

ISO = {one.code: one.exponent for one in Currency}

# Where Stripe's format is not ISO's, on purpose: (ISO's places, Stripe's places).
DIFFERENCES = {"ISK": (0, 2), "UGX": (0, 2), "MGA": (2, 0)}
STRIPE = currency.STRIPE_ZERO_DECIMAL | currency.STRIPE_TWO_DECIMAL | currency.STRIPE_THREE_DECIMAL


def test_the_table_of_iso_is_the_list_that_the_package_has() -> None:
    assert dict(PLACES) == ISO


def test_every_difference_from_iso_is_on_purpose() -> None:
    found = {
        code: (places, currency.stripe_digits(code))
        for code, places in ISO.items()
        if places is not None and currency.stripe_digits(code) != places
    }
    assert found == DIFFERENCES


def test_what_iso_has_no_places_for_has_two_as_nearly_all_have() -> None:
    found = {code: currency.stripe_digits(code) for code, places in ISO.items() if places is None}
    assert "XXX" in found
    assert set(found.values()) == {2}


def test_the_table_names_each_currency_once_and_only_those_of_the_list() -> None:
    tables = (
        currency.STRIPE_ZERO_DECIMAL, currency.STRIPE_TWO_DECIMAL, currency.STRIPE_THREE_DECIMAL,
    )  # fmt: skip
    assert len(STRIPE) == sum(map(len, tables))
    assert set(ISO) >= STRIPE
    assert currency.WITHDRAWN_WHOLE.isdisjoint(ISO)
    assert set(ISO) >= currency.NO_MONEY


@pytest.mark.parametrize(
    ("code", "stripe", "smallest"),
    [
        ("EUR", 2, 2), ("USD", 2, 2), ("JPY", 0, 0), ("KRW", 0, 0), ("KWD", 3, 3), ("TND", 3, 3),
        ("UGX", 2, 0), ("ISK", 2, 0), ("HUF", 2, 2), ("TWD", 2, 2), ("MGA", 0, 2), ("CLF", 4, 4),
        ("IQD", 3, 3), ("CLP", 0, 0), ("XAF", 0, 0), ("BTC", 2, 2), ("EURO", 2, 2), ("", 2, 2),
        ("HRK", 2, 2), ("BGN", 2, 2), ("ITL", 0, 2), ("XAU", 2, 0), ("XXX", 2, 0), ("UYI", 0, 0),
    ],
)  # fmt: skip
def test_places(code: str, stripe: int, smallest: int) -> None:
    assert (currency.stripe_digits(code), currency.smallest_digits(code)) == (stripe, smallest)


def test_every_code_without_a_minor_unit_is_no_money() -> None:
    assert {code for code, places in ISO.items() if places is None} <= currency.NO_MONEY
    for code in ISO:
        assert currency.is_money(code) is (code not in currency.NO_MONEY)


@pytest.mark.parametrize(
    "code", ["XXX", "XTS", "XAU", "XDR", "XSU", "CLF", "HRK", "BTC", "eur", ""]
)
def test_what_nobody_can_be_charged_in(code: str) -> None:
    assert not currency.is_money(code)


@pytest.mark.parametrize("code", ["XAF", "XOF", "XPF", "XCD", "EUR", "UGX"])
def test_what_is_money(code: str) -> None:
    assert currency.is_money(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("eur", "EUR"), ("EUR", "EUR"), ("eUr", "EUR"),
        ("EURO", None), ("ZZZ", None), ("", None), ("\u20ac", None), ("HRK", None), (" EUR", None),
        # Letters beyond ASCII whose other case, or plain form, is ASCII.
        ("\u017fek", None), ("u\u017fd", None), ("\u212ard", None), ("\uff25\uff35\uff32", None),
        ("\u0131nr", None),
    ],
)  # fmt: skip
def test_a_code_of_the_list(text: str, code: str | None) -> None:
    assert currency.iso_code(text) == code
