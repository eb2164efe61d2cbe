"""Notifications are read in the order in which they came, whatever they tell of."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert
from tests.factories import open_shop
from tests.store.test_retention import NOW, notice

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.reading import notices


async def test_pages_have_those_of_disputes_among_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "PAGE", 2)
    told = [notice(n) | {"disputed": n in (1, 2, 5)} for n in range(7)]
    await database.write(open_shop)
    await database.write(lambda conn: conn.execute(insert(schema.provider_notices), told))
    after: Any = (NOW + 1, "", "")
    events: list[str] = []
    while after is not None:
        page = partial(notices.page_since, org=1, service="stripe", after=after)
        found, after = await database.read(page)
        events += [one.event for one in found]
    assert events == [f"evt_{n}" for n in range(1, 7)]
