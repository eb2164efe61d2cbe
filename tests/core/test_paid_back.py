"""Parts of an order that are paid back by line come to the whole, to the smallest unit."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import ORG, TRACKED, Book, line
from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ask_return import RequestReturn
from entrepot.core.decide.capture import CaptureOrder, PrepareCapture
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import ReceiveReturn
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.quantity import Quantity
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult
from entrepot.core.shipments import Part

PLACES = {"EUR": 2, "JPY": 0, "KWD": 3}


class Sold(NamedTuple):
    """An order whose money was taken."""

    book: Book
    order: Order

    @property
    def funds(self) -> Funds:
        found = self.book.facts.funds_of((ORG, self.order.id))
        assert found is not None
        return found

    @property
    def given_back(self) -> int:
        return sum(one.given_back for one in self.funds.payments)

    def refund(self, *parts: tuple[bytes, int]) -> bool:
        """Whether these parts are paid back."""
        lines = tuple(Part(line_id, Quantity(units)) for line_id, units in parts)
        told = self.book.attempted(RefundOrder(ORG, "native", self.order.id, lines=lines))
        return not isinstance(told, Refusal)


def sold(
    *lines: tuple[int, str], currency: str = "EUR", total: Amount | None = None,
    service: str = "adyen",
) -> Sold:  # fmt: skip
    """An order of these lines, price in the smallest unit and quantity, that costs so much."""
    places = PLACES[currency]
    book = Book()
    book.stock(TRACKED, 1000)
    wanted = [
        line(TRACKED, quantity, price=Amount(price, places), currency=currency)
        for price, quantity in lines
    ]
    said = {"payment_provider": service, "payment_reference": "shopper/card"}
    placed = book.done(
        PlaceOrder(ORG, "native", currency, tuple(wanted), said=said, total=total, places=places)
    )
    assert isinstance(placed, OrderResult)
    order = placed.order
    book.reserved(order)
    book.settled(order, "authorized")
    book.done(CaptureOrder(ORG, "native", order.id))
    [job] = book.jobs(order)
    book.done(SettleOperation(ORG, order.id, job.id, job.fence, 1, 2, True, "", "ref"))
    for job in book.jobs(order):
        book.done(PrepareCapture(ORG, order.id, job.id, job.fence, several=False))
    return Sold(book, book.order(order))


CASES = [
    ("EUR", [(299, "1.5")], None),  # half a kilogram costs 1.495
    ("EUR", [(5, "1")], None),
    ("EUR", [(500, "3")], 1000),  # with a discount
    ("EUR", [(333, "3"), (1, "0.7")], 777),
    ("EUR", [(1000, "1")], 1499),  # with costs of shipping, which no line pays back
    ("JPY", [(333, "1.5"), (100, "0.5")], 540),
    ("KWD", [(1250, "3")], 3333),
    ("EUR", [(0, "2"), (999, "1")], 500),  # with a free line
]


@pytest.mark.parametrize(("currency", "lines", "total"), CASES)
def test_parts_that_are_paid_back_come_to_the_whole(
    currency: str, lines: list[tuple[int, str]], total: int | None
) -> None:
    places = PLACES[currency]
    amount = None if total is None else Amount(total, places)
    one = sold(*lines, currency=currency, total=amount)
    whole = min(one.order.total.at(places), one.order.subtotal.at(places))
    for its in one.order.lines:
        third, left = its.quantity // 3, its.quantity
        for units in (third, third, its.quantity - 2 * third):
            if one.refund((its.id, units)):
                left -= units
        if left:
            assert one.refund((its.id, left)) or its.price.units == 0
    assert one.given_back == whole


@given(
    prices=st.lists(st.integers(0, 999), min_size=1, max_size=3),
    quantities=st.lists(st.integers(1, 40_000), min_size=3, max_size=3),
    cuts=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 20_000)), max_size=8),
    currency=st.sampled_from(list(PLACES)),
    share=st.sampled_from([None, 1, 3, 7, 10, 13]),
)
def test_no_part_is_paid_back_above_the_whole_and_the_last_one_has_the_rest(
    prices: list[int], quantities: list[int], cuts: list[tuple[int, int]], currency: str,
    share: int | None,
) -> None:  # fmt: skip
    lines = [(price, str(units / 10_000)) for price, units in zip(prices, quantities, strict=False)]
    summed = sum(price * units for price, units in zip(prices, quantities, strict=False)) // 10_000
    total = None if share is None else Amount(summed * share // 10, PLACES[currency])
    if summed < 2 or (total is not None and not total.units):
        return
    if total is not None and currency == "KWD":
        total = Amount(total.units * 10, 3)
    one = sold(*lines, currency=currency, total=total)
    whole = min(one.funds.due, one.order.subtotal.at(one.funds.scale))
    left = {its.id: int(its.quantity) for its in one.order.lines}
    for place, most in cuts:
        its = one.order.lines[place % len(one.order.lines)]
        units = min(most, left[its.id])
        if units and one.refund((its.id, units)):
            left[its.id] -= units
        assert one.given_back <= whole
    rest = [(line_id, units) for line_id, units in left.items() if units]
    assert not rest or one.refund(*rest) or one.given_back == whole
    assert one.given_back == whole


def test_returns_and_refunds_by_line_come_to_the_whole_together() -> None:
    one = sold((299, "1.5"), service="sandbox")
    book, order = one.book, one.order
    [its] = order.lines
    book.told(order, ("polinate_status", "PACKED"))
    book.done(ShipOrder(ORG, "native", order.id))
    assert one.refund((its.id, 5_000))
    for units in ("0.5", "0.5"):
        asked = book.done(RequestReturn(ORG, "native", order.id, (Part(its.id, much(units)),)))
        assert isinstance(asked, OrderResult)
        assert asked.back is not None
        back = asked.back.one
        book.facts.by_return[ORG, back.id] = (ORG, order.id, back.number)
        book.done(ReceiveReturn(ORG, "native", back.id, restock=False, refund=True))
    assert one.given_back == one.order.total.at(one.funds.scale) == 448


def test_a_line_that_is_paid_back_once_more_begins_anew() -> None:
    """As after a refund that its service declined, or gave back to the shop."""
    one = sold((299, "1.5"), (1000, "1"))
    its = one.order.lines[0]
    assert one.refund((its.id, 15_000))
    assert one.given_back == 448
    assert one.refund((its.id, 5_000))
    assert one.given_back == 448 + 149


def test_a_line_that_was_amended_is_paid_back_by_what_it_has_now() -> None:
    one = sold((1000, "3"))
    [its] = one.order.lines
    assert one.refund((its.id, 20_000))
    change = LineChange("", its.id, quantity=much(1))
    one.book.done(AmendOrder(ORG, "native", one.order.id, update_lines=(change,)))
    assert one.given_back == 2000
    assert one.refund((its.id, 10_000))
    assert one.given_back == 3000


@pytest.mark.parametrize(
    ("price", "why"),
    [(1000, "0.01 EUR are left of what was taken, 10.00 wanted"), (0, "must be more than 0")],
)
def test_what_lines_cannot_be_paid_back_is_said_of_the_lines(price: int, why: str) -> None:
    one = sold((price, "1"), (1, "1"))
    its = one.order.lines[0]
    if price:
        assert one.refund((its.id, 10_000))
    part = Part(its.id, much(1), "lines[0]")
    refusal = one.book.refused(RefundOrder(ORG, "native", one.order.id, lines=(part,)))
    assert (refusal.field, refusal.detail) == ("lines", why)
