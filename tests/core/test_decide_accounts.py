"""Placing an order with a payment where a provider needs an account."""

import pytest
from tests.core.book import ORG, TRACKED, Book, line

from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.refusal import NEVER_STORED, Reason

PAID = {"payment_provider": "Stripe", "payment_reference": "pi_1"}


def a_book(*accounts: str) -> Book:
    book = Book()
    book.facts.accounts[ORG] = frozenset(accounts)
    return book


@pytest.mark.parametrize(("accounts", "needed"), [((), False), (("stripe",), True)])
def test_a_payment_is_asked_of_a_provider_that_has_an_account(
    accounts: tuple[str, ...], needed: bool
) -> None:
    command = PlaceOrder(ORG, "native", "EUR", (line(),), said=PAID, needs_account=needed)
    a_book(*accounts).done(command)


def test_a_provider_without_an_account_is_refused_and_the_refusal_not_kept() -> None:
    for accounts in ((), ("adyen", "strip")):
        command = PlaceOrder(ORG, "native", "EUR", (line(),), said=PAID, needs_account=True)
        refusal = a_book(*accounts).refused(command)
        assert (refusal.reason, refusal.field) == (Reason.NO_ACCOUNT, "payment_provider")
        assert refusal.sentence.startswith("payment_provider: Stripe has no account here")
        assert refusal.reason in NEVER_STORED


def test_an_order_that_costs_nothing_needs_no_account() -> None:
    free = (line(price=Amount(0, 0)),)
    a_book().done(PlaceOrder(ORG, "native", "EUR", free, said=PAID, needs_account=True))


@pytest.mark.parametrize(
    ("accounts", "stand_in", "service"),
    [
        (("adyen",), "sandbox", "adyen"),
        (("stripe",), "sandbox", "sandbox"),
        ((), "sandbox", "sandbox"),
        (("stripe",), None, "adyen"),
    ],
)
def test_a_service_answers_where_the_organization_has_an_account(
    accounts: tuple[str, ...], stand_in: str | None, service: str
) -> None:
    book = a_book(*accounts)
    book.stock()
    order = book.placed(line(TRACKED), payment_provider="Adyen", payment_reference="pi")
    book.reserved(order, stand_in)
    assert book.payment(order).service == service
