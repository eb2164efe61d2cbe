"""When an invoice is made, and how its status follows its order: the table, row by row."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import Book

from entrepot.core import invoices
from entrepot.core.facets import ENDED, FULFILMENTS, PAYMENTS, STAGES, Facets
from entrepot.core.invoices import CONFIRMATION, NEVER, SHIPMENT, STATUSES, Billed
from entrepot.core.money import Amount
from entrepot.core.order import Order

FACETS = st.builds(
    Facets, st.sampled_from(STAGES), st.sampled_from(PAYMENTS), st.sampled_from(FULFILMENTS)
)


def order(facets: Facets = Facets("confirmed"), total: int = 2500) -> Order:  # noqa: B008
    return Book().mirrored().changed(facets=facets, total=Amount(total, 2), managed=True)


def invoice(status: str, total: int = 2500) -> invoices.Invoice:
    made = invoices.of_order(Billed(order(total=total)), b"i" * 16, 7)
    return made._replace(status=status)


@pytest.mark.parametrize(
    ("when", "before", "after", "due"),
    [
        (CONFIRMATION, Facets("placed"), Facets("confirmed"), True),
        (CONFIRMATION, Facets("placed"), Facets("completed"), True),
        (CONFIRMATION, Facets("placed"), Facets("failed"), False),
        (CONFIRMATION, Facets("placed"), Facets("placed", "authorized"), False),
        (CONFIRMATION, Facets("confirmed"), Facets("completed"), False),
        (SHIPMENT, Facets("placed"), Facets("confirmed"), False),
        (SHIPMENT, Facets("confirmed"), Facets("confirmed", fulfilment="partially_shipped"), True),
        (SHIPMENT, Facets("confirmed"), Facets("confirmed", fulfilment="in_transit"), True),
        (SHIPMENT, Facets("confirmed"), Facets("completed"), True),
        (SHIPMENT, Facets("confirmed"), Facets("cancelled", fulfilment="in_transit"), False),
        (NEVER, Facets("placed"), Facets("confirmed"), False),
        (None, Facets("placed"), Facets("confirmed"), False),
    ],
)
def test_when_an_invoice_is_due(when: str | None, before: Facets, after: Facets, due: bool) -> None:
    assert invoices.is_due(before, after, when) is due


@given(before=FACETS, after=FACETS, when=st.sampled_from((None, *invoices.WHEN)))
def test_an_order_that_ended_gets_none_and_never_is_never(
    before: Facets, after: Facets, when: str | None
) -> None:
    if invoices.is_due(before, after, when):
        assert after.stage not in ENDED
        assert when in (CONFIRMATION, SHIPMENT)


PAID, BACK = Facets("confirmed", "paid"), Facets("confirmed", "refunded")
PARTLY = Facets("confirmed", "partially_refunded")
MOVES = {
    "PAID": (Facets("confirmed", "authorized"), PAID),
    "REFUNDED": (PAID, BACK),
    "CREDITED": (PAID, PARTLY),
    "VOIDED": (Facets("confirmed", "authorized"), Facets("cancelled", "authorized")),
}
# The statuses from which each move leads to its own; all others stay.
OPEN = {"DRAFT", "AUTHORISED", "PARTIALLY_PAID", "OVERDUE", "DEFAULTED"}
FROM = {
    "PAID": OPEN, "VOIDED": OPEN, "CREDITED": OPEN | {"PAID", "OVERPAID"},
    "REFUNDED": OPEN | {"PAID", "OVERPAID", "CREDITED"},
}  # fmt: skip


@pytest.mark.parametrize(("to", "status"), list(itertools.product(MOVES, STATUSES)))
def test_how_a_status_follows(to: str, status: str) -> None:
    before, after = (Billed(order(facets)) for facets in MOVES[to])
    expected = to if status in FROM[to] else status
    assert invoices.followed(before, after, invoice(status)) == expected


@given(before=FACETS, status=st.sampled_from(STATUSES))
def test_nothing_follows_where_nothing_begins_to_hold(before: Facets, status: str) -> None:
    """A status that was told stays until the order's money or its end says another one."""
    same = Billed(order(before))
    moved = Billed(order(before._replace(returns="requested")))
    assert invoices.followed(same, moved, invoice(status)) == status


