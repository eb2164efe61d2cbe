"""What the store asks, on either engine, and how the engine plans it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from entrepot.store.engines import sql
from entrepot.store.engines.postgres_sql import PostgresSql
from entrepot.store.engines.sql import Row
from entrepot.store.engines.sqlite_sql import SqliteSql


def listen(patch: pytest.MonkeyPatch, heard: Callable[[str, Row], Any]) -> None:
    """From now on `heard` is told each statement that is fetched, with its values."""
    for engine in (SqliteSql, PostgresSql):
        _listen_to(patch, engine, heard)


def _listen_to(patch: pytest.MonkeyPatch, engine: Any, heard: Callable[[str, Row], Any]) -> None:
    real = engine.fetch

    def fetch(self: Any, conn: Connection, statement: str, parameters: Row) -> list[Row]:
        heard(statement, parameters)
        found: list[Row] = real(self, conn, statement, parameters)
        return found

    patch.setattr(engine, "fetch", fetch)


def plan_of(conn: Connection, statement: str, values: Row, *analysed: str) -> str:
    """The steps of the engine's plan of a statement, one a line.

    PostgreSQL counts the rows of the tables `analysed` before.
    """
    if conn.dialect.name == "sqlite":
        rows = sql.fetch(conn, f"EXPLAIN QUERY PLAN {statement}", values)
        return "\n".join(str(row[3]) for row in rows)
    for table in analysed:
        conn.exec_driver_sql(f"ANALYZE {table}")
    return "\n".join(row[0] for row in sql.fetch(conn, f"EXPLAIN {statement}", values))


def assert_goes_by_index(plan: str, *columns: str) -> None:
    """A look at orders goes by the whole key of an index for each of these names of an order."""
    for column in columns:
        assert re.search(rf"\(.*org ?=.* AND \(?{column} ?=", plan), (column, plan)
    assert "SCAN orders" not in plan
    assert "Seq Scan" not in plan
