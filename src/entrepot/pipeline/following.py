"""Following the log of events: what is kept beside the orders, and not written with them.

Placing an order writes nothing of its contact, nor of the terms that a search goes by. Readers in
the background do, a moment later. All readers of a process take turns in one walk, and have one
share of the time. One process at a time reads an organization's log for a reader.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from entrepot.core import actor
from entrepot.core.decide.notify import NotifyOrder
from entrepot.pipeline.walking import ORGANIZATIONS_AT_ONCE, Gait, Pause, Walking
from entrepot.store.engine import Database, Snapshot
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import contacts, search
from entrepot.store.keeping.log_readers import Step
from entrepot.store.keeping.retention import Sweep
from entrepot.store.keeping.search import Slices
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

# The readers wait for each other: orders come first, and what is kept beside them follows. A
# process that has time catches up soon. A process that has none is hardly slowed by its readers
# (docs/adr/0075).
GAIT = Gait(look_seconds=0.5, share=0.2)
# Steps of one organization, however much it has to read, before the others have their turn.
STEPS_A_TURN = 50


class Reader(Protocol):
    """A reader of all organizations' logs."""

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """The places from which there is something to read, by organization: one statement."""
        ...

    async def step(self, sweep: Sweep) -> Step:
        """Read the next slice of a log. Raises Conflict where another process reads the log.

        What a step writes can be made again from the log: no disk is waited for.
        """
        ...


class Following(Walking):
    """The walk of a process's readers. Those that come first have read before those behind."""

    def __init__(
        self,
        database: Database,
        readers: Sequence[Reader],
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        super().__init__(
            database, "following", now=now, gait=GAIT, monotonic=monotonic, pause=pause
        )
        self._readers = readers

    async def round(self) -> int:
        """Read every organization's log to its end; how many steps that took."""
        steps, unread = 0, list(self._readers)
        while unread and not self._stopped.is_set():
            left = []
            for reader in unread:
                taken, more = await self._turn(reader)
                steps += taken
                if more:
                    left.append(reader)
            unread = left
        return steps

    async def _turn(self, reader: Reader) -> tuple[int, bool]:
        """A turn of each organization; how many steps they took, and whether some have more."""
        steps, left, org = 0, False, -1
        while not self._stopped.is_set():
            look = partial(reader.behind, after_org=org, limit=ORGANIZATIONS_AT_ONCE)
            found = await self.paced(self._database.read_one(look))
            for sweep in found:
                taken, ended = await self._read(reader, sweep)
                steps, left = steps + taken, left or not ended
            if len(found) < ORGANIZATIONS_AT_ONCE:
                break
            org = found[-1].org
        return steps, left

    async def _read(self, reader: Reader, sweep: Sweep) -> tuple[int, bool]:
        """Some steps of one organization, and whether its reader has come to the end, or can read
        no further now.
        """
        steps, ended, what = 0, False, type(reader).__name__.lower()
        while not ended and steps < STEPS_A_TURN and not self._stopped.is_set():
            try:
                done = await self.apart(sweep.org, what, partial(self._step, reader, sweep))
            except Conflict:
                return steps, True
            if done is None:
                return steps, True
            sweep, ended = done
            steps += 1
        return steps, ended

    async def _step(self, reader: Reader, sweep: Sweep) -> Step:
        return await self.paced(reader.step(sweep))


class Contacts:
    """The reader that keeps contacts, the credits of their orders, and what stock is worth."""

    def __init__(self, database: Database, *, now: Callable[[], int], at_once: int = 1000) -> None:
        """`at_once` is how many events a transaction goes on by."""
        self._database, self._now, self._at_once = database, now, at_once

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """See Reader."""
        return contacts.behind(conn, after_org, limit)

    async def step(self, sweep: Sweep) -> Step:
        """See Reader."""
        take = partial(contacts.follow, sweep=sweep, limit=self._at_once, now=self._now())
        return await self._database.write_unsynced(take)


class Terms:
    """The reader that keeps the terms of orders.

    A slice is read, and its terms are made, before the transaction that writes them: orders wait
    for the writing alone. An order that is still announced is announced once more, now that the
    book has it.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        slices: Slices = Slices(),  # noqa: B008 - an immutable value
    ) -> None:
        self._database, self._writer, self._slices = database, writer, slices

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        """See Reader."""
        return search.behind(conn, after_org, limit)

    async def step(self, sweep: Sweep) -> Step:
        """See Reader."""
        read = partial(search.read, sweep=sweep, slices=self._slices)
        found = await self._database.read_long(read)
        for one in found.announced:
            again = NotifyOrder(one.org, one.source, one.text)
            await self._writer.submit(Envelope(again, actor=actor.step("announced")))
        await self._database.write_unsynced(partial(search.write, read_=found))
        return found.step
