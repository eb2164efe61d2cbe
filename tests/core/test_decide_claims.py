"""Which order a payment reference pays, and what a second order with the reference says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.core.book import ORG, SCARCE, TRACKED, Book, line

from entrepot.core import ids, kinds, shown
from entrepot.core.claims import PaymentClaim, is_live
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.steps import DeferJob
from entrepot.core.facets import ENDED, PAYMENTS, STAGES, Facets
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.results import OrderResult
from entrepot.core.rows import Rows


def said_of(order: Order) -> str | None:
    """The order's reason, without what its pipeline does with the order."""
    told = (shown.reason(order) or "").split("; ")
    return "; ".join(part for part in told if not part.startswith("waiting: its stock")) or None


def paid(book: Book, reference: str = "pi_same", provider: str = "stripe", **said: Any) -> Order:
    return book.placed(payment_provider=provider, payment_reference=reference, **said)


def sentence(first: Order, payment: str = "stripe pi_same") -> str:
    return f"shared_payment: {payment} was already the payment of order {ids.dashed(first.id)}"


def a_book(**more: Any) -> Book:
    book = Book(**more)
    book.stock(TRACKED, 100)
    return book


def test_a_second_order_says_whose_payment_it_was() -> None:
    book = a_book()
    first, second, third = paid(book), paid(book), paid(book)
    assert (first.shares_payment_of, said_of(first)) == (None, None)
    for later in (second, third):
        assert later.shares_payment_of == first.id
        assert said_of(later) == sentence(first)
    assert book.facts.sharing == [second, third]
    assert claims(book) == ({"pi_same": first.id}, {}, set())


