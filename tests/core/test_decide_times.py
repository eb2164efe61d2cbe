"""Told times of an order that Entrepot runs fit the rest of it, or are refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.book import ORG, START, TRACKED, Book, line

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.order import Order
from entrepot.core.refusal import Reason

SECOND = 1_000_000
DAY = 86_400 * SECOND
LEFT, ARRIVED = "shipped_at", "delivered_at"
PACKED, MOVING, THERE = (
    ("polinate_status", "PACKED"), ("polinate_status", "IN_TRANSIT"),
    ("polinate_status", "DELIVERED"),
)  # fmt: skip


def confirmed() -> tuple[Book, Order]:
    """An order that was made a minute before now."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=1))
    book.facts.now += 60 * SECOND
    return book, order


def telling(order: Order, *words: tuple[str, str], **said: Any) -> AmendOrder:
    return AmendOrder(ORG, "polinate", order.id, words=words, said=said)


def test_times_that_fit_are_kept() -> None:
    book, order = confirmed()
    left, arrived = order.created_at + SECOND, order.created_at + 2 * SECOND
    book.done(telling(order, MOVING, shipped_at=left))
    book.done(telling(order, THERE, delivered_at=arrived))
    assert (book.order(order).shipped_at, book.order(order).delivered_at) == (left, arrived)


def test_goods_that_are_told_to_have_arrived_had_left_by_then() -> None:
    book, order = confirmed()
    arrived = order.created_at + SECOND
    book.done(telling(order, THERE, delivered_at=arrived))
    assert (book.order(order).shipped_at, book.order(order).delivered_at) == (arrived, arrived)


def test_untold_times_are_those_of_the_telling() -> None:
    book, order = confirmed()
    book.done(telling(order, MOVING))
    left = book.facts.now
    book.done(telling(order, THERE))
    assert (book.order(order).shipped_at, book.order(order).delivered_at) == (left, book.facts.now)


CANCELLED = ("polinate_phase", "CANCELLED")
REFUSED: list[tuple[tuple[tuple[str, str], ...], dict[str, int], Reason, str]] = [
    # Goods of an order that was called off neither left nor arrived.
    ((CANCELLED,), {"shipped_at": 1}, Reason.ILLEGAL_MOVE, LEFT),
    ((CANCELLED,), {"delivered_at": 1}, Reason.ILLEGAL_MOVE, ARRIVED),
    # A slip of the year.
    ((), {"shipped_at": 365 * 86_400}, Reason.INVALID, LEFT),
    ((MOVING,), {"shipped_at": 32 * 86_400}, Reason.INVALID, LEFT),
    ((THERE,), {"delivered_at": 365 * 86_400}, Reason.INVALID, ARRIVED),
    # A time that has come is no longer planned.
    ((MOVING,), {"shipped_at": 2 * 86_400}, Reason.INVALID, LEFT),
    ((THERE,), {"delivered_at": 2 * 86_400}, Reason.INVALID, ARRIVED),
    # Long before the order was placed.
    ((MOVING,), {"shipped_at": -8 * 86_400}, Reason.INVALID, LEFT),
    ((THERE,), {"delivered_at": -8 * 86_400}, Reason.INVALID, ARRIVED),
    ((MOVING,), {"shipped_at": -365 * 86_400}, Reason.INVALID, LEFT),
    ((THERE,), {"delivered_at": -365 * 86_400}, Reason.INVALID, ARRIVED),
    # The same body says that the goods are not there yet, or have not left.
    ((MOVING,), {"delivered_at": 1}, Reason.INVALID, ARRIVED),
    ((PACKED,), {"shipped_at": 1}, Reason.INVALID, LEFT),
    ((PACKED,), {"delivered_at": 1}, Reason.INVALID, ARRIVED),
    ((("polinate_status", "UNASSIGNED"),), {"shipped_at": 1}, Reason.INVALID, LEFT),
    ((("polinate_status", "NOT_APPLICABLE"),), {"shipped_at": 1}, Reason.INVALID, LEFT),
    # In the wrong order, also by one of the two.
    ((THERE,), {"shipped_at": 20, "delivered_at": 10}, Reason.INVALID, ARRIVED),
    ((), {"shipped_at": 20, "delivered_at": 10}, Reason.INVALID, ARRIVED),
]


@pytest.mark.parametrize(("words", "seconds", "reason", "field"), REFUSED)
def test_times_that_do_not_fit_are_refused(
    words: tuple[tuple[str, str], ...], seconds: dict[str, int], reason: Reason, field: str
) -> None:
    book, order = confirmed()
    said = {name: order.created_at + after * SECOND for name, after in seconds.items()}
    refusal = book.refused(telling(order, *words, **said))
    assert (refusal.reason, refusal.field) == (reason, field)
    assert book.order(order) == order


def test_a_time_of_what_happened_is_not_taken_away() -> None:
    book, order = confirmed()
    book.done(telling(order, THERE))
    for name, field in (("shipped_at", LEFT), ("delivered_at", ARRIVED)):
        refusal = book.refused(telling(order, **{name: None}))
        assert (refusal.reason, refusal.field) == (Reason.ILLEGAL_MOVE, field)


