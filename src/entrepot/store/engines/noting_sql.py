"""Notes the statements that PostgreSQL would get, without a PostgreSQL: for documents only.

Rows are read from an SQLite book, and nothing is written. So the same code that composes statements
for PostgreSQL composes them here, from any book.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Select as Question
from sqlalchemy.dialects import postgresql

from entrepot.store.engines.postgres_sql import (
    PostgresSql,
    composed,
    is_small,
    select_by_keys,
    select_together,
    split,
)
from entrepot.store.engines.sql import Row, Select, Write, speaking
from entrepot.store.engines.sqlite_sql import SQLITE


class NotingSql(PostgresSql):
    """See Sql. `statements` is what PostgreSQL would have been told."""

    def __init__(self) -> None:
        super().__init__(own_types=True)
        self.statements: list[str] = []

    def skip_locked(self, statement: Question[Any]) -> Question[Any]:
        """See Sql."""
        asked = super().skip_locked(statement)
        self.statements.append(str(asked.compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]
        return statement

    def locks(self, conn: Connection) -> bool:  # noqa: ARG002 - as the other engine's
        """See Sql. As a batch is written first: without locks."""
        return False

    def one_transaction(self, conn: Connection) -> AbstractContextManager[None]:  # noqa: ARG002
        """See Sql."""
        return nullcontext()

    def fetch(self, conn: Connection, statement: str, parameters: Row) -> list[Row]:
        """See Sql. Both engines read this statement, apart from the marks."""
        self.statements.append(statement)
        return SQLITE.fetch(conn, re.sub(r"\$(\d+)", r"?\1", statement), parameters)

    def select(self, conn: Connection, one: Select) -> list[Row]:
        """See Sql."""
        if one.wanted:
            self.statements.append(select_by_keys(one.table, one.keys, one.columns, one.lock))
        return SQLITE.select(conn, one)

    def select_all(self, conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
        """See Sql."""
        small = [(at, one) for at, one in enumerate(selects) if is_small(one)]
        if len(small) < 2:
            return [self.select(conn, one) for one in selects]
        parts = [(at, s.table, s.keys, s.columns, s.lock, s.named_by) for at, s in small]
        self.statements.append(select_together(tuple(parts)))
        return SQLITE.select_all(conn, selects)

    def run(self, conn: Connection, listed: list[Write]) -> dict[str, list[Row]]:  # noqa: ARG002
        """See Sql. A write that gives out numbers is treated as if it had given the first ones."""
        now, later = split(listed)
        for part in (now, later):
            if part:
                self.statements.append(composed(self.parts(part)))
        return {write.name: [tuple(row) for row in write.rows] for write in listed if write.name}


@contextmanager
def noting(conn: Connection) -> Iterator[list[str]]:
    """The statements that PostgreSQL would get, noted while code speaks through an SQLite
    connection.
    """
    sql = NotingSql()
    conn.execution_options(**speaking(sql))
    try:
        yield sql.statements
    finally:
        conn.execution_options(**speaking(SQLITE))
