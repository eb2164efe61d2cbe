"""What `entrepot verify` asks of every order it looks up by an index, not among all jobs."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate
from entrepot.store.verify import statements


@pytest.mark.parametrize("invariant", ["MONEY_USED", "HAS_A_JOB"])
async def test_whether_an_order_has_a_job_is_asked_of_the_index(
    invariant: str, tmp_path: object
) -> None:
    database = SqliteDatabase(f"{tmp_path}/book.db")
    await migrate.upgrade(database)

    def plans(conn: Connection) -> list[str]:
        dialect = sqlite.dialect()
        compiled = [
            str(check.broken.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
            for check in statements.checks(None)
            if check.invariant == invariant
        ]
        found = [conn.execute(text(f"EXPLAIN QUERY PLAN {one}")).all() for one in compiled]
        return [row[3] for rows in found for row in rows if "SEARCH jobs" in row[3]]

    plain = await database.read(plans)
    assert any("jobs_order (order_id=? AND org=?)" in line for line in plain), plain
    await database.close()