def test_both_times_can_be_written_before_the_goods_move() -> None:
    """They are plain writable members, and move nothing."""
    book, order = confirmed()
    said = {"shipped_at": order.created_at - DAY, "delivered_at": order.created_at + DAY}
    book.done(telling(order, **said))
    assert book.order(order).facets == order.facets
    book.done(telling(order, MOVING))
    assert book.order(order).shipped_at == said["shipped_at"]
    book.done(telling(order, **dict.fromkeys(["delivered_at"])))
    assert book.order(order).delivered_at is None


@pytest.mark.parametrize(
    ("first", "then", "field"),
    [
        ({"shipped_at": 20}, {"delivered_at": 10}, ARRIVED),
        ({"delivered_at": 10}, {"shipped_at": 20}, LEFT),
    ],
)
def test_the_second_time_is_held_against_the_first(
    first: dict[str, int], then: dict[str, int], field: str
) -> None:
    book, order = confirmed()
    one, other = (
        {name: order.created_at + after * SECOND for name, after in said.items()}
        for said in (first, then)
    )
    book.done(telling(order, **one))
    refusal = book.refused(telling(order, **other))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, field)


def test_a_time_may_be_put_right_and_null_told_where_there_is_none() -> None:
    book, order = confirmed()
    book.done(telling(order, shipped_at=None, delivered_at=None))
    book.done(telling(order, MOVING))
    left = order.created_at + 5 * SECOND
    book.done(telling(order, shipped_at=left))
    assert book.order(order).shipped_at == left
    book.done(telling(order, THERE))
    late = book.refused(telling(order, shipped_at=book.facts.now + 5 * SECOND))
    assert (late.reason, late.field) == (Reason.INVALID, LEFT)


def test_times_as_they_are_shown_can_be_sent_back() -> None:
    """They are shown in milliseconds, and kept finer."""
    book, order = confirmed()
    book.done(telling(order, MOVING))
    book.done(telling(order, THERE))
    shown = book.order(order)
    said = {
        "shipped_at": (shown.shipped_at or 0) // 1000 * 1000,
        "delivered_at": (shown.delivered_at or 0) // 1000 * 1000,
    }
    book.done(telling(order, **said))
    assert book.order(order) == shown


def test_the_sender_of_a_mirrored_order_may_tell_any_times() -> None:
    book = Book()
    order = book.mirrored(("konvo", "open"))
    book.done(telling(order, shipped_at=START + DAY, delivered_at=START - DAY))
    assert book.order(order).delivered_at == START - DAY


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # Entered late, and by a clock that is ahead.
        ((MOVING,), {"shipped_at": -6 * 86_400}),
        ((THERE,), {"shipped_at": -6 * 86_400, "delivered_at": -5 * 86_400}),
        ((MOVING,), {"shipped_at": 3_600}),
        # A plan beside what is so now.
        ((PACKED,), {"shipped_at": 86_400}),
        ((MOVING,), {"delivered_at": 3 * 86_400}),
        # Before the goods move the members are plain ones, as their documents have it.
        ((), {"shipped_at": -365 * 86_400, "delivered_at": -365 * 86_400}),
        # The word that the order shows already says nothing new.
        ((("polinate_status", "ACCEPTED"),), {"shipped_at": 1}),
    ],
)
def test_times_that_may_be(words: tuple[tuple[str, str], ...], said: dict[str, int]) -> None:
    book, order = confirmed()
    times = {name: order.created_at + after * SECOND for name, after in said.items()}
    book.done(telling(order, *words, **times))
    after = book.order(order)._asdict()
    assert {name: after[name] for name in times} == times


def test_what_happens_before_its_planned_time_has_the_time_at_which_it_happens() -> None:
    book, order = confirmed()
    plan = {"shipped_at": book.facts.now + 10 * DAY, "delivered_at": book.facts.now + 12 * DAY}
    book.done(telling(order, **plan))
    book.done(telling(order, MOVING))
    assert book.order(order).shipped_at == book.facts.now
    assert book.order(order).delivered_at == plan["delivered_at"]
    book.done(telling(order, THERE))
    assert book.order(order).delivered_at == book.facts.now


def test_times_are_held_against_what_is_told_ahead_of_the_confirmation() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.placed(line(quantity=1), payment_provider="stripe")
    now = book.facts.now
    late = book.refused(telling(order, THERE, delivered_at=now + 5 * DAY))
    assert (late.reason, late.field) == (Reason.INVALID, ARRIVED)
    book.done(telling(order, MOVING, shipped_at=now))
    gone = book.refused(telling(order, shipped_at=None))
    assert (gone.reason, gone.field) == (Reason.ILLEGAL_MOVE, LEFT)


def test_a_time_that_its_sender_has_taken_away_is_not_made_up_later() -> None:
    book = Book()
    order = book.mirrored(("konvo_shipment", "in_transit"))
    book.done(telling(order, shipped_at=None))
    book.told(order, ("konvo_shipment", "delivered"))
    assert book.order(order).shipped_at is None
    assert book.order(order).delivered_at == book.facts.now
