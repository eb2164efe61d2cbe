"""Listening to what the store asks, on either engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

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
