"""Two orders that become one: nothing is lost, and what stays apart says why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import LOOSE, ORG, SCARCE, TRACKED, WANTS, Book, line, one

from entrepot.core.attributing import DAY
from entrepot.core.commands import CustomerRef, DraftLine
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.merge import MergeOrders
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.order import Order

ADA = CustomerRef(own=("polinate", "ada"), first_name="Ada", last_name="Lovelace")


def merging(*, on: bool = True) -> Book:
    book = Book()
    for variant in (TRACKED, SCARCE):
        book.stock(variant, 100)
    if on:
        book.done(ChangeSettings(ORG, merging="same_day"))
    return book


def confirmed(book: Book, *lines: DraftLine, total: Amount | None = None, **said: Any) -> Order:
    """An order of Ada's for a day, confirmed without a payment."""
    usual = {"expected_at": DAY} | said
    command = PlaceOrder(ORG, "polinate", "EUR", lines or (line(),), ADA, total, usual,
                         **WANTS["polinate"])  # fmt: skip
    order = one(book.done(command))
    book.reserved(order)
    return book.order(order)


def merge(older: Order, newer: Order, origin: str = "polinate") -> MergeOrders:
    return MergeOrders(ORG, origin, older.id, newer.id)


def amounts(order: Order) -> dict[bytes, int]:
    """How much the order has of each variant."""
    return {each.variant_id: int(each.quantity) for each in order.lines}


_LINES = st.dictionaries(
    st.sampled_from([TRACKED, SCARCE, LOOSE]), st.integers(1, 9), min_size=1, max_size=3
)
_TOTALS = st.none() | st.integers(0, 100_000).map(lambda units: Amount(units, 2))


@settings(max_examples=40)
@given(first=_LINES, second=_LINES, totals=st.tuples(_TOTALS, _TOTALS))
def test_nothing_is_lost(
    first: dict[bytes, int], second: dict[bytes, int], totals: tuple[Amount | None, Amount | None]
) -> None:
    book = merging()
    older, newer = (
        confirmed(book, *[line(id_, n) for id_, n in its.items()], total=total)
        for its, total in zip((first, second), totals, strict=True)
    )
    levels = {key: level.reserved for key, level in book.facts.levels.items()}
    book.done(merge(older, newer))
    kept, ended = book.order(older), book.order(newer)
    for variant in (TRACKED, SCARCE, LOOSE):
        both = amounts(older).get(variant, 0) + amounts(newer).get(variant, 0)
        assert amounts(kept).get(variant, 0) == both
    assert kept.total.at(2) == older.total.at(2) + newer.total.at(2)
    assert {key: level.reserved for key, level in book.facts.levels.items()} == levels
    assert (ended.lines, ended.total, ended.notes) == (newer.lines, newer.total, newer.notes)
    assert ended.facets.stage == "cancelled"
    again = book.refused(merge(older, newer))
    assert "is not confirmed, or has ended" in again.sentence


def test_what_two_orders_say_of_one_path_keeps_them_apart_only_where_it_differs() -> None:
    book = merging()
    older = confirmed(book, properties='{"erp":{"id":1},"a":1}')
    newer = confirmed(book, properties='{"erp":{"id":1},"b":2}')
    book.done(merge(older, newer))
    assert book.order(older).properties == '{"erp":{"id":1},"a":1,"b":2}'
    third = confirmed(book, properties='{"a":9}')
    assert "different properties" in book.refused(merge(older, third)).sentence


@pytest.mark.parametrize(
    ("on", "origin", "said", "why"),
    [
        (False, "polinate", {}, "before orders were merged"),
        (True, "native", {}, "orders of polinate are not merged"),
        (True, "polinate", {"expected_at": 2 * DAY}, "another day"),
        (True, "polinate", {"notes": "n" * 10_000}, "the notes have more"),
        (True, "polinate", {"delivery_address": "there"}, "another delivery_address"),
    ],
    ids=["off", "origin", "day", "notes", "address"],
)
def test_why_orders_stay_apart(on: bool, origin: str, said: dict[str, Any], why: str) -> None:
    book = merging(on=on)
    older, newer = confirmed(book, notes="first"), confirmed(book, **said)
    assert why in book.refused(merge(older, newer, origin)).sentence


def test_the_older_order_takes_the_lines() -> None:
    book = merging()
    order = confirmed(book)
    assert "the older order" in book.refused(merge(order, order)).sentence


def test_an_order_with_a_payment_is_never_merged() -> None:
    """Money is authorised for one order: neither order of such a pair is touched."""
    book = merging()
    paid = confirmed(book, payment_provider="adyen", payment_reference="card")
    free = confirmed(book)
    for pair in ((paid, free), (free, paid)):
        assert "stay apart" in book.refused(merge(*pair)).sentence
    settled = paid.changed(facets=paid.facets._replace(stage="confirmed", payment="authorized"))
    book.facts.orders.read([settled])
    assert "it has a payment" in book.refused(merge(settled, free)).sentence
