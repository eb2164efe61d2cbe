"""A list that looks whether its placed orders are worked on asks for one step of each order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.core.book import ORG, Book

from entrepot.core.shown import SILENT
from entrepot.store.reading import waiting


def test_one_step_of_each_placed_order_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book()
    book.stock()
    orders = [book.placed(payment_provider="stripe") for _ in range(3)]
    asked: list[tuple[str, set[Any]]] = []

    def select(_conn: Any, table: Any, _keys: Any, wanted: set[Any], _columns: Any) -> list[Any]:
        asked.append((table.name, wanted))
        return []

    monkeypatch.setattr(waiting, "sql", SimpleNamespace(select=select))
    now = book.facts.now + SILENT + 1
    conn: Any = None
    assert waiting.with_reasons(conn, orders, now) == orders
    assert asked[0] == ("jobs", {(ORG, one.id) for one in orders})
    # It is the only step that such an order has.
    assert {job.id for job in book.facts.jobs.values()} == {one.id for one in orders}
