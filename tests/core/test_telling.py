"""Words follow what was told, not the way there."""

from __future__ import annotations

import itertools

import pytest
from tests.core.book import Book, told_as
from tests.core.tellings import KONVO, POLINATE, ROAD, Told, besides, konvo, reached, retold, view

from entrepot.core import telling, words
from entrepot.core.order import Order

# What a mirrored order shows as soon as its sender has told it so, whatever it told before.
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
    """A telling of both axes says how far the order is, after any two tellings before it."""
    for stand in reached(KONVO, KONVO, (), 1):
        for told in KONVO:
            if len(told) == 2 and dict(told)["konvo"] in ROAD:
                assert view(retold(stand, told)) == view(telling.first_told(told))


@pytest.mark.parametrize("first", ROAD)
@pytest.mark.parametrize("then", ["refunded", "partially_refunded", "disputed", "cancelled"])
@pytest.mark.parametrize("shipment", [None, "in_transit", "delivered"])
def test_money_and_calling_off_leave_the_goods_where_they_were(
    first: str, then: str, shipment: str | None
) -> None:
    before = telling.first_told(konvo(first, shipment))
    after = retold(before, konvo(then))
    assert after[1].konvo == then
    if before[1].polinate_status in ("IN_TRANSIT", "DELIVERED"):
        assert after[1].polinate_status == before[1].polinate_status
    if then != "cancelled":
        assert after[1].polinate_phase == ("ARCHIVED" if first == "completed" else "ACTIVE")


@pytest.mark.parametrize("status", ROAD)
@pytest.mark.parametrize("shipment", words.KONVO_SHIPMENT)
def test_either_axis_may_be_told_first(status: str, shipment: str) -> None:
    one = retold(telling.first_told(konvo(status)), konvo(None, shipment))
    other = retold(telling.first_told(konvo(None, shipment)), konvo(status))
    assert view(one) == view(other) == view(telling.first_told(konvo(status, shipment)))


def test_told_words_are_read_back_after_any_two_tellings() -> None:
    packed: list[Told] = [(("polinate_status", "PACKED"),), (("polinate_phase", "CANCELLED"),)]
    for stand in reached(KONVO, KONVO, packed, 1):
        for told in KONVO:
            shown = retold(stand, told)[1]
            old = telling.heard(stand[2])
            for axis, word in told:
                if old.get(axis) != word:
                    assert getattr(shown, axis) == word


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
    assert after[1].polinate_phase == "DELETED"
    assert after[1].polinate_status == before[1].polinate_status
    unsold = ("confirmed", "processing", "pending_payment", "payment_authorized")
    kept = before[1].synq if before[1].synq not in unsold else "cancelled"
    assert after[1].synq == kept
    if before[1].konvo not in ("open", "paid"):
        assert after[1].konvo == before[1].konvo


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


def moved(*tellings: Told) -> Order:
    book = Book()
    for told in tellings:
        book.mirrored(*told)
    [order] = book.facts.orders.values()
    return order


LATE = [
    (konvo("fulfilled", "delivered"), konvo("open", "none")),
    (konvo("completed", "delivered"), konvo("open", "none")),
    (konvo("refunded", "none"), konvo("paid", "none")),
    (konvo("cancelled", "none"), konvo("shipped", "none")),
    (konvo("shipped", "in_transit"), konvo("paid", "none")),
]


@pytest.mark.parametrize(("late", "again"), LATE)
def test_a_late_telling_is_taken_and_said_to_be_one(late: Told, again: Told) -> None:
    order = moved(again, late, again)
    assert view((order.facets, order.words, "")) == view(telling.first_told(again))
    assert order.reason == "moved_back"
    assert order.reason_detail is not None
    assert "konvo=" in order.reason_detail
    on = moved(again, late, again, konvo("completed", "delivered"))
    assert (on.reason, on.reason_detail) == (None, None)


@pytest.mark.parametrize(
    "way",
    [
        (konvo("open"), konvo("paid"), konvo("paid", "in_transit"), konvo("fulfilled", "delivered"),
         konvo("completed", "delivered"), konvo("refunded", "delivered")),
        (konvo("paid"), konvo("cancelled"), konvo("refunded")),
        (konvo("paid", "attempted_delivery"), konvo("paid", "ready_for_pickup"),
         konvo("paid", "failure"), konvo("paid", "delivered")),
    ],
)  # fmt: skip
def test_the_usual_way_is_no_way_back(way: tuple[Told, ...]) -> None:
    for length in range(1, len(way) + 1):
        assert moved(*way[:length]).reason is None


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
    book.facts.orders[order.org, order.id] = order.changed(sender_words=None)
    book.told(order, ("polinate_status", "DELIVERED"))
    again = book.mirrored(*konvo("paid", "confirmed"))
    assert again.words.polinate_status == "ACCEPTED"  # `confirmed` shows no more, so it is news
    order = book.mirrored(*konvo("paid", "confirmed"), said={"notes": "n"})
    assert (order.words.konvo, order.notes) == ("paid", "n")


def test_what_an_order_keeps_can_be_read_back() -> None:
    for told in KONVO:
        assert dict(telling.heard(telling.remembered("", told))) == dict(told)
    kept = telling.remembered(telling.remembered("", konvo("shipped", "none")), konvo("refunded"))
    assert kept == "konvo=refunded konvo.was=shipped konvo_shipment=none"
    assert telling.remembered(kept, konvo("paid")) == "konvo=paid konvo_shipment=none"


def test_first_tellings_are_told_as_their_reader_tells_them() -> None:
    assert told_as(*konvo("paid", "none")).words == konvo("paid", "none")
