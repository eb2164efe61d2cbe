"""One order, as dialects read it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial

import pytest
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, update
from tests.asked import listen
from tests.factories import open_shop
from tests.writer.test_first_step import Desk, a_desk

from entrepot.clock import new_id
from entrepot.core import shown
from entrepot.core.order_filter import OrderFilter
from entrepot.core.results import OrderResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines import sql
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.reading import queries
from entrepot.store.writing import processes


async def test_an_order_is_read_with_its_lines(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order and its lines are of one moment: PostgreSQL is asked once, without holding a
    snapshot.
    """
    desk = Desk(database, await database.write(open_shop))
    placed = []
    for quantity in (1, 2):
        result = (await desk.do(desk.shop.order(quantity=quantity))).result
        assert isinstance(result, OrderResult)
        placed.append(result.order)
    asked: list[str] = []
    listen(monkeypatch, lambda text, _values: asked.append(text))
    for order in placed:
        asked.clear()
        found = await database.read_one(lambda c, o=order: queries.order_by_id(c, o.org, o.id))
        assert found is not None
        assert (found.id, found.lines) == (order.id, order.lines)
        assert len(asked) == (2 if database.dialect == "sqlite" else 1)
    org = desk.shop.org
    assert await database.read_one(lambda c: queries.order_by_id(c, org, new_id())) is None
    assert await database.read_one(lambda c: queries.order_by_id(c, org + 1, placed[0].id)) is None


async def test_what_an_order_is_read_by_sees_one_moment_of_sqlite(
    fresh_database: Callable[[str], str],
) -> None:
    path = fresh_database("sqlite").removeprefix("sqlite:///")
    database = SqliteDatabase(path)
    rename = "UPDATE alembic_version SET version_num = 'another'"

    def look(conn: Connection) -> list[tuple[str, ...]]:
        said = sql.sql_of(conn)
        before = said.fetch(conn, "SELECT version_num FROM alembic_version", ())
        with closing(sqlite_driver.connect(path)) as other, other:
            other.execute(rename)
        return before + said.fetch(conn, "SELECT version_num FROM alembic_version", ())

    try:
        before, meanwhile = await database.read_one(look)
        assert before == meanwhile
        [after] = await database.read_one(
            lambda conn: sql.sql_of(conn).fetch(conn, "SELECT version_num FROM alembic_version", ())
        )
        assert after == ("another",)
    finally:
        await database.close()


async def test_a_step_that_nobody_works_on_is_the_orders_reason(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked besides of an order that was changed a moment ago."""
    desk = await a_desk(database, 5)
    result = (await desk.do(desk.shop.order())).result
    assert isinstance(result, OrderResult)
    order, [(job, _)] = result.order, desk.handed
    jobs, leased = schema.jobs, job.leased_until

    async def reason(at: int) -> str | None:
        found = await database.read_one(
            lambda conn: queries.order_with_reason(conn, order.org, order.id, at)
        )
        assert found is not None
        page = await database.read(
            lambda conn: queries.page_with_reasons(
                conn, order.org, OrderFilter(), at, limit=1, offset=0
            )
        )
        assert [shown.reason(one) for one in page.orders] == [shown.reason(found)]
        return shown.reason(found)

    soon, later = order.updated_at + 1, order.updated_at + 10_000_000
    asked: list[str] = []
    listen(monkeypatch, lambda text, _values: asked.append(text))
    under_way = await reason(soon)
    assert (under_way or "").startswith("waiting: its stock is reserved and its payment author")
    assert not any("jobs" in text for text in asked)
    assert await reason(later) == under_way

    await database.write(partial(processes.beat, process=7, now=soon))
    await database.write(lambda conn: conn.execute(update(jobs).values(holder=7)))
    gone = await reason(later)
    assert gone == (
        f"waiting: its worker is gone (seen last {shown.moment(soon)}); authorise is taken over "
        f"within seconds, at the latest {shown.moment(leased)}"
    )
    assert any("jobs" in text for text in asked)
    await database.write(partial(processes.beat, process=7, now=later))
    assert await reason(later) == under_way

    await database.write(lambda conn: conn.execute(update(jobs).values(leased_until=0)))
    since = shown.moment(job.run_at)
    assert await reason(later) == f"waiting: a worker: authorise is due since {since}"
