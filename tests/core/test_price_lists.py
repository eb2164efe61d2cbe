"""Prices by lists: exact, the entry first and then the percentage, rounded once."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import ENTRY, LIST, LOOSE, ORG, Book, one
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.buyer import MakeBuyer
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reprice import AmendPriceList, EntryChange
from entrepot.core.kinds import VariantName
from entrepot.core.money import Amount
from entrepot.core.needs import Needs, PricedLines
from entrepot.core.order import Variant
from entrepot.core.price_lists import (
    LIST_ENTRIES,
    PERCENT_LEAST,
    PERCENT_MOST,
    PRICE_LISTS,
    ListEntry,
    Priced,
    PriceList,
    adjusted,
    resolved,
)
from entrepot.core.refusal import Reason
from entrepot.core.results import PartnerResult
from entrepot.store.writing import prices

VARIANT = Variant(
    ORG, LOOSE, b"i" * 16, ENTRY[LOOSE], "L", "Loose", "EUR", Amount(1000, 2), False, 1
)


def listed(adjustment: int = 0) -> PriceList:
    return PriceList(ORG, LIST, "Trade", adjustment, None, 1, 1, 1)


def entry(price: Amount | None, currency: str = "EUR", places: int = 2) -> ListEntry:
    return ListEntry(ORG, LIST, LOOSE, b"n" * 16, price, currency, places)


@pytest.mark.parametrize(
    ("price", "percent", "places", "expected"),
    [
        ("10.00", "0", 2, "10.00"),
        ("10.005", "0", 2, "10.005"),  # what is not adjusted stays as it was told
        ("10.00", "-10", 2, "9.00"),
        ("10", "-10", 2, "9.00"),
        ("0.05", "-50", 2, "0.02"),  # half to even
        ("0.15", "-50", 2, "0.08"),
        ("10.00", "12.3456", 2, "11.23"),
        ("999", "-33.3333", 0, "666"),
        ("1.000", "0.05", 3, "1.000"),  # half to even again
        ("5.00", "-100", 2, "0.00"),
        ("5.00", "1000", 2, "55.00"),
    ],
)
def test_a_price_is_adjusted_and_rounded_once(
    price: str, percent: str, places: int, expected: str
) -> None:
    whole, _, part = price.partition(".")
    amount = Amount(int(whole + part), len(part))
    assert adjusted(amount, int(Decimal(percent) * 10_000), places).text() == expected


@given(
    units=st.integers(0, 10**12), scale=st.integers(0, 4), places=st.integers(0, 3),
    percent=st.integers(PERCENT_LEAST, PERCENT_MOST).filter(bool),
)  # fmt: skip
def test_the_result_is_the_exact_number_rounded_once(
    units: int, scale: int, places: int, percent: int
) -> None:
    exact = Decimal(units).scaleb(-scale) * (Decimal(1_000_000 + percent) / 1_000_000)
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    found = adjusted(Amount(units, scale), percent, places)
    assert (Decimal(found.units).scaleb(-found.scale), found.scale) == (rounded, places)


def test_the_entrys_price_comes_before_the_percentage() -> None:
    found = resolved(entry(Amount(2000, 2), "USD"), listed(-100_000), VARIANT)
    assert found == Priced(Amount(1800, 2), "USD", b"n" * 16)


def test_an_entry_without_a_price_adjusts_the_variants_own() -> None:
    assert resolved(entry(None), listed(-100_000), VARIANT) == Priced(
        Amount(900, 2), "EUR", b"n" * 16
    )
    moved = VARIANT._replace(currency="USD")
    assert resolved(entry(None), listed(-100_000), moved) is None


@pytest.mark.parametrize(
    ("currency", "say"), [("USD", "say a price in USD"), ("", "say a price and its currency")]
)
def test_a_variant_that_is_priced_in_another_currency_by_now_needs_a_price(
    currency: str, say: str
) -> None:
    book, its = Book(), entry(None)._replace(list_id=b"L" * 16)
    known = book.facts.variants[ORG, LOOSE]
    book.facts.variants.read([known._replace(currency="USD")])
    book.facts.of(PRICE_LISTS).read([listed()._replace(id=its.list_id)])
    book.facts.of(LIST_ENTRIES).read([its])
    book.facts.by_entry[ORG, its.id] = LOOSE
    book.facts.list_of_entry[ORG, its.id] = its.list_id
    named = DraftLine("[0]", VariantRef(entry_id=its.id), much(1))
    refusal = book.refused(PlaceOrder(ORG, "polinate", currency, (named,)))
    assert refusal.sentence == f"[0].price: the list Trade has a price in EUR: {say}"


def with_a_list() -> tuple[Book, ListEntry, bytes]:
    """A book with a customer who has a list with an entry, and the customer's id."""
    book, its = Book(), entry(Amount(300, 2))._replace(list_id=b"L" * 16)
    partner = book.done(MakeBuyer(ORG, "polinate", "Acme"))
    assert isinstance(partner, PartnerResult)
    of_list = AmendPriceList(ORG, "native", its.list_id, customers=(partner.partner.customer.id,))
    book.facts.of(PRICE_LISTS).read([listed()._replace(id=its.list_id)])
    book.facts.of(LIST_ENTRIES).read([its])
    book.done(of_list)
    book.facts.variant_names.read([VariantName(ORG, "sku", "L-1", LOOSE)])
    return book, its, partner.partner.customer.id


