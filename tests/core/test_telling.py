"""Words follow what was told, not the way there."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import Book, told_as
from tests.core.tellings import (
    KONVO,
    POLINATE,
    ROAD,
    SOURCE,
    Stand,
    Told,
    besides,
    konvo,
    moved,
    reached,
    retold,
    says,
    view,
)

from entrepot.core import telling, words

# Words that a mirrored order shows as soon as its sender has told it so, whatever it told before.
SHOWN = [
    (konvo(), ("pending_payment", "PENDING", "UNASSIGNED", "open")),
    (konvo("open"), ("pending_payment", "PENDING", "UNASSIGNED", "open")),
    (konvo("open", "none"), ("pending_payment", "PENDING", "UNASSIGNED", "open")),
    (konvo("open", "confirmed"), ("confirmed", "ACTIVE", "ACCEPTED", "open")),
    (konvo("open", "in_transit"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "open")),
    (konvo("open", "delivered"), ("delivered", "ACTIVE", "DELIVERED", "open")),
    (konvo(None, "delivered"), ("delivered", "ACTIVE", "DELIVERED", "fulfilled")),
    (konvo(None, "failure"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    (konvo("paid"), ("confirmed", "ACTIVE", "ACCEPTED", "paid")),
    (konvo("paid", "none"), ("confirmed", "ACTIVE", "ACCEPTED", "paid")),
    (konvo("paid", "confirmed"), ("confirmed", "ACTIVE", "ACCEPTED", "paid")),
    (konvo("paid", "in_transit"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "paid")),
    (konvo("paid", "failure"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "paid")),
    (konvo("paid", "delivered"), ("delivered", "ACTIVE", "DELIVERED", "paid")),
    (konvo("shipped"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    (konvo("shipped", "none"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    (konvo("shipped", "confirmed"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    (konvo("shipped", "in_transit"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    (konvo("shipped", "delivered"), ("delivered", "ACTIVE", "DELIVERED", "shipped")),
    (konvo("shipped", "failure"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    (konvo("fulfilled"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    (konvo("fulfilled", "none"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    (konvo("fulfilled", "in_transit"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    (konvo("fulfilled", "failure"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    (konvo("fulfilled", "ready_for_pickup"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    (konvo("fulfilled", "delivered"), ("delivered", "ACTIVE", "DELIVERED", "fulfilled")),
    (konvo("completed"), ("completed", "ARCHIVED", "DELIVERED", "completed")),
    (konvo("completed", "delivered"), ("completed", "ARCHIVED", "DELIVERED", "completed")),
    (konvo("completed", "failure"), ("completed", "ARCHIVED", "IN_TRANSIT", "completed")),
]
MONEY = [
    (konvo("refunded"), ("refunded", "ACTIVE", "UNASSIGNED", "refunded")),
    (konvo("refunded", "delivered"), ("refunded", "ACTIVE", "DELIVERED", "refunded")),
    (konvo("partially_refunded"),
     ("partially_refunded", "ACTIVE", "ACCEPTED", "partially_refunded")),
    (konvo("disputed"), ("confirmed", "ACTIVE", "UNASSIGNED", "disputed")),
    (konvo("disputed", "in_transit"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "disputed")),
    (konvo("cancelled"), ("cancelled", "CANCELLED", "UNASSIGNED", "cancelled")),
    (konvo("cancelled", "in_transit"), ("cancelled", "CANCELLED", "IN_TRANSIT", "cancelled")),
]  # fmt: skip


MONEY_BACK = ("refunded", "partially_refunded", "disputed")


@pytest.mark.parametrize(("told", "shown"), [*SHOWN, *MONEY])
def test_what_a_first_telling_shows(told: Told, shown: tuple[str, ...]) -> None:
    assert view(telling.first_told(told)) == shown


@pytest.mark.parametrize(("told", "shown"), [*SHOWN, *MONEY])
def test_an_open_order_shows_the_same_once_it_is_told_so(
    told: Told, shown: tuple[str, ...]
) -> None:
    """Only the first telling differs: the most ordinary life of a shop's order."""
    for before in (konvo(), konvo("open"), konvo("open", "none")):
        last = dict(before) | dict(told)
        expected = telling.first_told(konvo(last.get("konvo"), last.get("konvo_shipment")))
        assert view(retold(telling.first_told(before), told)) == view(expected)
        if "konvo" in dict(told):
            assert view(expected) == shown


