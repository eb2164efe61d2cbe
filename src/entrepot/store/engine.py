"""The contract of a database for the rest of the server.

Functions of the store are plain functions over a SQLAlchemy Connection. SQLite runs them in place
(store/engines/sqlite.py). PostgreSQL runs the same functions over asyncpg
(store/engines/postgres.py). So there is one set of statements, and no second set of async
functions.
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
    """The database of an order book. Reading and writing raise Conflict or Unavailable."""

    dialect: str
    side_by_side: int
    """How many transactions may write at the same time."""
    reading: Outage
    writing: Outage

    @property
    def waited_seconds(self) -> float:
        """How long the process waited for orders to be written, in sum: for the disk, or for the
        server.
        """
        ...

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it durably; roll back when it raises."""
        ...

    async def write_unsynced(self, work: Work[T]) -> T:
        """Like `write`, for rows that can be made again from other rows: the commit does not wait
        for the disk. The next commit that waits takes this one along.

        A loss of power may undo the transaction as a whole, with nothing that `write` committed.
        """
        ...

    async def write_guarded(self, work: Work[T]) -> T:
        """Run `work` like `write`, without locks and without one snapshot for all that it reads.

        The work reads first, and writes by one `Writes.run` at its end. Guards in that write fail
        if a row is no longer as it was read. On PostgreSQL that one statement is the transaction.
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
        """Run `work`, which sends one statement through the engine's Sql, and so needs no snapshot.

        If the engine sends several statements one by one, they still see one snapshot.
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

    async def accept_loss(self) -> list[LogFault]:
        """Go on with the book as it is, although commits are missing. Returns the faults that the
        log had. Raises Unavailable.
        """
        ...

    async def clock(self) -> int | None:
        """The time by the database's own clock, in microseconds UTC; None where it has none but
        this machine's. Raises Unavailable.
        """
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
