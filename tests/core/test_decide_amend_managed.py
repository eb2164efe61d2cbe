"""Moves of an order that Entrepot runs, wherever the pipeline is with it."""

from __future__ import annotations

import pytest
from tests.core.book import LOOSE, TRACKED, Book, line, telling
from tests.core.test_decide_amend import IN_TRANSIT, PACKED, changing, created, quantity, unpaid
from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason


@pytest.mark.parametrize("steps", [0, 1])
def test_what_an_order_costs_is_fixed_until_its_payment_is_authorised(steps: int) -> None:
    """However far the pipeline is: nothing reserved, or the payment asked for."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.placed(line(quantity=4), payment_provider="stripe")
    if steps:
        book.reserved(order)
    for change in ({"update_lines": quantity(order, 3)}, {"total": Amount(1, 0)}):
        assert book.refused(changing(order, **change)).reason is Reason.AMOUNT_FIXED
    same = (LineChange("u", order.lines[0].id, much(4), price=order.lines[0].price),)
    book.done(changing(order, update_lines=same, total=order.total, said={"notes": "n"}))
    assert (book.order(order).notes, book.order(order).total) == ("n", order.total)


def test_an_order_keeps_at_least_one_line() -> None:
    book, order = unpaid()
    gone = tuple((f"deleteOrderItems[{n}]", row.id) for n, row in enumerate(order.lines))
    refusal = book.refused(changing(order, delete_lines=gone))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, f"deleteOrderItems[{len(gone) - 1}]")
    assert book.order(order).lines == order.lines
    # All may go where others come, and all but one.
    book.done(changing(order, delete_lines=gone, create_lines=(created(LOOSE),)))
    assert len(book.order(order).lines) == 1


def test_the_sender_of_a_mirrored_order_may_tell_it_without_lines() -> None:
    book = Book()
    order = book.mirrored(("konvo", "paid"))
    book.done(changing(order, delete_lines=(("deleteOrderItems[0]", order.lines[0].id),)))
    assert book.order(order).lines == ()


def test_a_packed_order_can_be_cancelled_and_gives_everything_back() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4))
    book.told(order, PACKED)
    after = book.told(order, ("polinate_phase", "CANCELLED"))
    assert (after.facets.stage, after.words["synq"]) == ("cancelled", "cancelled")
    assert (book.level().on_hand, book.level().reserved) == (10, 0)
    assert book.asked(order) == [("authorise", "done"), ("void", "prepared")]
    assert book.job(order).kind == "void"


@pytest.mark.parametrize("shipped", [IN_TRANSIT, ("polinate_status", "DELIVERED")])
def test_an_order_that_left_cannot_be_cancelled(shipped: tuple[str, str]) -> None:
    book, order = unpaid()
    book.told(order, shipped)
    refusal = book.refused(telling(order, ("polinate_phase", "CANCELLED")))
    assert refusal.reason is Reason.ILLEGAL_MOVE


def test_a_completed_order_can_be_deleted_and_keeps_its_money_and_its_words() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4))
    book.told(order, ("polinate_status", "DELIVERED"))
    sold = book.told(order, ("polinate_phase", "ARCHIVED"))
    gone = book.told(order, ("polinate_phase", "DELETED"))
    assert (gone.words["synq"], gone.words["konvo"], gone.words["polinate_phase"]) == (
        "completed", "completed", "DELETED",
    )  # fmt: skip
    assert gone.facets.payment == "authorized"
    assert book.asked(order) == [("authorise", "done")]
    assert (gone.reason, book.jobs(order)) == (sold.reason, [])
    assert (book.level().on_hand, book.level().reserved) == (6, 0)


WAITING = [
    ((("polinate_status", "ACCEPTED"),), ("PENDING", "ACCEPTED"), ("ACTIVE", "ACCEPTED")),
    ((PACKED,), ("PENDING", "PACKED"), ("ACTIVE", "PACKED")),
    ((("polinate_status", "NOT_APPLICABLE"),), ("PENDING", "NOT_APPLICABLE"),
     ("ACTIVE", "NOT_APPLICABLE")),
    ((("polinate_phase", "ACTIVE"),), ("PENDING", "UNASSIGNED"), ("ACTIVE", "ACCEPTED")),
    ((("polinate_phase", "ACTIVE"), ("polinate_status", "ACCEPTED")), ("PENDING", "ACCEPTED"),
     ("ACTIVE", "ACCEPTED")),
    ((("polinate_phase", "ACTIVE"), PACKED), ("PENDING", "PACKED"), ("ACTIVE", "PACKED")),
    ((("konvo_shipment", "confirmed"),), ("PENDING", "ACCEPTED"), ("ACTIVE", "ACCEPTED")),
]  # fmt: skip


@pytest.mark.parametrize(("told", "waiting", "confirmed"), WAITING)
def test_words_that_are_told_before_the_order_is_confirmed_end_where_they_would_after(
    told: tuple[tuple[str, str], ...], waiting: tuple[str, str], confirmed: tuple[str, str]
) -> None:
    for late in (False, True):
        book = Book()
        book.stock(TRACKED, 10)
        order = book.placed(line(quantity=4), payment_provider="stripe")
        if not late:
            shown = book.told(order, *told).words
            assert (shown["polinate_phase"], shown["polinate_status"]) == waiting
        book.reserved(order)
        book.settled(order, "authorized")
        if late:
            book.told(order, *told)
        shown = book.order(order).words
        assert (shown["polinate_phase"], shown["polinate_status"]) == confirmed


def test_what_was_read_before_the_confirmation_can_be_sent_back_after_it() -> None:
    book, order = unpaid()
    assert book.order(order).words["polinate_status"] == "ACCEPTED"
    after = book.told(order, ("polinate_status", "UNASSIGNED"))
    assert after.words["polinate_status"] == "UNASSIGNED"


def test_a_change_is_seen_by_its_time_also_where_the_clock_stands_still() -> None:
    """Times are shown in milliseconds: a reader who asks for what is later has to get it."""
    book, order = unpaid()
    mirrored = book.mirrored(("konvo", "open"))
    for change in (
        lambda: book.done(changing(order, said={"notes": "n"})),
        lambda: book.done(changing(order, said={"notes": "m"})),
        lambda: book.mirrored(("konvo", "paid")),
        lambda: book.mirrored(("konvo", "shipped")),
    ):
        before = {one.id: book.order(one).updated_at for one in (order, mirrored)}
        book.facts.now -= 1_000  # every command of the book takes a millisecond
        change()
        after = {one.id: book.order(one).updated_at for one in (order, mirrored)}
        assert sum(after[key] // 1000 > before[key] // 1000 for key in before) == 1