APART: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"reference": "pi_1"}, {"reference": "pi_2"}),
    ({"reference": "pi_1"}, {"reference": "PI_1"}),
    ({"reference": "pi_1"}, {"reference": "pi_1 "}),
    ({"provider": "stripe"}, {"provider": "adyen"}),
    ({"provider": "a", "reference": "b c"}, {"provider": "a b", "reference": "c"}),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_payments_have_nothing_to_say_of_each_other(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    book = a_book()
    for said in (one, other):
        assert said_of(paid(book, **said)) is None
    assert len(book.facts.claims.new) == 2


@pytest.mark.parametrize("provider", ["Stripe", "STRIPE"])
def test_a_provider_is_the_same_in_any_case(provider: str) -> None:
    book = a_book()
    first = paid(book)
    assert said_of(paid(book, provider=provider)) == sentence(first, f"{provider} pi_same")


def test_another_organization_has_payments_of_its_own() -> None:
    book = a_book()
    paid(book)
    book.facts.orgs[8] = book.facts.orgs[ORG]._replace(org=8)
    price = Amount(100, 2)
    said = {"payment_provider": "stripe", "payment_reference": "pi_same"}
    [variant] = [one for key, one in book.facts.variants.items() if key[1] == TRACKED]
    book.facts.variants.read([variant._replace(org=8)])
    book.facts.locations.read([one._replace(org=8) for one in book.facts.locations.values()])
    result = book.attempted(PlaceOrder(8, "synq", "EUR", (line(price=price),), said=said))
    assert isinstance(result, OrderResult)
    assert result.order.shares_payment_of is None


def test_an_order_that_costs_nothing_uses_no_payment() -> None:
    book = a_book()
    free = line(price=Amount(0, 0))
    for order in (
        book.placed(free, payment_provider="stripe", payment_reference="pi_same"),
        paid(book),
        book.placed(free, payment_provider="stripe", payment_reference="pi_same"),
    ):
        assert said_of(order) is None
    assert len(book.facts.claims.new) == 1


def test_without_a_payment_there_is_nothing_to_share() -> None:
    book = a_book()
    for said in ({}, {"payment_provider": "stripe"}, {"payment_reference": "pi_same"}):
        for order in (book.placed(**said), book.placed(**said)):
            assert order.shares_payment_of is None
    assert not book.facts.claims.new


def test_a_mirrored_order_claims_nothing() -> None:
    book = a_book()
    said = {"payment_provider": "stripe", "payment_reference": "pi_same"}
    assert book.mirrored(("konvo", "paid"), said=said).shares_payment_of is None
    assert said_of(paid(book)) is None


@pytest.mark.parametrize(
    ("provider", "reference"),
    [("stripe", "cus_1/pm_1"), ("Adyen", "shopper/8415718415718415"), ("PAYPAL", "vault/token")],
)
def test_a_method_that_a_customer_has_saved_pays_each_of_the_customer_s_orders(
    provider: str, reference: str
) -> None:
    book = a_book()
    first, second = (paid(book, reference, provider) for _ in range(2))
    for order in (first, second):
        assert (order.shares_payment_of, said_of(order)) == (None, None)
    cancelled(book, first)
    voided(book, second)
    assert not book.facts.claims
    assert claims(book) == ({}, {}, set())


def test_the_sentence_stays_behind_every_other_reason() -> None:
    book = a_book()
    first, second = paid(book), paid(book)
    book.reserved(second)
    assert said_of(book.order(second)) == sentence(first)
    job = book.job(second)
    later = book.facts.now + 60
    book.done(DeferJob(ORG, job.id, job.fence, later, "down", order_id=second.id, waiting="later"))
    assert shown.reason(book.order(second)) == f"waiting: later; {sentence(first)}"
    book.settled(second, "authorized")
    told = "sandbox: authorised by the sandbox in place of stripe"
    assert shown.reason(book.order(second)) == f"{told}; {sentence(first)}"
    book.told(second, ("synq", "cancelled"))
    assert shown.reason(book.order(second)) == f"cancelled: told by polinate; {sentence(first)}"


def declined(book: Book, order: Order) -> None:
    book.reserved(order)
    book.settled(order, "declined", "no money")


def expired(book: Book, order: Order) -> None:
    book.reserved(order)
    book.settled(order, "expired", "too late")


def cancelled(book: Book, order: Order) -> None:
    book.told(order, ("synq", "cancelled"))


def voided(book: Book, order: Order) -> None:
    book.reserved(order)
    book.settled(order, "authorized")
    cancelled(book, order)
    book.settled(order, "voided")


def rejected(book: Book, order: Order) -> None:
    book.told(order, ("polinate_phase", "REJECTED"))


def claims(book: Book) -> tuple[dict[str, bytes], dict[str, bytes], set[bytes]]:
    """The orders whose claims are to be written: by reference, the new and the changed claims; and
    those whose claims are to be deleted.
    """
    rows = book.facts.claims
    new, changed = (
        {rows[key].reference: rows[key].order_id for key in keys} for keys in (rows.new, rows.dirty)
    )
    return new, changed, {rows.base[key].order_id for key in rows.gone}


ENDS = [declined, expired, cancelled, voided, rejected]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_the_reference_is_free_once_its_order_has_ended(
    end: Callable[[Book, Order], None],
) -> None:
    book = a_book()
    first = paid(book)
    end(book, first)
    assert not book.facts.claims
    assert claims(book) == ({}, {}, set())
    second = paid(book)
    assert said_of(second) is None
    assert paid(book).shares_payment_of == second.id


def test_out_of_stock_is_an_end() -> None:
    book = a_book()
    book.stock(SCARCE, 1)
    said = {"payment_provider": "stripe", "payment_reference": "pi_same"}
    first = book.placed(line(SCARCE, quantity=2), **said)
    assert book.reserved(first).job is None
    assert paid(book).shares_payment_of is None


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_the_end_of_a_second_order_leaves_the_reference_to_the_first(
    end: Callable[[Book, Order], None],
) -> None:
    book = a_book()
    first, second = paid(book), paid(book)
    end(book, second)
    assert not book.facts.claims.gone
    assert paid(book).shares_payment_of == first.id


def test_a_confirmed_and_a_completed_order_keep_their_payment() -> None:
    book = a_book()
    first = paid(book)
    book.reserved(first)
    book.settled(first, "authorized")
    assert paid(book).shares_payment_of == first.id
    book.told(first, ("polinate_status", "NOT_APPLICABLE"))
    book.told(first, ("synq", "completed"))
    assert book.order(first).facets.stage == "completed"
    assert paid(book).shares_payment_of == first.id


def read(book: Book, order: Order) -> None:
    """From here on the facts are of a later batch, which has read what was written."""
    facts = book.facts
    known, facts.claims = list(facts.claims.values()), Rows(kinds.CLAIMS)
    facts.claims.read(known)
    facts.sharing = []
    assert known == [PaymentClaim(ORG, "stripe", "pi_same", order.id)]


def test_a_reference_passes_on_within_a_batch() -> None:
    book = a_book()
    first = paid(book)
    read(book, first)
    cancelled(book, first)
    assert claims(book) == ({}, {}, {first.id})
    second = paid(book)
    assert second.shares_payment_of is None
    assert claims(book) == ({}, {"pi_same": second.id}, set())
    cancelled(book, second)
    assert claims(book) == ({}, {}, {first.id})


def test_the_end_of_an_order_from_before_claims_frees_nothing_of_another_s() -> None:
    book = a_book()
    older = paid(book)
    book.facts.claims = Rows(kinds.CLAIMS)
    first = paid(book)
    read(book, first)
    cancelled(book, older)
    assert paid(book).shares_payment_of == first.id


def test_the_reference_of_an_order_from_before_claims_is_claimed_anew() -> None:
    book = a_book()
    older = paid(book)
    book.facts.claims = Rows(kinds.CLAIMS)
    cancelled(book, older)
    assert claims(book) == ({}, {}, {older.id})
    first = paid(book)
    assert claims(book) == ({"pi_same": first.id}, {}, set())


def test_where_a_payment_is_live() -> None:
    """No dialect's word refunds a managed order's payment yet; the reference is free then too."""
    one = paid(a_book())
    live = {(s, p) for s in STAGES for p in PAYMENTS if is_live(one.changed(facets=Facets(s, p)))}
    over = {"declined", "voided", "refunded"}
    assert live == {(s, p) for s in STAGES for p in PAYMENTS if s not in ENDED and p not in over}


@pytest.mark.parametrize("goods", ["DELIVERED", "NOT_APPLICABLE"])
def test_a_sale_that_is_deleted_has_its_payment_all_the_same(goods: str) -> None:
    book = a_book()
    sale = paid(book)
    book.reserved(sale)
    book.settled(sale, "authorized")
    for word in (("status", goods), ("phase", "ARCHIVED"), ("phase", "DELETED")):
        book.told(sale, (f"polinate_{word[0]}", word[1]))
    assert book.order(sale).facets.stage == "deleted"
    again = paid(book)
    assert (again.shares_payment_of, said_of(again)) == (sale.id, sentence(sale))


def test_an_order_that_was_called_off_and_deleted_has_its_payment_no_more() -> None:
    book = a_book()
    first = paid(book)
    book.told(first, ("polinate_status", "NOT_APPLICABLE"))
    cancelled(book, first)
    book.told(first, ("polinate_phase", "DELETED"))
    assert paid(book).shares_payment_of is None
