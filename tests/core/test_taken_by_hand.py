"""Money that was to be let go, and that somebody had taken at the service before: it pays its
order, and no other payment of the order takes as much again.
"""

from __future__ import annotations

from tests.core.book import ORG
from tests.core.test_decide_difference import a_book, answered, by_hand, costing, funds, work
from tests.core.test_decide_renew import dues, held, renewing

from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.money import Amount


def test_an_addition_that_was_taken_although_it_was_amended_back_pays_its_part() -> None:
    book, order = a_book()
    book.done(costing(order, 1500))
    answered(book, order, "authorized")
    book.done(costing(order, 1000))
    by_hand(book, order)
    after = funds(book, order)
    assert [one.payment.amount.units for one in after.payments] == [500, 500]
    assert (after.kept, after.capturable) == (500, 500)
    book.done(CaptureOrder(ORG, "native", order.id))
    for _ in range(3):
        work(book, order, good=True)
    assert (funds(book, order).kept, book.order(order).facets.payment) == (1000, "paid")


def test_an_old_hold_that_was_taken_pays_the_order_and_the_new_one_is_let_go() -> None:
    book, order = renewing()
    answered(book, order, "authorized")
    by_hand(book, order)
    assert (dues(book, order), funds(book, order).capturable) == ([1000, 0], 0)
    for _ in range(2):
        work(book, order, good=True)
    assert (held(book, order), funds(book, order).kept, book.jobs(order)) == ([0, 0], 1000, [])
    assert book.order(order).facets.payment == "paid"


def test_an_old_hold_that_was_taken_is_given_back_while_the_new_one_is_taken() -> None:
    book, order = renewing()
    answered(book, order, "authorized")
    book.done(CaptureOrder(ORG, "native", order.id, Amount(400, 2)))
    by_hand(book, order)
    after = funds(book, order)
    assert (after.first.given_back, after.kept, after.capturable) == (1000, 400, 600)
