"""A broadcast's clicks are found by an index, however many other tallies there are."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, text
from tests.asked import listen, plan_of
from tests.factories import open_shop

from entrepot.core.between import Between
from entrepot.core.broadcasts import Broadcast
from entrepot.core.money import Amount
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Row
from entrepot.store.reading import broadcasts
from entrepot.store.writing.tallies import SLOTS

MANY = 3_000
ID = b"b" * 16


def _filled(conn: Connection, org: int) -> None:
    """One broadcast with a click, and clicks of many other origins."""
    kept = schema.BROADCASTS
    told = Broadcast(
        org, ID, "B", "sent", "null", "null", "", None, 0, 0, 0, 0, Amount(0, 0), "EUR", 1, 1, 1
    )
    row = dict(zip(kept.columns, kept.to_row(told), strict=True))
    conn.execute(insert(schema.broadcasts), [row])
    others = [number.to_bytes(16, "big") for number in range(MANY)]
    conn.execute(insert(schema.list_tallies), [
        {"org": org, "list": "clicks", "word": "", "key": key, "level": level, "slot": 0,
         "counted": 1}
        for key in (ID, *others) for level in range(len(SLOTS))
    ] + [
        {"org": org, "list": "broadcasts", "word": "", "key": b"", "level": level, "slot": 0,
         "counted": 1}
        for level in range(len(SLOTS))
    ])  # fmt: skip
    if conn.dialect.name != "sqlite":  # nobody counts the rows of a book in SQLite
        conn.execute(text("ANALYZE"))


async def test_the_clicks_of_a_broadcast_are_found_by_an_index(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = (await database.write(open_shop)).org
    await database.write(lambda conn: _filled(conn, org))
    heard: list[tuple[str, Row]] = []
    with monkeypatch.context() as patch:
        listen(patch, lambda statement, values: heard.append((statement, values)))
        everything = Between()
        found, total = await broadcasts.page.ask(
            database, org, everything, everything, limit=5, offset=0
        )
        assert total == 1
        assert [(one.id, clicked.clicks) for one, clicked in found] == [(ID, 1)]
    [(statement, values)] = [one for one in heard if "sum(counted)" in one[0] and "word" in one[0]
                             and "key IN" in one[0]]  # fmt: skip
    plan = await database.read(lambda conn: plan_of(conn, statement, values))
    assert "list_tallies_of_key" in plan, plan