def test_whatever_was_told_before_the_words_of_the_way_show_what_they_show_alone() -> None:
    """A telling of both axes says how far the order is, after any two tellings before it.

    Only `paid` and `open` say anew what became of the money.
    """
    for stand in reached(KONVO, KONVO, (), 1):
        for told in KONVO:
            if len(told) == 2 and dict(told)["konvo"] in ROAD:
                if stand[0].payment in MONEY_BACK and dict(told)["konvo"] not in ("paid", "open"):
                    continue
                assert view(retold(stand, told)) == view(telling.first_told(told))


class Said(NamedTuple):
    """The meaning of a row of Konvo tellings, in any order of the tellings."""

    road: str | None = None  # how far the order is, as told last
    money: str | None = None  # what became of the money, since it was last told to be there or not
    called_off: bool = False  # since it was last told how far the order is
    shipment: str | None = None


def said(tellings: Iterable[Told]) -> Said:
    now = Said()
    for told in map(dict, tellings):
        word, shipment = told.get("konvo"), told.get("konvo_shipment", now.shipment)
        now = now._replace(shipment=shipment)
        if word in MONEY_BACK:
            now = now._replace(money=word)
        elif word == "cancelled":
            now = now._replace(called_off=True)
        elif word is not None:
            money = None if word in ("paid", "open") else now.money
            now = now._replace(road=word, called_off=False, money=money)
    return now


def told_in_turn(tellings: Iterable[Told]) -> Stand:
    first, *others = tellings
    return functools.reduce(retold, others, telling.first_told(first))


@functools.cache
def shown_of(what: Said) -> tuple[str, ...]:
    """What Synq and Polinate show where each matter is told once, in one and the same order."""
    words_told = [what.road, what.money, "cancelled" if what.called_off else None]
    row = [konvo(word) for word in words_told if word]
    row += [konvo(None, what.shipment)] if what.shipment else []
    return view(told_in_turn(row or [konvo()]))[:3]


SHORT = [konvo(word) for word in [*words.AXES["konvo"].rows, None]] + [
    konvo(None, word) for word in words.AXES["konvo_shipment"].rows
]


def test_the_order_of_tellings_counts_only_on_one_axis_and_among_words_of_one_matter() -> None:
    """Every pair of tellings, and every triple of single words."""
    for row in itertools.product(KONVO, repeat=2):
        stand = told_in_turn(row)
        assert view(stand)[:3] == shown_of(said(row)), row
    for row in itertools.product(SHORT, repeat=3):
        assert view(told_in_turn(row))[:3] == shown_of(said(row)), row


@given(st.lists(st.sampled_from(KONVO), min_size=1, max_size=6))
@settings(max_examples=300)
def test_long_rows_of_tellings_show_what_they_say_and_konvo_shows_its_last_word(
    row: list[Told],
) -> None:
    stand = told_in_turn(row)
    assert view(stand)[:3] == shown_of(said(row))
    for axis, word in ((axis, word) for told in row for axis, word in told):
        last = [dict(told)[axis] for told in row if axis in dict(told)][-1]
        if word == last:
            assert says(stand)[axis] == last or not words.is_true(axis, last, stand[0])


@pytest.mark.parametrize("road", ["shipped", "fulfilled", "completed"])
@pytest.mark.parametrize("money", MONEY_BACK)
@pytest.mark.parametrize("shipment", [None, "in_transit", "delivered", "failure"])
def test_money_that_went_back_is_not_there_again_because_goods_left(
    road: str, money: str, shipment: str | None
) -> None:
    """A parcel says nothing of the money, whichever of the two is told first."""
    tellings = [konvo(road), konvo(money)] + ([konvo(None, shipment)] if shipment else [])
    seen = {view(told_in_turn(row))[:3] for row in itertools.permutations(tellings)}
    assert len(seen) == 1
    stand = told_in_turn(tellings)
    assert stand[0].payment == money
    if money != "disputed":
        assert says(stand)["synq"] == money
    if shipment == "failure":
        assert "DELIVERED" not in view(stand)


