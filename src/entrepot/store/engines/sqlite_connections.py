"""Connections to an SQLite file, each set up in the same way: WAL, and every commit synced."""

from __future__ import annotations

from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from entrepot.store.engines.sql import speaking
from entrepot.store.engines.sqlite_library import set_for_one_thread_a_connection
from entrepot.store.engines.sqlite_sql import SQLITE
from entrepot.store.engines.wal import PAGES_MAX

# Older versions can corrupt a WAL database: sqlite.org/wal.html, "WAL-reset bug".
SQLITE_OLDEST = (3, 51, 3)
# Page cache of a connection, in KiB. The writer's is smaller, for orders are written at the ends of
# the trees: besides the pages there, the writer reads the keys of requests, which come in no order.
# Long reads rarely read a page twice.
CACHE_KIB, WRITER_CACHE_KIB, LONG_CACHE_KIB = 65_536, 32_768, 16_384

set_for_one_thread_a_connection()
# Without an adapter the driver looks for adapting methods on every bytes, None and bool that it
# binds, which took two thirds of the time of an insert. These three give the same value back.
sqlite_driver.register_adapter(bytes, bytearray)
sqlite_driver.register_adapter(type(None), {}.get)
sqlite_driver.register_adapter(bool, int)


def engine_of(path: str, begin: str, cache_kib: int = CACHE_KIB) -> Engine:
    """An engine with one connection. `begin` is the statement that begins its transactions."""
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=path),
        module=sqlite_driver,
        poolclass=StaticPool,
        execution_options=speaking(SQLITE),
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 10,
                      "cached_statements": 512},
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000",
            f"cache_size=-{cache_kib}", "temp_store=MEMORY", f"wal_autocheckpoint={PAGES_MAX}",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        # Straight to the driver: every batch begins a transaction, and SQLAlchemy takes eight times
        # as long to say so.
        driver: Any = conn.connection.driver_connection
        driver.execute(begin).close()

    return engine
