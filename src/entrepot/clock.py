"""Time and chance: the only place where either comes into the program. Tests bring their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import uuid_utils

from entrepot.telemetry import log

LOOK_SECONDS = 30.0
# A look that took longer says too little: the time was read at some moment of the look.
_LOOK_MICROSECONDS_MAX = 1_000_000
_DIFFERS_MICROSECONDS = 2_000_000
# Linux has one that counts the time in which the machine sleeps.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Book(Protocol):
    """What a clock has to know of an order book."""

    async def clock(self) -> int | None:
        """The time of the database; None where it has no clock but this machine's."""
        ...


def _machine() -> int:
    return time.time_ns() // 1_000


def _steady() -> int:
    """Microseconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime_ns(_STEADY) // 1_000


class BookClock:
    """The clock of a book: the database's, so that all processes of the book have one time.

    The database is asked now and then. Between two looks the time goes on by a clock that nobody
    can set. Before the first look, and where the database has no clock of its own, the machine's
    clock counts.
    """

    def __init__(
        self, machine: Callable[[], int] = _machine, steady: Callable[[], int] = _steady
    ) -> None:
        """Both give microseconds; those of `machine` are since the epoch."""
        self._machine, self._steady = machine, steady
        self._zero: int | None = None  # the database's time at the beginning of the steady clock
        self._differs = False

    def now(self) -> int:
        """This moment in microseconds since the epoch, in whole milliseconds as the wire shows."""
        at = self._machine() if self._zero is None else self._zero + self._steady()
        return at // 1_000 * 1_000

    async def look(self, book: Book) -> None:
        """Go by the time of this book's database from now on. Raises Unavailable."""
        before = self._steady()
        at = await book.clock()
        after = self._steady()
        if at is None:
            self._zero = None
            return
        if self._zero is None or after - before <= _LOOK_MICROSECONDS_MAX:
            self._zero = at - (before + after) // 2
        self._tell(self._machine() - self._zero - self._steady())

    async def keep(self, book: Book) -> None:
        """Look now and then until cancelled. While the book is away the time goes on."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look(book)
            except Exception as error:
                log.debug("clock.not_asked", why=str(error))

    def _tell(self, ahead: int) -> None:
        """Log, once, that the machine's clock is not the database's."""
        differs = abs(ahead) > _DIFFERS_MICROSECONDS
        if differs and not self._differs:
            log.warning(
                "clock.differs", machine_is_ahead_seconds=round(ahead / 1_000_000, 1),
                remedy="set the clocks of this machine and of the database's by one time server",
            )  # fmt: skip
        self._differs = differs


BOOK = BookClock()
"""The clock of the book that this process works on."""
now = BOOK.now


def new_id() -> bytes:
    """A fresh UUIDv7: ids made later sort later, so that inserts stay at the end of the trees."""
    return uuid_utils.uuid7().bytes


def new_request_id() -> str:
    """A fresh id for a request that brought none."""
    return uuid_utils.uuid7().hex
