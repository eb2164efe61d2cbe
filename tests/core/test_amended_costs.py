"""Lines of an order change whose total is not the sum of its lines."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, TRACKED, Book, line
from tests.core.test_paid_back import sold
from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.explain import legal_commands
from entrepot.core.money import Amount
from entrepot.core.results import OrderResult

# What two pieces at 10.00 cost together, what one costs then, and what three cost.
COSTS = [
    ("20.00", "10.00", "30.00"),
    ("25.00", "15.00", "35.00"),  # shipping stays
    ("15.00", "7.50", "22.50"),  # a discount is a share
    ("13.33", "6.66", "19.99"),  # and never more than its share of what was paid
    ("20", "10.00", "30.00"),
]


def amount(text: str) -> Amount:
    whole, _, places = text.partition(".")
    return Amount(int(whole + places), len(places))


@pytest.mark.parametrize(("two", "one", "three"), COSTS)
@pytest.mark.parametrize("keeps", [True, False])
def test_costs_of_shipping_and_a_discount_stay_where_no_total_is_told(
    two: str, one: str, three: str, keeps: bool
) -> None:
    for quantity, costs in ((1, one), (3, three)):
        book = Book()
        book.stock(TRACKED, 10)
        order = book.confirmed(line(quantity=2), paid=False)
        book.done(AmendOrder(ORG, "polinate", order.id, total=amount(two)))
        change = LineChange("", order.lines[0].id, quantity=much(quantity))
        told = book.done(
            AmendOrder(ORG, "native", order.id, update_lines=(change,), keeps_costs=keeps)
        )
        assert isinstance(told, OrderResult)
        expected = costs if keeps else f"{10 * quantity}.00"
        assert told.order.total.text() == expected
        sums = told.order.subtotal.at(2) - told.order.discount.at(2) + told.order.shipping.at(2)
        assert sums == told.order.total.at(2)


def test_lines_are_explained_as_the_native_api_changes_them() -> None:
    """A service is asked for more that nobody needs any more: the order may cost less, not more."""
    one = sold((1000, "2"), total=Amount(1500, 2), service="sandbox")
    for total in (1600, 1500):
        told = AmendOrder(ORG, "polinate", one.order.id, total=Amount(total, 2))
        one.book.done(told)
    assert one.funds.asked is not None
    order = one.book.order(one.order)
    legal = {known.command: known.why_not for known in legal_commands(order, one.book.facts)}
    assert legal["amend_lines"] is None
    change = LineChange("", order.lines[0].id, price=Amount(999, 2))
    less = AmendOrder(ORG, "native", order.id, update_lines=(change,), keeps_costs=True)
    assert isinstance(one.book.done(less), OrderResult)
