"""A healthy book that can be broken for the length of one look."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, cached_property
from typing import Any

import pytest
from sqlalchemy import Connection, Inspector, Select, Table, event, text
from sqlalchemy.sql.visitors import iterate
from tests.store.known_orders import KnownOrders
from tests.store.verify_book import healthy_book, key_of, operation_key

from entrepot.core.ids import dashed
from entrepot.core.payment_keys import operation_key as further_key
from entrepot.store import schema
from entrepot.store import verify as verifying
from entrepot.store.engines import sql
from entrepot.store.engines.opening import open_database
from entrepot.store.verify import Report, drift, verify
from entrepot.store.verify.orders import Walk
from entrepot.store.verify.statements import Check

# What an audit looks at besides its checks, each as a whole.
PARTS = (
    (verifying, "check_answers"), (verifying, "check_terms"), (verifying, "check_merging"),
    (verifying, "check_costing"), (verifying.invoices, "check_properties"), (Walk, "check"),
)  # fmt: skip
_OF_ROWS = re.compile(r"(?:UPDATE|INSERT INTO|DELETE FROM) (\w+)")
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
        self._known = KnownOrders()
        # One loop for all tests of the module: the database's connections belong to it.
        self._runner = asyncio.Runner()
        self.ids: dict[str, Any] = {**self._runner.run(healthy_book(self.database)).ids}
        self.ids["nowhere"] = NOWHERE
        for name in ("confirmed", "voiding", "authorising"):
            self.ids[f"{name}_key_2"] = further_key(
                key_of(1, self.ids[name], 1), 1, self.ids[name], "authorise", 2
            )

    @cached_property
    def _read_by_parts(self) -> dict[str, frozenset[str]]:
        """The names of all tables that each part of an audit reads in the healthy book.

        That audit learns the orders, too.
        """
        read = {name: frozenset[str]() for _, name in PARTS}
        select = sql.select
        tables = re.compile(rf"\b({'|'.join(schema.metadata.tables)})\b")

        def recorded(conn: Connection, name: str, part: Any) -> Any:
            def recording(*values: Any) -> Any:
                def told(*told: Any) -> None:
                    read[name] |= set(tables.findall(told[2]))

                def selected(conn: Connection, table: Table, *rest: Any) -> Any:
                    read[name] |= {table.name}
                    return select(conn, table, *rest)

                event.listen(conn, "before_cursor_execute", told)
                try:
                    with pytest.MonkeyPatch.context() as patch:
                        # Its statement goes to the driver itself.
                        patch.setattr(sql, "select", selected)
                        return part(*values)
                finally:
                    event.remove(conn, "before_cursor_execute", told)

            return recording

        def work(conn: Connection) -> None:
            with pytest.MonkeyPatch.context() as patch:
                for owner, name in PARTS:
                    patch.setattr(owner, name, recorded(conn, name, getattr(owner, name)))
                with self._known.learned():
                    assert verify(conn, operation_key=operation_key).ok

        self._runner.run(self.database.read(work))
        assert all(read.values()), read
        return read

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
        asked = {"operation_key": operation_key} | more
        report: Report = self.altered(lambda conn: verify(conn, **asked), statements, loosened)
        return report

    def altered(
        self, look: Work, statements: tuple[str, ...], loosened: tuple[str, ...] = ()
    ) -> Any:
        """What `look` sees after these statements; the loosened tables have no constraints."""
        touched = {_touched(one) for one in statements}
        rows_of = frozenset(filter(None, touched))
        read_by = self._read_by_parts
        about: AbstractContextManager[None] = nullcontext()
        if None not in touched:
            about = _schema_of(loosened) if loosened else _about(rows_of, read_by)

        def work(conn: Connection) -> Any:
            for table in loosened:
                loosen(conn, table)
            for statement in statements:
                self.do(conn, statement)
            with about, self._known.passed_over():
                return look(conn)

        return self.see(work)

    def shown(self, name: str) -> str:
        found = self.ids.get(name, name)
        return dashed(found) if isinstance(found, bytes) else str(found)


def _touched(statement: str) -> str | None:
    """The table whose rows a statement changes; None where it changes more than rows."""
    found = _OF_ROWS.match(statement)
    return found and found[1]


@contextmanager
def _about(touched: frozenset[str], read_by: dict[str, frozenset[str]]) -> Iterator[None]:
    """Only what rows of these tables can break is looked at: a check of other tables finds what it
    finds in the healthy book, of which another test is. That takes a tenth of the time. So do the
    parts that read none of these tables there: `read_by` has the tables of each.
    """
    made = verifying._checks

    def about() -> tuple[Check, ...]:
        return tuple(check for check in made() if reads(check.broken) & touched)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "_checks", about)
        patch.setattr(verifying, "check_schema", lambda _: None)
        patch.setattr(verifying, "check_damage", lambda _: ({}, {}))
        patch.setattr(verifying, "_rows", lambda *_: {})
        for owner, name in PARTS:
            if not read_by[name] & touched:
                patch.setattr(owner, name, lambda *_: None)
        yield


@contextmanager
def _schema_of(loosened: tuple[str, ...]) -> Iterator[None]:
    """Only the schema of these tables is looked at: the other ones are as in the healthy book."""
    look = drift._look

    def looked(found: Inspector, table: Table) -> Any:
        return look(found, table) if table.name in loosened else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drift, "_look", looked)
        yield


@cache
def reads(statement: Select[Any]) -> frozenset[str]:
    """The names of all tables that a statement reads."""
    return frozenset(one.name for one in iterate(statement) if isinstance(one, Table))


def loosen(conn: Connection, table: str) -> None:
    """Take every constraint from a table, so that rows can be written that it would refuse."""
    for statement in (
        f"CREATE TABLE loose AS SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE loose RENAME TO {table}",
    ):
        conn.execute(text(statement))
