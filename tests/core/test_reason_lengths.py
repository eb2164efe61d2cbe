"""The reason of an order has a bound: a provider's words can be of any length."""

from __future__ import annotations

import json

import pytest
from tests.core.book import TRACKED, Book, line

from entrepot.core.order import Order

LONG = "x" * 2_000
MAX = 500  # characters


def paying(provider: str = "stripe") -> tuple[Book, Order]:
    """An order whose payment is under way."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.placed(line(), payment_provider=provider)
    book.reserved(order)
    return book, order


def test_a_failed_order_keeps_the_beginning_of_why() -> None:
    book, order = paying()
    book.settled(order, "declined", LONG)
    assert book.order(order).reason_detail == LONG[:MAX]
    [failed] = [event for event in book.events(order) if event.type == "order.failed"]
    assert json.loads(failed.body)["detail"] == LONG[:MAX]


def test_a_long_why_leaves_room_for_what_was_told_ahead_and_is_dropped() -> None:
    book, order = paying()
    book.told(order, ("polinate_status", "DELIVERED"))
    book.settled(order, "declined", LONG)
    detail = book.order(order).reason_detail or ""
    assert detail.endswith("; told ahead and dropped: polinate_status=DELIVERED")
    assert len(detail) <= MAX


@pytest.mark.parametrize("provider", ["Klarna", LONG], ids=["short", "long"])
def test_a_confirmed_order_says_for_whom_the_sandbox_answered(provider: str) -> None:
    book, order = paying(provider)
    book.settled(order, "authorized")
    said = f"authorised by the sandbox in place of {provider}"
    assert book.order(order).reason_detail == said[:MAX]
