"""Following the log of events: what is kept beside the orders, and not written with them.

Placing an order writes nothing of its contact, nor of the terms that a search goes by. Readers in
the background do, a moment later. One process at a time reads an organization's log for a reader.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

from entrepot.pipeline.walking import ORGANIZATIONS_AT_ONCE, Gait, Pause, Walking
from entrepot.store.engine import Database, Snapshot
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import contacts, search
from entrepot.store.keeping.log_readers import Step
from entrepot.store.keeping.retention import Sweep
from entrepot.store.keeping.search import Slices

GAIT = Gait(look_seconds=0.5, share=0.1)
# Steps of one organization, however much it has to read, before the others have their turn.
STEPS_A_TURN = 50


class Reader(Walking):
    """A reader of all logs, in one process."""

    named: ClassVar[str]

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        gait: Gait = GAIT,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        super().__init__(database, self.named, now=now, gait=gait, monotonic=monotonic, pause=pause)

    @abstractmethod
    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """Where something is to be read, by organization."""

    @abstractmethod
    async def step(self, sweep: Sweep) -> Step:
        """Read the next slice of a log. Raises Conflict where another process reads the log."""

    async def round(self) -> int:
        """Read every organization's log to its end; how many steps that took."""
        steps, left = 0, True
        while left and not self._stopped.is_set():
            taken, left = await self._turn()
            steps += taken
        return steps

    async def _turn(self) -> tuple[int, bool]:
        """A turn of each organization; how many steps they took, and whether some have more."""
        steps, left, org = 0, False, -1
        while not self._stopped.is_set():
            look = partial(self.behind, after_org=org, limit=ORGANIZATIONS_AT_ONCE)
            found = await self.paced(self._database.read(look))
            for sweep in found:
                taken, ended = await self._read(sweep)
                steps, left = steps + taken, left or not ended
            if len(found) < ORGANIZATIONS_AT_ONCE:
                break
            org = found[-1].org
        return steps, left

    async def _read(self, sweep: Sweep) -> tuple[int, bool]:
        """Some steps of one organization, and whether its reader has come to the end."""
        steps, ended = 0, False
        while not ended and steps < STEPS_A_TURN and not self._stopped.is_set():
            try:
                sweep, ended = await self.paced(self.step(sweep))
            except Conflict:
                return steps, True
            steps += 1
        return steps, ended


class FollowingSettings(NamedTuple):
    """How the log is followed."""

    gait: Gait = GAIT
    slice: int = 200  # events a transaction


class Following(Reader):
    """The reader that keeps contacts, and the credits of their orders."""

    named = "following"

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        settings: FollowingSettings = FollowingSettings(),  # noqa: B008 - an immutable value
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        super().__init__(database, now=now, gait=settings.gait, monotonic=monotonic, pause=pause)
        self._slice = settings.slice

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """See Reader."""
        return contacts.behind(conn, after_org, limit)

    async def step(self, sweep: Sweep) -> Step:
        """See Reader."""
        take = partial(contacts.follow, sweep=sweep, limit=self._slice, now=self._now())
        return await self._database.write(take)


class SearchKeeping(Reader):
    """The reader that keeps the terms of orders.

    A slice is read, and its terms are made, before the transaction that writes them: orders wait
    for the writing alone.
    """

    named = "search"

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        slices: Slices = Slices(),  # noqa: B008 - an immutable value
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        super().__init__(database, now=now, monotonic=monotonic, pause=pause)
        self._slices = slices

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """See Reader."""
        return search.behind(conn, after_org, limit)

    async def step(self, sweep: Sweep) -> Step:
        """See Reader."""
        read = partial(search.read, sweep=sweep, slices=self._slices)
        found = await self._database.read_long(read)
        await self._database.write(partial(search.write, read_=found))
        return found.step
