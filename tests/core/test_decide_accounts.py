"""Placing an order with a payment where a provider needs an account."""

import pytest
from tests.core.book import ORG, Book, line

from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.refusal import NEVER_STORED, Reason

PAID = {"payment_provider": "Stripe", "payment_reference": "pi_1"}


@pytest.mark.parametrize("accounts", [None, frozenset({"stripe"})])
def test_a_payment_is_asked_of_a_provider_that_has_an_account(
    accounts: frozenset[str] | None,
) -> None:
    Book().done(PlaceOrder(ORG, "native", "EUR", (line(),), said=PAID, accounts=accounts))


def test_a_provider_without_an_account_is_refused_and_the_refusal_not_kept() -> None:
    for accounts in (frozenset[str](), frozenset({"adyen", "strip"})):
        command = PlaceOrder(ORG, "native", "EUR", (line(),), said=PAID, accounts=accounts)
        refusal = Book().refused(command)
        assert (refusal.reason, refusal.field) == (Reason.NO_ACCOUNT, "payment_provider")
        assert refusal.sentence.startswith("payment_provider: Stripe has no account here")
        assert refusal.reason in NEVER_STORED


def test_an_order_that_costs_nothing_needs_no_account() -> None:
    free = (line(price=Amount(0, 0)),)
    Book().done(PlaceOrder(ORG, "native", "EUR", free, said=PAID, accounts=frozenset()))
