"""One order, as dialects read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.factories import open_shop
from tests.writer.test_first_step import Desk

from entrepot.clock import new_id
from entrepot.core.results import OrderResult
from entrepot.store import bulk, queries
from entrepot.store.engine import Database


async def test_an_order_is_read_with_its_lines(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one moment: PostgreSQL is asked once, so that no snapshot has to be held for it."""
    desk = Desk(database, await database.write(open_shop))
    placed = []
    for quantity in (1, 2):
        result = (await desk.do(desk.shop.order(quantity=quantity))).result
        assert isinstance(result, OrderResult)
        placed.append(result.order)
    asked: list[str] = []
    real: Callable[..., list[Any]] = bulk.fetch
    monkeypatch.setattr(
        bulk, "fetch", lambda conn, text, values: asked.append(text) or real(conn, text, values)
    )
    for order in placed:
        asked.clear()
        found = await database.read_one(lambda c, o=order: queries.order_by_id(c, o.org, o.id))
        assert found is not None
        assert (found.id, found.lines) == (order.id, order.lines)
        assert len(asked) == (2 if database.dialect == "sqlite" else 1)
    org = desk.shop.org
    assert await database.read_one(lambda c: queries.order_by_id(c, org, new_id())) is None
    assert await database.read_one(lambda c: queries.order_by_id(c, org + 1, placed[0].id)) is None
