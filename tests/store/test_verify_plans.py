"""`entrepot verify` asks of a row only what the row's own key finds, on a book of any size."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.dialects import sqlite

from entrepot.store import verify as verifying
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate
from entrepot.store.verify import statements, verify

# Tables with few rows an organization.
ONE_A_ORGANIZATION = {"organizations", "order_counters", "sweeps", "parent", "stock_costing"}


@pytest.mark.parametrize("invariant", ["MONEY_USED", "HAS_A_JOB", "PARKED"])
async def test_the_orders_that_have_jobs_are_listed_once(invariant: str, tmp_path: object) -> None:
    database = SqliteDatabase(f"{tmp_path}/book.db")
    await migrate.upgrade(database)

    def plans(conn: Connection) -> list[list[str]]:
        dialect = sqlite.dialect()
        compiled = [
            str(check.broken.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
            for check in statements.checks()
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


async def test_no_row_has_the_numbers_of_all_events_looked_through(tmp_path: object) -> None:
    """A reader that is far behind leaves all events after its number to be read."""
    database = SqliteDatabase(f"{tmp_path}/book.db")
    await migrate.upgrade(database)

    of_events = 0
    for plan in await database.read(_plans):
        for step in _for_each_row(plan):
            assert "events_number" not in step, plan
            of_events += step.startswith("SEARCH e ")
    assert of_events
    await database.close()


def _plans(conn: Connection) -> list[list[Any]]:
    """The plans of all statements of an audit of a book whose tables all have rows."""
    asked: list[tuple[str, Any]] = []

    def heard(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(conn, "before_cursor_execute", heard)
    with mock.patch.object(verifying, "_rowless", return_value=set()):
        verify(conn)
    event.remove(conn, "before_cursor_execute", heard)
    return [
        list(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
        for statement, values in asked
    ]


def _for_each_row(plan: list[Any]) -> list[str]:
    """The steps of a plan that are carried out again for each row of another."""
    again: set[int] = set()
    steps = []
    for number, parent, _, step in plan:
        if parent in again:
            steps.append(step)
        if parent in again or step.startswith("CORRELATED"):
            again.add(number)
    return steps


async def test_no_row_has_the_rows_of_a_whole_organization_looked_through(
    tmp_path: object,
) -> None:
    """A step that is carried out for each row goes by more than the organization."""
    database = SqliteDatabase(f"{tmp_path}/book.db")
    await migrate.upgrade(database)
    of_all = re.compile(r"SEARCH (\w+) USING .*\(org=\?\)\Z")
    found = {
        step
        for plan in await database.read(_plans)
        for step in _for_each_row(plan)
        if of_all.match(step)
    }
    assert {of_all.match(step)[1] for step in found} <= ONE_A_ORGANIZATION, found  # type: ignore[index]
    await database.close()