def test_an_order_source_shows_its_last_telling_whatever_it_told_before() -> None:
    """It tells both axes at once, and says nothing of money."""
    for stand in reached(SOURCE, SOURCE, (), 1):
        if stand[0].stage != "deleted":
            for told in SOURCE:
                if dict(told)["polinate_phase"] != "DELETED":
                    assert view(retold(stand, told)) == view(telling.first_told(told))


@pytest.mark.parametrize("first", ROAD)
@pytest.mark.parametrize("then", ["refunded", "partially_refunded", "disputed", "cancelled"])
@pytest.mark.parametrize("shipment", [None, "in_transit", "delivered"])
def test_money_and_calling_off_leave_the_goods_where_they_were(
    first: str, then: str, shipment: str | None
) -> None:
    before = telling.first_told(konvo(first, shipment))
    after = retold(before, konvo(then))
    assert says(after)["konvo"] == then
    if says(before)["polinate_status"] in ("IN_TRANSIT", "DELIVERED"):
        assert says(after)["polinate_status"] == says(before)["polinate_status"]
    if then != "cancelled":
        assert says(after)["polinate_phase"] == ("ARCHIVED" if first == "completed" else "ACTIVE")


@pytest.mark.parametrize("status", ROAD)
@pytest.mark.parametrize("shipment", words.AXES["konvo_shipment"].rows)
def test_either_axis_may_be_told_first(status: str, shipment: str) -> None:
    one = retold(telling.first_told(konvo(status)), konvo(None, shipment))
    other = retold(telling.first_told(konvo(None, shipment)), konvo(status))
    assert view(one) == view(other) == view(telling.first_told(konvo(status, shipment)))


def test_told_words_are_read_back_after_any_two_tellings() -> None:
    packed: list[Told] = [(("polinate_status", "PACKED"),), (("polinate_phase", "CANCELLED"),)]
    for stand in reached(KONVO, KONVO, packed, 1):
        for told in KONVO:
            shown = says(retold(stand, told))
            old = words.heard(stand[2])
            for axis, word in told:
                if old.get(axis) != word:
                    assert shown[axis] == word


def test_a_retelling_of_the_same_words_moves_nothing_whatever_others_told() -> None:
    for first, patch in itertools.product(KONVO, POLINATE):
        stand = besides(telling.first_told(first), patch)
        assert retold(stand, first) == stand


