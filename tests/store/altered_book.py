"""A healthy book that can be broken for the length of one look."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from sqlalchemy import Connection, text
from tests.store.verify_book import healthy_book, key_of, operation_key

from entrepot.core.ids import dashed
from entrepot.core.payment_keys import operation_key as further_key
from entrepot.store import verify as verifying
from entrepot.store.engines.opening import open_database
from entrepot.store.verify import (
    Report,
    verify,
)

_OF_ROWS = ("UPDATE", "INSERT", "DELETE")
NOWHERE = b"\xff" * 16

Work = Callable[[Connection], Any]


class Undone(Exception):
    """Carries what was seen out of a transaction that has to be rolled back."""

    def __init__(self, seen: Any) -> None:
        super().__init__()
        self.seen = seen


class Book:
    """A healthy book that can be broken for the length of one look."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = open_database(url)
        # One loop for all tests of the module: the database's connections belong to it.
        self._runner = asyncio.Runner()
        self.ids: dict[str, Any] = {**self._runner.run(healthy_book(self.database)).ids}
        self.ids["nowhere"] = NOWHERE
        for name in ("confirmed", "voiding", "authorising"):
            self.ids[f"{name}_key_2"] = further_key(
                key_of(1, self.ids[name], 1), 1, self.ids[name], "authorise", 2
            )

    def close(self) -> None:
        self._runner.run(self.database.close())
        self._runner.close()

    def see(self, work: Work) -> Any:
        """What `work` sees in a transaction of its own, of which nothing stays."""

        def undone(conn: Connection) -> None:
            raise Undone(work(conn))

        try:
            self._runner.run(self.database.write(undone))
        except Undone as undone_:
            return undone_.seen

    def do(self, conn: Connection, statement: str) -> None:
        statement = statement.replace(
            "{bytes}", "BLOB" if conn.dialect.name == "sqlite" else "BYTEA"
        )
        named = set(re.findall(r"(?<!\\):(\w+)", statement))
        done = conn.execute(text(statement), {name: self.ids[name] for name in named})
        rows_changed = done.rowcount if statement.startswith(("UPDATE", "INSERT", "DELETE")) else 1
        assert rows_changed > 0, f"nothing was broken: {statement}"

    def broken(self, *statements: str, loosened: tuple[str, ...] = (), **more: Any) -> Report:
        """The report of verify after these statements."""

        def work(conn: Connection) -> Report:
            for table in loosened:
                loosen(conn, table)
            for statement in statements:
                self.do(conn, statement)
            rows_only = not loosened and all(one.startswith(_OF_ROWS) for one in statements)
            with _schema_known() if rows_only else nullcontext():
                return verify(conn, **({"operation_key": operation_key} | more))

        report: Report = self.see(work)
        return report

    def shown(self, name: str) -> str:
        found = self.ids.get(name, name)
        return dashed(found) if isinstance(found, bytes) else str(found)


@contextmanager
def _schema_known() -> Iterator[None]:
    """The schema is not looked at, which takes a fifth of the time: only rows were changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "check_schema", lambda _: None)
        yield


def loosen(conn: Connection, table: str) -> None:
    """Take every constraint from a table, so that rows can be written that it would refuse."""
    for statement in (
        f"CREATE TABLE loose AS SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE loose RENAME TO {table}",
    ):
        conn.execute(text(statement))
