"""Money that comes after its payment was declined, and that the service notifies."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book, telling
from tests.core.test_decide_difference import AGAIN, a_book, answered, costing, funds, job_of

from entrepot.core import ids, references
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.wake import WakeStep
from entrepot.core.notice import Topics
from entrepot.core.order import Order
from entrepot.core.payment import FullPayment

LATE = "adyen holds 5.00 EUR that the order needs no more: void ref-2 there, then retry"


def not_added() -> tuple[Book, Order]:
    """A running order that came to cost more, and whose service declined the rest."""
    book, order = a_book()
    book.done(costing(order, 1500))
    answered(book, order, "declined")
    return book, order


def notified(book: Book, order: Order, *, of_money: bool = True) -> list[str]:
    """The kinds of the order's jobs after a notification that names the order."""
    book.done(WakeStep(ORG, "adyen", ids.dashed(order.id), topics=Topics(money=of_money)))
    return [job.kind for job in book.jobs(order)]


def looked(book: Book, order: Order, found: str) -> Order:
    job = job_of(book, order, "look")
    claim = (ORG, "adyen", "shopper/8415718415718415")
    book.done(SettleLook(ORG, order.id, job.id, job.fence, False, found=found, claim=claim))
    return book.order(order)


def test_money_for_what_was_declined_of_a_running_order_calls_an_operator() -> None:
    book, order = not_added()
    assert notified(book, order) == ["look"]
    parked = looked(book, order, LATE)
    assert (parked.parked, parked.reason) == (True, "parked")
    assert LATE in (parked.reason_detail or "")
    # The money was voided at the service, and somebody retries: nothing is found any more.
    assert notified(book, order) == ["look"]
    after = looked(book, order, "")
    assert (after.parked, book.jobs(order)) == (False, [])


@pytest.mark.parametrize("of_money", [True, False])
def test_a_notification_of_no_late_money_has_nothing_looked_at(of_money: bool) -> None:
    book, order = a_book()
    assert notified(book, order, of_money=of_money) == []
    book.done(costing(order, 1500))
    assert notified(book, order, of_money=of_money) == ["increase"]
    answered(book, order, "authorized")
    assert notified(book, order, of_money=of_money) == []


@pytest.mark.parametrize(
    ("service", "reference", "named"),
    [
        ("stripe", "pi_1", "pi_1"),
        ("stripe", "cus_1/pm_1", None),
        ("adyen", "8815658961765250", "8815658961765250"),
        ("adyen", AGAIN, None),
        ("paypal", "5O190127TN364715T", "5O190127TN364715T"),
        ("paypal", "vault/8kk8451t", None),
        ("sandbox", "declined", None),
    ],
)
@pytest.mark.parametrize("state", ["declined", "given_up"])
def test_a_payment_that_comes_to_nothing_keeps_what_the_service_calls_it(
    service: str, reference: str, named: str | None, state: str
) -> None:
    book, order = a_book()
    [full] = funds(book, order).payments
    asked = full.authorisation._replace(state="prepared", provider_reference=None)
    paid = full.payment._replace(service=service, reference=reference)
    for known in (None, "known"):
        first = asked._replace(provider_reference=known)
        ended = references.over(FullPayment(paid, (first,)), state, 5)
        assert (ended.state, ended.provider_reference) == (state, known or named)


def test_an_addition_of_an_order_that_ended_is_let_go_by_the_step_that_asked_for_it() -> None:
    """A call that asks for the addition may be on its way: the void waits for that."""
    book, order = a_book()
    book.done(costing(order, 1500))
    book.done(telling(order, ("polinate_phase", "CANCELLED")))
    asked = job_of(book, order, "increase")
    answered(book, order, "lapsed")
    waits = job_of(book, order, "increase")
    assert waits.fence == asked.fence
    assert funds(book, order).payments[1].open_void is not None
    answered(book, order, "voided")
    assert [one for one in book.jobs(order) if one.kind == "increase"] == []
    assert funds(book, order).payments[1].facet == "voided"