@pytest.mark.parametrize(
    ("first", "patch", "again", "shown"),
    [
        # The goods have arrived, as Polinate tells; then its sender tells of the money only.
        (konvo("paid", "confirmed"), (("polinate_status", "DELIVERED"),),
         konvo("refunded", "confirmed"), ("refunded", "ACTIVE", "DELIVERED", "refunded")),
        (konvo("paid", "confirmed"), (("polinate_status", "DELIVERED"),),
         konvo("paid", "in_transit"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "paid")),
        (konvo("open"), (("polinate_phase", "ACTIVE"),),
         konvo("open", "none"), ("confirmed", "ACTIVE", "ACCEPTED", "open")),
        (konvo("paid"), (("polinate_phase", "CANCELLED"),),
         konvo("shipped"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
        (konvo("paid"), (("polinate_phase", "CANCELLED"),),
         konvo("refunded"), ("cancelled", "CANCELLED", "UNASSIGNED", "refunded")),
        (konvo("open"), (("polinate_status", "PACKED"),),
         konvo("paid"), ("processing", "ACTIVE", "PACKED", "paid")),
        (konvo("shipped"), (("polinate_status", "DELIVERED"),),
         konvo("shipped", "confirmed"), ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
        (konvo("fulfilled", "delivered"), (("polinate_status", "RETURNED"),),
         konvo("refunded", "delivered"), ("refunded", "ACTIVE", "RETURNED", "refunded")),
    ],
)  # fmt: skip
def test_a_retelling_moves_only_what_its_changed_words_say(
    first: Told, patch: Told, again: Told, shown: tuple[str, ...]
) -> None:
    assert view(retold(besides(telling.first_told(first), patch), again)) == shown


@pytest.mark.parametrize("phase", ["ACTIVE", "PENDING", "ARCHIVED", "CANCELLED"])
@pytest.mark.parametrize("first", KONVO)
def test_a_sale_that_was_made_does_not_read_as_called_off_when_it_is_deleted(
    first: Told, phase: str
) -> None:
    """A deleted order shows in the other dialects what was last true of a sale that was made."""
    before = besides(telling.first_told(first), (("polinate_phase", phase),))
    after = besides(before, (("polinate_phase", "DELETED"),))
    assert says(after)["polinate_phase"] == "DELETED"
    assert says(after)["polinate_status"] == says(before)["polinate_status"]
    unsold = ("confirmed", "processing", "pending_payment", "payment_authorized")
    kept = says(before)["synq"] if says(before)["synq"] not in unsold else "cancelled"
    assert says(after)["synq"] == kept
    if says(before)["konvo"] not in ("open", "paid"):
        assert says(after)["konvo"] == says(before)["konvo"]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ((("polinate_phase", "DELETED"), ("polinate_status", "DELIVERED")),
         ("delivered", "DELETED", "DELIVERED", "fulfilled")),
        ((("polinate_phase", "DELETED"), ("polinate_status", "UNASSIGNED")),
         ("cancelled", "DELETED", "UNASSIGNED", "cancelled")),
        ((("polinate_phase", "PENDING"), ("polinate_status", "DELIVERED")),
         ("delivered", "PENDING", "DELIVERED", "fulfilled")),
        ((("polinate_phase", "ACTIVE"), ("polinate_status", "UNASSIGNED")),
         ("confirmed", "ACTIVE", "UNASSIGNED", "open")),
        ((("polinate_phase", "ACTIVE"), ("polinate_status", "NOT_APPLICABLE")),
         ("processing", "ACTIVE", "NOT_APPLICABLE", "open")),
        ((("polinate_phase", "ARCHIVED"), ("polinate_status", "UNASSIGNED")),
         ("completed", "ARCHIVED", "UNASSIGNED", "completed")),
    ],
)  # fmt: skip
def test_an_order_source_tells_both_axes_and_is_taken_at_its_word(
    told: Told, shown: tuple[str, ...]
) -> None:
    assert view(telling.first_told(told)) == shown


def test_the_times_go_with_the_goods() -> None:
    first = moved(konvo("fulfilled", "delivered"))
    assert first.delivered_at == first.shipped_at == first.created_at
    book = Book()
    order = book.mirrored(*konvo("paid"))
    assert (order.shipped_at, order.delivered_at) == (None, None)
    order = book.mirrored(*konvo("paid", "in_transit"))
    left = order.shipped_at
    assert left is not None
    order = book.mirrored(*konvo("paid", "delivered"))
    arrived = order.delivered_at
    assert (order.shipped_at, arrived is not None) == (left, True)
    order = book.mirrored(*konvo("completed", "delivered"))
    assert (order.shipped_at, order.delivered_at) == (left, arrived)
    order = book.mirrored(*konvo("open", "none"))
    assert (order.shipped_at, order.delivered_at) == (None, None)


def test_told_times_are_kept() -> None:
    said = {"shipped_at": 5_000, "delivered_at": 7_000}
    told = (("polinate_phase", "ACTIVE"), ("polinate_status", "DELIVERED"))
    [order] = (Book().mirrored(*told, said=said),)
    assert (order.shipped_at, order.delivered_at) == (5_000, 7_000)


def test_an_order_that_was_told_before_this_was_kept_goes_by_what_it_shows() -> None:
    book = Book()
    order = book.mirrored(*konvo("paid", "confirmed"))
    book.facts.orders.read([order.changed(sender_words=None)])
    book.told(order, ("polinate_status", "DELIVERED"))
    again = book.mirrored(*konvo("paid", "confirmed"))
    assert again.words["polinate_status"] == "ACCEPTED"  # `confirmed` shows no more, so it is news
    order = book.mirrored(*konvo("paid", "confirmed"), said={"notes": "n"})
    assert (order.words["konvo"], order.notes) == ("paid", "n")


def test_what_an_order_keeps_can_be_read_back() -> None:
    for told in KONVO:
        assert dict(words.heard(telling.remembered("", told))) == dict(told)
    kept = telling.remembered(telling.remembered("", konvo("shipped", "none")), konvo("refunded"))
    assert kept == "konvo=refunded konvo.was=shipped konvo_shipment=none"
    assert telling.remembered(kept, konvo("paid")) == "konvo=paid konvo_shipment=none"


def test_first_tellings_are_told_as_their_reader_tells_them() -> None:
    assert told_as(*konvo("paid", "none")).words == konvo("paid", "none")
