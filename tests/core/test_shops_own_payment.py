"""Money that the shop's own pages had held, of an order that ends before its payment began."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.book import ORG, Book, line
from tests.core.laws import check

from entrepot.core.facets import Facets
from entrepot.core.order import Order

PSP = "8815658961765250"
CANCELLED = ("polinate_phase", "CANCELLED")


def a_book() -> Book:
    book = Book()
    book.stock(delta=3)
    return book


def placed(book: Book, quantity: int = 4, reference: str = PSP, **said: Any) -> Order:
    names = {"payment_provider": "Adyen", "payment_reference": reference, **said}
    return book.placed(line(quantity=quantity), **names)


def ended(book: Book, how: str, **said: Any) -> Order:
    """An order that ends before its payment begins, and the pipeline's step after the end."""
    order = placed(book, **said)
    if how == "cancelled":
        book.told(order, CANCELLED)
    book.reserved(order)
    return book.order(order)


def steps(book: Book, order: Order) -> list[str]:
    return [job.kind for job in book.jobs(order)]


@pytest.mark.parametrize(
    ("how", "stage"), [("without stock", "failed"), ("cancelled", "cancelled")]
)
def test_what_the_shop_had_held_is_let_go(how: str, stage: str) -> None:
    book = a_book()
    order = ended(book, how)
    assert order.facets == Facets(stage, "pending")
    assert steps(book, order) == ["void"]
    funds = book.facts.funds_of((ORG, order.id))
    assert funds is not None
    kinds = [(one.kind, one.state, one.units) for one in funds.first.operations]
    total = order.total.units
    assert kinds == [("authorise", "prepared", total), ("void", "prepared", total)]
    check(book)
    book.settled(order, "voided", "adyen let go of it")
    assert book.order(order).facets == Facets(stage, "voided")
    detail = book.order(order).reason_detail or ""
    assert detail.startswith(order.reason_detail or "?")
    assert detail.endswith("; adyen let go of it")
    assert book.types(order)[-1] == "payment.voided"
    assert not set(steps(book, order)) - {"hear"}
    check(book)


@pytest.mark.parametrize("how", ["without stock", "cancelled"])
def test_what_the_shop_had_taken_is_given_back(how: str) -> None:
    book = a_book()
    order = ended(book, how)
    book.settled(order, "captured")
    assert steps(book, order) == ["refund"]
    assert book.order(order).facets.payment == "paid"
    check(book)


@pytest.mark.parametrize("how", ["without stock", "cancelled"])
@pytest.mark.parametrize(
    "said",
    [{"reference": "shopper/8415"}, {"payment_provider": "Stripe", "reference": "pi_1"}],
    ids=["a means of payment", "no account at the service"],
)
def test_nothing_is_let_go_where_nothing_can_be_held(how: str, said: dict[str, Any]) -> None:
    book = a_book()
    order = ended(book, how, **said)
    assert (steps(book, order), book.facts.funds_of((ORG, order.id))) == ([], None)


@pytest.mark.parametrize("how", ["without stock", "cancelled"])
def test_a_second_order_with_the_payment_lets_go_as_well(how: str) -> None:
    """The step reads whether the first one still stands, for it may have left the money to this."""
    book = a_book()
    first = placed(book, 1)
    book.reserved(first)
    order = ended(book, how)
    assert order.shares_payment_of == first.id
    assert (steps(book, order), steps(book, first)) == (["void"], ["authorise"])
    check(book)
