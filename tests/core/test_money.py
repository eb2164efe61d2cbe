"""Amounts against the standard library's decimal arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.quantities import much

from entrepot.core.money import (
    SCALE_MAX,
    UNITS_MAX,
    ZERO,
    Amount,
    balance,
    is_written_in_digits,
    line_sum,
    parse,
    rescale,
    storable,
    stripped,
)
from entrepot.core.quantity import Quantity

UNITS = st.integers(-UNITS_MAX, UNITS_MAX)
SCALES = st.integers(0, SCALE_MAX)
AMOUNTS = st.builds(Amount, UNITS, SCALES)


def decimal(amount: Amount) -> Decimal:
    return Decimal(amount.units).scaleb(-amount.scale)


@given(UNITS, SCALES, SCALES)
@settings(max_examples=500)
def test_rescaling_rounds_half_to_even(units: int, scale: int, to: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(units).scaleb(-scale).quantize(Decimal(1).scaleb(-to), ROUND_HALF_EVEN)
        assert rescale(units, scale, to) == int(exact.scaleb(to))


@pytest.mark.parametrize(
    ("units", "rounded"),
    [(25, 2), (35, 4), (-25, -2), (-35, -4), (26, 3), (24, 2), (-26, -3), (5, 0), (-5, 0), (15, 2)],
)
def test_halves_go_to_the_even_neighbour(units: int, rounded: int) -> None:
    assert rescale(units, 1, 0) == rounded


@given(AMOUNTS)
@settings(max_examples=500)
def test_the_text_of_an_amount_reads_back_as_itself(amount: Amount) -> None:
    assert parse(amount.text()) == amount
    assert Decimal(amount.text()) == decimal(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", Amount(1250, 2)),
        ("0", ZERO),
        ("-0.05", Amount(-5, 2)),
        ("0.000000001", Amount(1, 9)),
        ("1000000000000000", Amount(UNITS_MAX, 0)),
        ("1000000000000001", None),
        ("0.0000000001", None),
        ("1.50000000000000000000", Amount(1_500_000_000, 9)),
        ("0." + "0" * 40, Amount(0, 9)),
        ("0." + "0" * 41, None),
        ("1.0000000001", None),
        *((text, None) for text in ("", "-", ".5", "5.", "+1", "01", "1e3", "1,5", " 1", "1\n")),
        *((text, None) for text in ("NaN", "Infinity", "0x1", "\u0661", "1_000", "--1", "1.2.3")),
    ],
)
def test_only_plain_decimals_are_amounts(text: str, amount: Amount | None) -> None:
    assert parse(text) == amount


def test_an_amount_keeps_the_places_it_was_written_with() -> None:
    assert Amount(1250, 2).text() == "12.50"
    assert Amount(-5, 2).text() == "-0.05"
    assert Amount(0, 3).text() == "0.000"


@given(st.lists(st.tuples(AMOUNTS, st.integers(0, 10**6)), max_size=6))
@settings(max_examples=300)
def test_the_sum_of_lines_is_exact(lines: list[tuple[Amount, int]]) -> None:
    with localcontext() as context:
        context.prec = 60
        summed = line_sum([(price, much(n)) for price, n in lines])
        assert decimal(summed) == sum(decimal(price) * n for price, n in lines)
        # Whole quantities make a sum of the prices' places.
        assert summed.scale == max((price.scale for price, _ in lines), default=0)


# So small that the book holds every digit.
PRICES = st.builds(Amount, st.integers(-(10**4), 10**4), st.integers(0, 5))
FRACTIONS = st.integers(-(10**5), 10**5).map(Quantity)


@given(st.lists(st.tuples(PRICES, FRACTIONS), max_size=6))
@settings(max_examples=300)
def test_the_sum_of_fractions_is_exact_as_well(lines: list[tuple[Amount, Quantity]]) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = sum((decimal(price) * n / 10_000 for price, n in lines), Decimal(0))
        summed = line_sum(lines)
        assert decimal(summed) == exact
        # It has the prices' places, and behind them no zero that says nothing.
        least = max((price.scale for price, _ in lines), default=0)
        assert summed.scale == least or (summed.scale > least and summed.units % 10)
        for places in (0, 2, 3):
            paid = line_sum(lines, places)
            assert decimal(paid) == exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


@pytest.mark.parametrize(
    ("price", "quantity", "places", "summed"),
    [
        (Amount(1250, 2), "2.5", None, Amount(3125, 2)),  # not 31.2500
        (Amount(1250, 2), "0.0001", None, Amount(125, 5)),
        (Amount(1250, 2), "0.0001", 2, Amount(0, 2)),
        (Amount(3, 0), "0.5", None, Amount(15, 1)),
        (Amount(1250, 2), "0.0012", 2, Amount(2, 2)),  # 0.015: to the even
        # Finer than the book can hold: rounded once, not refused.
        (Amount(1_234_567, 6), "0.3333", None, Amount(411_481_181, 9)),
        (Amount(5, 6), "0.0001", None, Amount(0, 6)),
        (Amount(UNITS_MAX - 1, 2), "0.0001", None, Amount(UNITS_MAX - 1, 6)),
        (Amount(10**13 + 1, 2), "1.0001", None, Amount(10_001_000_000_001, 2)),
        # Whole quantities are never rounded: the sum is refused as out of range.
        (Amount(UNITS_MAX, 9), 2, None, Amount(2 * UNITS_MAX, 9)),
    ],
)
def test_a_sum_is_rounded_once_where_it_must_be(
    price: Amount, quantity: int | str, places: int | None, summed: Amount
) -> None:
    assert line_sum([(price, much(quantity))], places) == summed


@pytest.mark.parametrize(
    ("amounts", "fits"),
    [
        ((Amount(UNITS_MAX, 0), ZERO), True),
        ((Amount(UNITS_MAX + 1, 0),), False),
        ((Amount(1, SCALE_MAX + 1),), False),
        ((Amount(1, -1),), False),
        ((Amount(9_223_372_036, 0), Amount(1, 9)), True),
        ((Amount(9_223_372_037, 0), Amount(1, 9)), False),
        ((Amount(-9_223_372_037, 0), Amount(1, 9)), False),
    ],
)
def test_amounts_are_stored_side_by_side_in_64_bits(
    amounts: tuple[Amount, ...], fits: bool
) -> None:
    assert storable(*amounts) is fits


@pytest.mark.parametrize(
    ("amount", "plain"),
    [
        (Amount(1250, 2), (125, 1)),
        (Amount(300, 2), (3, 0)),
        (Amount(0, 4), (0, 0)),
        (Amount(-10, 1), (-1, 0)),
        (Amount(100, 0), (100, 0)),
        (Amount(1, 9), (1, 9)),
    ],
)
def test_zeros_at_the_end_say_nothing(amount: Amount, plain: tuple[int, int]) -> None:
    assert stripped(*amount) == plain


@given(st.integers(-(10**12), 10**12), st.integers(0, 4), st.integers(-(10**12), 10**12),
       st.integers(0, 4))  # fmt: skip
def test_what_lies_between_lines_and_total_adds_up(a: int, b: int, c: int, d: int) -> None:
    subtotal, total = Amount(a, b), Amount(c, d)
    discount, shipping = balance(subtotal, total)
    assert subtotal.at(4) - discount.at(4) + shipping.at(4) == total.at(4)
    assert min(discount.units, shipping.units) == 0
    assert max(discount.units, shipping.units) >= 0


@pytest.mark.parametrize(
    ("units", "scale", "text"), [(1250, -1, "1250e1"), (-3, -2, "-3e2"), (0, -1, "0e1")]
)
def test_an_amount_of_a_damaged_row_is_the_number_that_it_is(
    units: int, scale: int, text: str
) -> None:
    """1250 tens were shown as 1.250, and a zero of them was divided by ten for ever."""
    amount = Amount(units, scale)
    assert amount.text() == text
    assert stripped(units, scale) == (units, scale)
    assert amount.at(2) == units * 10 ** (2 - scale)
    assert not amount.within_range()


@pytest.mark.parametrize(
    ("text", "decimal_"),
    [
        ("12.50", True), ("-0.00000000001", True), ("9007199254740993.01", True), ("1" * 40, True),
        *((text, False) for text in ("", "1e3", "1,5", " 1", "1\n", "\u0661", "NaN", "01")),
    ],
)  # fmt: skip
def test_what_is_no_amount_for_its_size_alone(text: str, decimal_: bool) -> None:
    assert is_written_in_digits(text) is decimal_
