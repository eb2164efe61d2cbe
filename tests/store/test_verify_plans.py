"""What `entrepot verify` asks of every order it looks up in one list, not among all jobs again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate
from entrepot.store.verify import statements


@pytest.mark.parametrize("invariant", ["MONEY_USED", "HAS_A_JOB", "PARKED"])
async def test_the_orders_that_have_jobs_are_listed_once(invariant: str, tmp_path: object) -> None:
    database = SqliteDatabase(f"{tmp_path}/book.db")
    await migrate.upgrade(database)

    def plans(conn: Connection) -> list[list[str]]:
        dialect = sqlite.dialect()
        compiled = [
            str(check.broken.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
            for check in statements.checks(None)
            if check.invariant == invariant
        ]
        found = [conn.execute(text(f"EXPLAIN QUERY PLAN {one}")).all() for one in compiled]
        return [[row[3] for row in rows] for rows in found]

    listing = [plan for plan in await database.read(plans) if "LIST SUBQUERY" in str(plan)]
    assert listing
    for plan in listing:
        for line, inner in pairwise(plan):
            if " jobs" in inner:
                assert line.startswith("LIST SUBQUERY"), plan
    await database.close()
