"""The order's own short way to change some of its many members."""

from __future__ import annotations

import pytest
from tests.core.book import Book

from entrepot.core.order import Order


@pytest.mark.parametrize("member", Order._fields)
def test_changed_gives_what_replacing_gives(member: str) -> None:
    order = Book().mirrored()
    changed = order.changed(**{member: "other"})
    assert changed == order._replace(**{member: "other"})
    assert type(changed) is Order


def test_an_order_has_no_other_members() -> None:
    with pytest.raises(KeyError):
        Book().mirrored().changed(nothing=1)
