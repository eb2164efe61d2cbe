"""Keys that fill a statement up on SQLite match nothing, and cost the driver one None each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.opening import open_database

TERMS = [{"org": org, "term": b"t", "customer_id": bytes([org])} for org in range(8)]


async def test_keys_that_fill_a_statement_up_match_nothing(
    fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(fresh_database("sqlite"))
    columns = ("org", "term", "customer_id")
    told: list[tuple[Any, ...]] = []

    def work(conn: Connection) -> list[Any]:
        conn.execute(insert(schema.contact_terms), TERMS)
        engine = sql.sql_of(conn)
        fetch = engine.fetch

        def noted(conn: Connection, statement: str, parameters: tuple[Any, ...]) -> Any:
            told.append(parameters)
            return fetch(conn, statement, parameters)

        monkeypatch.setattr(type(engine), "fetch", staticmethod(noted))
        wanted: set[tuple[Any, ...]] = {(org, b"t", bytes([org])) for org in range(5)}
        return sql.select(conn, schema.contact_terms, columns, wanted, ("org",))

    found = await database.write(work)
    assert sorted(row[0] for row in found) == [0, 1, 2, 3, 4]
    [parameters] = told
    keys = [parameters[at : at + 3] for at in range(0, len(parameters), 3)]
    assert keys[5:] == [(None, 0, 0)] * 3
    await database.close()