def test_money_that_was_taken_keeps_an_invoice_from_being_voided() -> None:
    before, after = Billed(order(PAID)), Billed(order(Facets("cancelled", "paid")))
    assert invoices.followed(before, after, invoice("PAID")) == "PAID"
    assert invoices.followed(before, after, invoice("OVERDUE")) == "OVERDUE"
    back = Billed(order(Facets("cancelled", "refunded")))
    assert invoices.followed(after, back, invoice("PAID")) == "REFUNDED"


@pytest.mark.parametrize(("total", "status"), [(2499, "CREDITED"), (2500, "PAID"), (2501, "PAID")])
def test_an_order_that_was_amended_to_cost_less(total: int, status: str) -> None:
    assert invoices.followed(Billed(order()), Billed(order(total=total)), invoice("PAID")) == status


def test_an_invoice_has_the_figures_and_the_lines_of_its_order() -> None:
    ordered = order()
    made = invoices.of_order(Billed(ordered), b"i" * 16, 7)
    names = ("subtotal", "discount", "shipping", "tax", "total", "currency", "customer_id")
    assert all(getattr(made, name) == getattr(ordered, name) for name in names)
    lines = json.loads(made.lines)
    assert [line["price"] for line in lines] == [line.price.text() for line in ordered.lines]
    assert made.reference == ordered.external_reference


HELD, DISPUTED = Facets("confirmed", "authorized"), Facets("confirmed", "disputed")


def taken(cents: int, facets: Facets = HELD, total: int = 2500) -> Billed:
    return Billed(order(facets, total), Amount(cents, 2))


@pytest.mark.parametrize("status", STATUSES)
def test_a_part_that_is_taken_pays_an_open_invoice_in_part(status: str) -> None:
    expected = "PARTIALLY_PAID" if status in OPEN else status
    assert invoices.followed(taken(0), taken(1), invoice(status)) == expected


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (taken(0), taken(2500, PAID), "PAID"),
        (taken(1000), taken(2500, PAID), "PAID"),
        # The rest was let go: less was paid than the invoice says.
        (taken(1000), taken(1000, PAID), "PARTIALLY_PAID"),
        (taken(1000), taken(1000, Facets("cancelled", "authorized")), "PARTIALLY_PAID"),
        (taken(0), taken(0, Facets("cancelled", "authorized")), "VOIDED"),
        # The order came to cost as much as was taken.
        (taken(1000, total=1000), taken(1000, PAID, total=1000), "PAID"),
        (taken(1000, PAID), taken(1000, PARTLY), "CREDITED"),
        (taken(1000, DISPUTED), taken(2500, DISPUTED), "PAID"),
        (taken(1000, DISPUTED), taken(1000, DISPUTED), "PARTIALLY_PAID"),
        (taken(2500, PAID), taken(2500, DISPUTED), "PARTIALLY_PAID"),
        (taken(2500, DISPUTED), taken(2500, PAID), "PAID"),
        # What was not read cannot have moved.
        (Billed(order(HELD)), Billed(order(HELD)), "PARTIALLY_PAID"),
    ],
)
def test_how_an_invoice_that_was_paid_in_part_goes_on(
    before: Billed, after: Billed, status: str
) -> None:
    assert invoices.followed(before, after, invoice("PARTIALLY_PAID")) == status


@pytest.mark.parametrize(
    ("of", "status"),
    [
        (taken(0), "AUTHORISED"), (taken(1), "PARTIALLY_PAID"),
        (taken(2499, PAID), "PARTIALLY_PAID"),
        (taken(2500, PAID), "PAID"), (Billed(order(PAID)), "PAID"), (Billed(order()), "AUTHORISED"),
    ],
)  # fmt: skip
def test_an_invoice_begins_as_its_order_was_paid(of: Billed, status: str) -> None:
    assert invoices.of_order(of, b"i" * 16, 7).status == status
