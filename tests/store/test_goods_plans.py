"""Lists of stock stay flat: by an index, or because a page looks at so much at most."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, text, update
from tests.asked import listen, plan_of
from tests.factories import open_shop

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Row
from entrepot.store.reading import goods
from entrepot.store.reading.goods import LevelFilter

MANY = 4_000
_IDS = [number.to_bytes(16, "big") for number in range(1, MANY + 1)]
MAIN, OTHER = b"m" * 16, b"o" * 16
RARE, LOW = _IDS[MANY // 2], _IDS[MANY * 3 // 4]


def _filled(conn: Connection, org: int) -> None:
    """Levels at one location but for one, of which one is low."""
    conn.execute(insert(schema.stock_levels), [
        {"org": org, "variant_id": id_, "location_id": OTHER if id_ == RARE else MAIN,
         "on_hand": 9, "reserved": 0, "version": 1, "soft": False}
        for id_ in _IDS
    ])  # fmt: skip
    low = schema.stock_levels.c.variant_id == LOW
    conn.execute(update(schema.stock_levels).where(low).values(reserved=9))
    if conn.dialect.name != "sqlite":  # nobody counts the rows of a book in SQLite
        conn.execute(text("ANALYZE"))


async def test_levels_at_a_location_go_by_an_index(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = (await database.write(open_shop)).org
    await database.write(lambda conn: _filled(conn, org))
    heard: list[tuple[str, Row]] = []
    with monkeypatch.context() as patch:
        listen(patch, lambda statement, values: heard.append((statement, values)))
        for after in (None, (_IDS[3], MAIN)):
            wanted = LevelFilter(location_id=OTHER, after=after)
            found = await goods.levels.ask(database, org, wanted, 3)
            assert [one.variant_id for one in found.levels] == [RARE]
            assert found.after is None

    def plans(conn: Connection) -> list[str]:
        return [plan_of(conn, statement, values) for statement, values in heard]

    for plan in await database.read(plans):
        assert "stock_levels_at" in plan, plan


async def test_pages_of_low_levels_look_at_so_many_and_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = (await database.write(open_shop)).org
    await database.write(lambda conn: _filled(conn, org))
    monkeypatch.setattr(goods, "LOOKED_AT", 700)
    pages, after = [], None
    while not pages or after is not None:
        page = await goods.levels.ask(database, org, LevelFilter(low=True, after=after), 3)
        pages.append([one.variant_id for one in page.levels])
        after = page.after
    assert pages == [[], [], [], [], [LOW], []]
