"""Quantities: exact decimals of up to four places, through every way in and out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import LOOSE, SCARCE, TRACKED, Book, line
from tests.core.test_decide_amend import changing
from tests.quantities import much, units

from entrepot.core.commands import LineChange
from entrepot.core.money import ZERO
from entrepot.core.properties import text_of
from entrepot.core.quantity import LINE_MAX, ON_HAND_MAX, Quantity, exact, json_number, text
from entrepot.core.refusal import Reason

DECIMALS = st.decimals(-(10**9), 10**9, places=4) | st.decimals(-10, 10, places=2)


def plain(number: Decimal) -> tuple[int, int]:
    """A decimal as (units, scale), as the edge reads it."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits)))
    return -whole if sign else whole, -exponent


@given(DECIMALS)
def test_what_is_read_is_what_is_printed(number: Decimal) -> None:
    found = exact(*plain(number))
    assert found is not None
    assert Decimal(text(found)) == number == Decimal(text_of(json_number(found)))
    # There is no shorter spelling, and a whole number is an integer.
    assert "." not in text(found) or text(found)[-1] not in "0."
    assert isinstance(json_number(found), int) == (number == number.to_integral_value())
    assert exact(*plain(Decimal(text(found)))) == found


@given(st.lists(st.decimals(-(10**6), 10**6, places=4), max_size=20))
def test_the_parts_sum_up_to_the_whole(parts: list[Decimal]) -> None:
    found = [exact(*plain(part)) or 0 for part in parts]
    assert Decimal(text(Quantity(sum(found)))) == sum(parts)


@pytest.mark.parametrize(
    ("units_", "scale", "found"),
    [
        (3, 0, 30_000), (10, 1, 10_000), (250, 2, 25_000), (1, 4, 1), (-5, 1, -5_000),
        (100_000, 5, 10_000), (10**12, 12, 10_000), (1, 5, None), (123_456, 5, None),
        (1_000_000_000_000_001, 6, None), (9_999_999_999_999, 4, 9_999_999_999_999),
    ],
)  # fmt: skip
def test_four_places_are_kept_and_more_are_none(units_: int, scale: int, found: int | None) -> None:
    assert exact(units_, scale) == found


def test_no_binary_float_is_on_the_way() -> None:
    assert exact(*plain(Decimal("0.1"))) == 1_000
    assert Quantity(much("0.1") + much("0.2")) == much("0.3")
    # Sixteen digits and more, which a float rounds.
    assert text(Quantity(99_999_999_999_999_999)) == "9999999999999.9999"
    assert float("9999999999999.9999") == 10**13


def test_the_largest_fits_the_database() -> None:
    assert max(LINE_MAX, ON_HAND_MAX) < 2**63
    assert text(LINE_MAX) == "1000000000"


# ------------------------------------------------------------------ in a book


def test_sentences_say_quantities_as_people_do() -> None:
    book = Book()
    book.stock(TRACKED, "8.5")
    order = book.placed(line(quantity="8.6"))
    assert book.reserved(order).order is not None
    assert "has 8.5 free, 8.6 wanted" in str(book.order(order).reason_detail)
    book.confirmed(line(quantity="1.5"), paid=False)
    short = book.refused(book.taking(TRACKED, "-7.25"))
    assert (
        short.reason,
        short.detail,
    ) == (Reason.OUT_OF_STOCK, "8.5 on hand, 1.5 of it reserved; cannot take 7.25 away")
    book.done(book.taking(TRACKED, -7))
    assert (book.level().on_hand, book.level().reserved) == (Decimal("1.5"), Decimal("1.5"))


def test_a_fraction_is_reserved_amended_and_shipped() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    book.stock(SCARCE, 1)
    order = book.confirmed(line(quantity="1.5"), line(LOOSE), paid=False)
    assert (book.level().reserved, order.total.text()) == (Decimal("1.5"), "25.00")
    change = LineChange("u", order.lines[0].id, much("0.0001"))
    book.done(changing(order, update_lines=(change,)))
    after = book.order(order)
    assert (after.total.text(), after.subtotal.text()) == ("10.001", "10.001")
    [event] = [one for one in book.events(order) if one.type == "order.amended"]
    assert '"quantity":[1.5,0.0001]' in event.body
    book.told(order, ("polinate_status", "PACKED"))
    book.told(order, ("polinate_status", "IN_TRANSIT"))
    assert (book.level().on_hand, book.level().reserved) == (Decimal("9.9999"), 0)
    [sale] = [entry for entry in book.facts.entries if entry.kind == "sale"]
    assert units(sale.delta) == Decimal("-0.0001")


def test_under_soft_allocation_promises_end_where_they_cannot_be_counted() -> None:
    book = Book(hard=False)
    most = Decimal(text(ON_HAND_MAX))
    book.stock(TRACKED, 0)
    book.stock(SCARCE, 0)
    given = {"quantity": most, "price": ZERO}
    book.confirmed(line(**given), paid=False)
    order = book.placed(line(quantity="0.0001"))
    book.reserved(order)
    assert (book.order(order).facets.stage, book.order(order).reason) == ("failed", "out_of_stock")
    # Neither does what has left leave more room.
    shipped = book.confirmed(line(SCARCE, **given), paid=False)
    book.told(shipped, ("polinate_status", "IN_TRANSIT"))
    assert book.level(SCARCE).on_hand == -most
    again = book.placed(line(SCARCE))
    book.reserved(again)
    assert book.order(again).facets.stage == "failed"


@pytest.mark.parametrize("count", [0, "-0.0001", -1])
def test_what_is_sold_is_more_than_nothing(count: int | str) -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(), paid=False)
    change = LineChange("u", order.lines[0].id, much(count))
    refusal = book.refused(changing(order, update_lines=(change,)))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "u.quantity")
