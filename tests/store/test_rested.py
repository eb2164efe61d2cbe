"""A connection to PostgreSQL that rested may be gone without a word: it has to answer first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from tests.relay import Relay

from entrepot.store.engines import postgres_pools
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.engines.sql import driver_of


def backend(conn: Connection) -> int:
    return int(driver_of(conn).get_server_pid())


@pytest.mark.parametrize("way", ["write", "write_guarded", "read", "read_one"])
async def test_a_connection_that_a_firewall_forgot_is_replaced(
    fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    # So long whoever has a connection without an answer waits at most.
    monkeypatch.setattr(postgres_pools, "_STATEMENT_SECONDS", 5.0)
    monkeypatch.setattr(postgres_pools, "_ANSWER_SECONDS", 0.1)
    url = make_url(fresh_database("direct"))
    with Relay(str(url.host), int(url.port or 5432)) as relay:
        through = url.set(host="127.0.0.1", port=relay.port)
        database = PostgresDatabase(through.render_as_string(hide_password=False), 2)
        use = getattr(database, way)
        first = await use(backend)
        assert await use(backend) == first
        monkeypatch.setattr(postgres_pools, "_REST_SECONDS", 0.0)
        assert await use(backend) == first, "a connection that answers stays"
        relay.forget()
        assert await use(backend) != first
        await database.close()
