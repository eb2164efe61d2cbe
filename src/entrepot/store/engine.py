"""What a database is to the rest of the server.

Store functions are plain ones over a SQLAlchemy Connection. SQLite runs them in place
(store/engines/sqlite.py), PostgreSQL runs the very same ones over asyncpg
(store/engines/postgres.py). So there is one colour of function, and one set of statements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

from entrepot.store.engines.outage import LogFault, Outage, Unavailable

T = TypeVar("T")
Snapshot: TypeAlias = Connection  # what readers outside the store are handed, and hand back
Work = Callable[[Connection], T]  # what runs inside a transaction

POOL_DEFAULT = 8

__all__ = ["POOL_DEFAULT", "Database", "Snapshot", "T", "Unavailable", "Work"]


class Database(Protocol):
    """One order book's database. Reading and writing raise Conflict or Unavailable."""

    dialect: str
    side_by_side: int
    """How many transactions may write at the same time."""
    reading: Outage
    writing: Outage

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it durably; roll back when it raises."""
        ...

    async def write_guarded(self, work: Work[T]) -> T:
        """Run `work` like `write`; nothing that it reads needs to be locked or to be of one moment.

        It reads first and writes by one `Writes.run` at its end, where guards see that everything
        it went by is as it was read. On PostgreSQL that one statement is the transaction.
        """
        ...

    async def write_long(self, work: Work[T]) -> T:
        """Like `write_guarded`, for work that may take long: it breathes (entrepot.pace), and what
        does not write goes on meanwhile.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` in one read-only snapshot."""
        ...

    async def read_one(self, work: Work[T]) -> T:
        """Run `work`, which asks one statement of the engine's Sql and so needs no snapshot around
        it. Where the engine takes one statement at a time, they see one moment all the same.
        """
        ...

    async def read_long(self, work: Work[T]) -> T:
        """Like `read`, and may take its time: nothing waits for it but other long reads.

        `work` may be run twice.
        """
        ...

    async def prove_writing(self) -> None:
        """Commit a small write. Raises Unavailable."""
        ...

    async def look_at_files(self) -> None:
        """See whether the files that were opened are still there. Raises Unavailable."""
        ...

    async def log_faults(self) -> list[LogFault]:
        """What is wrong with the log of commits; nothing is written. Raises Unavailable."""
        ...

    async def accept_loss(self) -> list[LogFault]:
        """Go on with what there is, whatever there was: what was wrong. Raises Unavailable."""
        ...

    async def begin_serving(self) -> None:
        """Say that a server has the book open from now on, until `close`.

        From now on failures are logged. Raises Unavailable.
        """
        ...

    async def see_to_durability(self) -> None:
        """See that what is committed survives a loss of power.

        Raises RuntimeError where it would not, with what helps; and Unavailable.
        """
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...
