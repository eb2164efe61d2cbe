"""Slow walks over the book, beside the orders.

A walk takes a small share of the time that its process has left: after each short transaction it
waits a multiple of that transaction's time, and a larger multiple while the process is busy with
orders. Each organization's walk belongs to one process at a time, under a lease.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.reports import place_of
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import retention as store
from entrepot.store.keeping.retention import Sweep
from entrepot.store.schema import readable
from entrepot.telemetry import log

T = TypeVar("T")
Pause = Callable[[float], Awaitable[None]]

ORGANIZATIONS_AT_ONCE = 200
# An organization in whose work a fault was met is left alone for so long.
LEFT_ALONE_SECONDS = 60.0


class Gait(NamedTuple):
    """How gently a walk goes. Durations in seconds."""

    look_seconds: float = 60.0  # between looks whether a walk is due
    lease_seconds: float = 300.0  # how long a walk is held before another process goes on with it
    share: float = 0.05  # the part of the time that it may take in a process that is idle
    least: float = 0.01  # the part that it takes in a process that is never idle
    look_again_seconds: float = 2.0  # between looks, in a long pause, at what the process has left
    pause_max_seconds: float = 30.0  # between two transactions


class Idle:
    """How much of the time the process has left, between two looks. Both clocks give seconds:
    `busy` is the time in which the process worked or stood still.
    """

    def __init__(self, monotonic: Callable[[], float], busy: Callable[[], float]) -> None:
        self._monotonic, self._busy = monotonic, busy
        self._seen = (monotonic(), busy())

    def part(self) -> float:
        """From 0, of a process that was busy since the last look, to 1."""
        since, before = self._seen
        self._seen = now, busy = self._monotonic(), self._busy()
        return 1.0 if now <= since else min(1.0, max(0.0, 1 - (busy - before) / (now - since)))


class Walking(ABC):
    """The walks of one kind, of one process. `pause` waits; the usual one ends with `stop`.

    `busy` gives the seconds in which the process worked or stood still: usually those of the
    processor that it used, and those in which its event loop waited for the disk.
    """

    def __init__(  # noqa: PLR0913 - the clocks, which tests set
        self,
        database: Database,
        named: str,
        *,
        now: Callable[[], int],
        gait: Gait,
        monotonic: Callable[[], float] = time.monotonic,
        busy: Callable[[], float] | None = None,
        pause: Pause | None = None,
    ) -> None:
        """`named` begins the names of its log lines."""
        self._database = database
        self._named = named
        self._now = now
        self._gait = gait
        self._monotonic = monotonic
        self._idle = Idle(monotonic, busy or self._worked_or_waited)
        self._pause = pause or self._until_stopped
        self._stopped = asyncio.Event()
        self._left_until: dict[tuple[int, str], float] = {}

    def _worked_or_waited(self) -> float:
        return time.process_time() + self._database.waited_seconds

    @abstractmethod
    async def round(self) -> Any:
        """Walk over what is due in every organization."""

    async def run(self) -> None:
        """Look now and then whether a walk is due, until `stop`."""
        # A starting process has more urgent work.
        await self._until_stopped(self._gait.look_seconds)
        while not self._stopped.is_set():
            try:
                await self.round()
            except Unavailable as error:
                # The database tells of its outage itself.
                log.debug(f"{self._named}.put_off", why=str(error))
            except Exception as error:
                # Housekeeping must stop no order. Damage of the book is passed over from now on.
                readable.doubt()
                log.error(f"{self._named}.failed", error=type(error).__name__, at=place_of(error))
            await self._until_stopped(self._gait.look_seconds)

    def stop(self) -> None:
        """End after the transaction that is under way."""
        self._stopped.set()

    async def _until_stopped(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def due(self, kind: str, between: float) -> AsyncIterator[Sweep]:
        """The walks of a kind that nobody holds, and that ended so many seconds ago or earlier."""
        org: int | None = -1
        while org is not None and not self._stopped.is_set():
            now = self._now()
            ended_before = now - int(between * MICROSECONDS)
            look = partial(
                store.due, kind=kind, after_org=org, now=now, ended_before=ended_before,
                limit=ORGANIZATIONS_AT_ONCE,
            )  # fmt: skip
            found, org = await self.paced(self._database.read(look))
            for sweep in found:
                if not self._stopped.is_set():
                    yield sweep

    async def apart(self, org: int, what: str, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do `what` is to be done for one organization. A fault in it keeps no other organization
        waiting: it is logged, and the work is left alone for a minute. None then.

        Raises Conflict and Unavailable, which are no fault of the organization's.
        """
        if self._monotonic() < self._left_until.get((org, what), float("-inf")):
            return None
        try:
            done = await work()
        except (Conflict, Unavailable):
            raise
        except Exception as error:
            readable.doubt()
            self._left_until[org, what] = self._monotonic() + LEFT_ALONE_SECONDS
            told = {"error": type(error).__name__, "at": place_of(error)}
            log.error(f"{self._named}.failed", org=org, doing=what, **told)
            return None
        self._left_until.pop((org, what), None)
        return done

    async def claim(self, sweep: Sweep, before: int = 0) -> Sweep:
        """Take a walk. Rows older than `before` may be gone from now on. Raises Conflict where
        another process walks here.
        """
        take = partial(store.claim, sweep=sweep, leased_until=self.lease(), before=before)
        return await self.paced(self._database.write(take))

    def lease(self) -> int:
        """The end of a lease that begins now."""
        return self._now() + int(self._gait.lease_seconds * MICROSECONDS)

    async def paced(self, work: Awaitable[T]) -> T:
        """Do the work, then wait until it was no more than its share of the time."""
        started = self._monotonic()
        done = await work
        owed, waited, gait = self._monotonic() - started, 0.0, self._gait
        worth = self._worth()
        while owed > 0:
            pause = min(owed * worth, gait.pause_max_seconds - waited)
            if pause <= gait.look_again_seconds:
                await self._pause(pause)
                break
            # The process may have time again long before this pause is over.
            await self._pause(gait.look_again_seconds)
            waited += gait.look_again_seconds
            worth = self._worth()
            owed -= gait.look_again_seconds / worth
        return done

    def _worth(self) -> float:
        """Seconds of a pause that make up for a second of work, by what the process had left
        lately.
        """
        gait, left = self._gait, self._idle.part()
        # Squared: a busy process has gaps between its requests, which are not to be filled.
        share = min(gait.share, max(gait.least, gait.share * left * left))
        return 1 / share - 1