BY_SKU = DraftLine("[0]", VariantRef(names=(("sku", "L-1"),), known=True, field="sku"), much(1))


def test_a_line_that_names_its_variant_by_sku_has_the_price_of_the_list() -> None:
    book, its, customer = with_a_list()
    command = PlaceOrder(ORG, "native", "EUR", (BY_SKU,), CustomerRef(customer))
    order = one(book.done(command._replace(looks_at_prices=True)))
    assert [(line.price, line.entry_id) for line in order.lines] == [(Amount(300, 2), its.id)]
    told = BY_SKU._replace(price=Amount(100, 2))
    order = one(book.done(command._replace(lines=(told,), looks_at_prices=True)))
    assert [(line.price, line.entry_id) for line in order.lines] == [(Amount(100, 2), its.id)]


def test_a_name_of_before_leads_to_the_entry_too() -> None:
    book, its, customer = with_a_list()
    ref = VariantRef(names=(("sku", "new"),), older=(("sku", "L-1"),))
    line = BY_SKU._replace(variant=ref)
    needs = Needs(priced=[PricedLines(ORG, (line,), CustomerRef(customer))])
    prices.name(needs, book.facts)
    assert needs.of(LIST_ENTRIES) == {(ORG, its.list_id, LOOSE)}


def test_a_price_in_another_currency_is_told_anew() -> None:
    book, its, _ = with_a_list()
    places = {"EUR": 2, "JPY": 0}
    command = AmendPriceList(ORG, "native", its.list_id, places=places)
    alone = EntryChange("c[0]", LOOSE, {"currency": "JPY"})
    refusal = book.refused(command._replace(change=(alone,)))
    assert refusal.sentence == "c[0].price: say the price in JPY"
    book.done(command._replace(change=(alone._replace(said={"currency": "EUR"}),)))
    both = alone._replace(said={"currency": "JPY", "price": Amount(300, 2)})
    book.done(command._replace(change=(both,)))
    [now] = book.facts.of(LIST_ENTRIES).values()
    assert (now.price, now.currency, now.places) == (Amount(300, 2), "JPY", 0)


@pytest.mark.parametrize("percent", [None, 0, -100_000])
def test_a_price_that_is_damaged_is_taken_by_no_order(percent: int | None) -> None:
    """The price of a variant with decimal places below zero, by itself and on a list."""
    book = Book()
    [known] = [one for one in book.facts.variants.values() if one.id == LOOSE]
    book.facts.variants.put(known._replace(price=Amount(1250, -1)))
    if percent is not None:
        book.facts.of(PRICE_LISTS).read([listed(percent)])
        book.facts.of(LIST_ENTRIES).read([entry(None)])
        book.facts.list_of_entry[ORG, entry(None).id] = LIST
    ref = VariantRef(variant_id=LOOSE, entry_id=None if percent is None else entry(None).id)
    book.facts.by_entry[ORG, entry(None).id] = LOOSE
    draft = DraftLine("items[0]", ref, much(1))
    refused = book.refused(PlaceOrder(ORG, "polinate", "EUR", (draft,)))
    assert refused.reason is Reason.INVALID
    assert "price" in (refused.field or "")
    priced = draft._replace(price=Amount(300, 2), currency="EUR")
    [order] = book.changes(PlaceOrder(ORG, "polinate", "EUR", (priced,))).orders
    assert order.total == Amount(300, 2)
