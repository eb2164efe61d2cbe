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


@pytest.mark.parametrize(
    ("service", "currency", "units", "scale", "least"),
    [
        ("Stripe", "KWD", 1005, 3, "0.01"), ("stripe", "ISK", 150, 2, "1"),
        ("stripe", "JPY", 15, 1, "1"), ("Adyen", "IDR", 150, 2, "1"), ("adyen", "CLP", 1, 1, "1"),
        ("PayPal", "HUF", 105, 1, "1"), ("paypal", "EUR", 12345, 3, "0.01"),
    ],
)  # fmt: skip
def test_an_amount_finer_than_the_provider_charges_is_refused(
    service: str, currency: str, units: int, scale: int, least: str
) -> None:
    paid = {"payment_provider": service, "payment_reference": "pi_1"}
    price = Amount(units, scale)
    command = PlaceOrder(ORG, "native", currency, (line(price=price, currency=currency),),
                         total=price, said=paid)  # fmt: skip
    refusal = a_book(service.lower()).refused(command)
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "total")
    assert f"is finer than {least} {currency}, the least that {service} charges" in refusal.sentence
    # Without an account the sandbox answers, which takes every amount.
    a_book().done(command)


@pytest.mark.parametrize(
    ("service", "currency", "units", "scale"),
    [("stripe", "KWD", 1010, 3), ("stripe", "ISK", 1500, 2), ("adyen", "KWD", 1005, 3),
     ("paypal", "EUR", 12340, 3), ("stripe", "HUF", 105, 1), ("adyen", "EUR", 1, 2)],
)  # fmt: skip
def test_an_amount_that_the_provider_charges_is_taken(
    service: str, currency: str, units: int, scale: int
) -> None:
    paid = {"payment_provider": service, "payment_reference": "pi_1"}
    price = Amount(units, scale)
    lines = (line(price=price, currency=currency),)
    a_book(service).done(PlaceOrder(ORG, "native", currency, lines, total=price, said=paid))
