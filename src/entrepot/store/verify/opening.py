"""Opening an SQLite book for an audit, so that nothing is written and no file is made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from entrepot.store.engines.sql import speaking
from entrepot.store.engines.sqlite_sql import SQLITE

T = TypeVar("T")


def read_only(path: Path, work: Callable[[Connection], T]) -> T:
    """Run `work` in one read transaction on the file; raises the driver's errors.

    A book that was closed has no log, and SQLite would make one to read the book: the file is then
    read as one that nobody changes. If a server has begun meanwhile, `work` is run again.
    """
    log = path.with_name(path.name + "-wal")
    if not _has_log(log):
        try:
            done = _read(path, {"immutable": "1"}, work)
        except Exception:
            if not _has_log(log):
                raise
        else:
            if not _has_log(log):
                return done
    return _read(path, {}, work)


def _has_log(log: Path) -> bool:
    return log.exists() and log.stat().st_size > 0


def _read(path: Path, how: dict[str, str], work: Callable[[Connection], T]) -> T:
    engine = create_engine(
        URL.create(
            "sqlite+pysqlite",
            database=f"file:{quote(str(path.resolve()))}",
            query={"mode": "ro", "uri": "true"} | how,
        ),
        module=sqlite_driver,
        poolclass=StaticPool,
        execution_options=speaking(SQLITE),
        connect_args={"isolation_level": None, "timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA query_only=ON").close()
        connection.execute("PRAGMA temp_store=MEMORY").close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN")

    try:
        with engine.connect() as conn:
            done = work(conn)
            # The transaction has nothing to keep, and a damaged book refuses to end it otherwise.
            with suppress(DBAPIError):
                conn.rollback()
            return done
    finally:
        engine.dispose()
