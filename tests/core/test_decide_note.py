"""A note beside an order: who wrote what."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, TRACKED, Book

from entrepot.core.decide.note import TEXT_MAX, NoteOrder
from entrepot.core.notes import NOTES, OrderNote
from entrepot.core.refusal import Reason


def test_a_note_is_kept_beside_the_order_that_stays_as_it_is() -> None:
    book = Book()
    book.stock(TRACKED, 5)
    order = book.placed()
    for text in ("A gift.", "Ring twice."):
        book.done(NoteOrder(ORG, order.id, "Ada", text))
    kept = list(book.facts.of(NOTES).values())
    at = book.facts.now
    assert kept == [
        OrderNote(ORG, kept[0].id, order.id, "Ada", "A gift.", at - 1_000),
        OrderNote(ORG, kept[1].id, order.id, "Ada", "Ring twice.", at),
    ]
    assert book.order(order) == order


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.INVALID),
        (" \n", Reason.INVALID),
        ("a" * (TEXT_MAX + 1), Reason.INVALID),
        ("a" * TEXT_MAX, None),
    ],
)
def test_a_text_is_neither_blank_nor_too_long(text: str, reason: Reason | None) -> None:
    book = Book()
    order = book.placed()
    outcome = book.attempted(NoteOrder(ORG, order.id, "Ada", text))
    assert getattr(outcome, "reason", None) is reason
    assert len(book.facts.of(NOTES)) == (reason is None)


def test_an_order_that_is_not_known_has_no_notes() -> None:
    book = Book()
    assert book.refused(NoteOrder(ORG, b"?" * 16, "Ada", "A gift.")).reason is Reason.UNKNOWN_ORDER
