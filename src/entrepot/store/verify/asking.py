"""Asking a book that may be damaged: what cannot be asked is a finding, and the rest is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from entrepot.store.engines.sql import sql_of
from entrepot.store.verify.report import Findings

T = TypeVar("T")

# SQLite's primary result codes, and PostgreSQL's classes of states, that say that nobody answers:
# PERM, BUSY, LOCKED, NOMEM, INTERRUPT, CANTOPEN, NOTADB.
_NOBODY = frozenset({3, 5, 6, 7, 9, 14, 26})
_GONE = ("08", "53", "57")
_SENTENCE_MAX = 300
_MARK = re.compile(r"\$(\d+)")  # PostgreSQL's, of a parameter


class Asking:
    """The questions of one audit to the database. A question that fails is a finding."""

    def __init__(self, conn: Connection, findings: Findings) -> None:
        self.conn = conn
        self.findings = findings
        self._kept = not sql_of(conn).survives_errors
        self._dialect = conn.dialect

    def found(self, statement: Select[Any], page: int | None = None) -> CursorResult[Any]:
        """What a statement finds, `page` rows at a time where the memory has to stay flat.

        The statement is one that each audit asks. Its text is made once a process: making the texts
        of all questions takes four times as long as asking a small book.
        """
        text, values = _spelled(statement, _Spelling(self._dialect.name, self._dialect))
        options = {"yield_per": page} if page else {}
        return self.conn.exec_driver_sql(text, values, options)

    def ask(self, what: str, work: Callable[[], T]) -> T | None:
        """What `work` gives; None where the book cannot answer, which is reported as damage.

        `what` names the question. Raises the driver's error where the database is gone or busy.
        """
        try:
            return self._apart(work)
        except Exception as error:
            if gone(error):
                raise
            self.findings.add("DAMAGE", cannot_be_asked=what, why=sentence(error))
            return None

    def counts(self, statements: Sequence[Select[Any] | str]) -> list[int] | None:
        """How many rows each of these statements gives, asked in one statement; None where some of
        them cannot be asked: each asked by itself says why.

        An audit of a small book mostly waits for the answers to its many questions.
        """
        spelling = _Spelling(self._dialect.name, self._dialect)
        texts: list[str] = []
        values: list[Any] = []
        for place, statement in enumerate(statements):
            text, its = (
                (statement, ()) if isinstance(statement, str) else (_spelled(statement, spelling))
            )
            counted = f"SELECT {place}, (SELECT count(*) FROM ({text}) AS q{place})"
            texts.append(_renumbered(counted, len(values)))
            values += its
        together = " UNION ALL ".join(texts)
        try:
            found = self._apart(lambda: self.conn.exec_driver_sql(together, tuple(values)).all())
        except Exception as error:
            if gone(error):
                raise
            return None
        return [count for _, count in sorted(map(tuple, found))]

    def _apart(self, work: Callable[[], T]) -> T:
        """Do the work, so that the transaction goes on where the work fails."""
        if self._kept:
            # PostgreSQL takes no further statement in a transaction in which one has failed.
            self.conn.exec_driver_sql("SAVEPOINT question")
        try:
            return work()
        except Exception as error:
            if self._kept and not gone(error):
                self.conn.exec_driver_sql("ROLLBACK TO SAVEPOINT question")
            raise


@dataclass(frozen=True)
class _Spelling:
    """A dialect of SQL. Two engines of one dialect spell a statement alike."""

    name: str
    dialect: Dialect = field(compare=False)


@lru_cache(maxsize=2048)
def _spelled(statement: Select[Any], spelling: _Spelling) -> tuple[str, tuple[Any, ...]]:
    """The text of a statement, and the values of its parameters, which are numbers and texts."""
    made = statement.compile(dialect=spelling.dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(made, SQLCompiler)
    return str(made), tuple([made.params[name] for name in made.positiontup or ()])


def _renumbered(text: str, before: int) -> str:
    """The text, whose parameters follow so many others. SQLite's have no numbers."""
    return _MARK.sub(lambda mark: f"${int(mark[1]) + before}", text)


def gone(error: Exception) -> bool:
    """Whether an error says that the database is away or busy, and nothing of what is in it."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError)
    if error.connection_invalidated:
        return True
    raw: Any = error.orig
    code = getattr(raw, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _NOBODY
    return str(getattr(raw, "sqlstate", None) or "").startswith(_GONE)


def sentence(error: BaseException) -> str:
    """The error as the database says it, without values of a row."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        sentence = str(error.orig).partition("\n")[0]
        # asyncpg's text begins with the name of its class.
        return sentence.rpartition(">: ")[2][:_SENTENCE_MAX]
    return f"{type(error).__name__} while it was read"
