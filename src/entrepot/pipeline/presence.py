"""Heartbeats: this process tells that it lives, and notices that another one died.

Needed only if several processes work on one book. A dead process's jobs are free a few seconds
after its last beat, and not only when their leases end. A process that was only slow loses its jobs
by their fences: its later writes are refused. A provider that was asked twice knows the second call
by its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from entrepot.store.engine import Database, Unavailable
from entrepot.store.writing import processes
from entrepot.telemetry import log

BEAT_SECONDS = 1.0
LOOKS_MAX = 5  # a process that has not beaten for so many looks is dead


class Presence:
    """This process among those that work on a book. `process` is its number, made by chance."""

    def __init__(
        self,
        database: Database,
        process: int,
        now: Callable[[], int],
        freed: Callable[[], None],
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        """`freed` is called when jobs of a dead process have become free."""
        self._database = database
        self._process = process
        self._now = now
        self._freed = freed
        self._seconds = beat_seconds
        self._seen: dict[int, tuple[int, int]] = {}  # beats of the others, looks without a new one
        self._looks = 0
        self._unknown: set[int] = set()  # who held jobs at the first look, and did not beat

    async def keep(self) -> None:
        """Beat and look until cancelled. While the book is away nobody is declared dead."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                # The database tells of its outage itself.
                log.debug("pipeline.no_beat", why=str(error))
            except Exception as error:
                log.warning("pipeline.no_beat", error=type(error).__name__)
            await asyncio.sleep(self._seconds)

    async def look(self) -> None:
        """Send one beat, and look at the other processes once."""
        # A beat that a loss of power takes is sent once more: it waits for no disk.
        all_ = await self._database.write_unsynced(
            partial(processes.beat, process=self._process, now=self._now())
        )
        before, self._seen = self._seen, {}
        for process, beats in all_.items():
            if process == self._process:
                continue
            last, looks = before.get(process, (-1, 0))
            looks = looks + 1 if beats == last else 0
            self._seen[process] = (beats, looks)
            if looks >= LOOKS_MAX:
                await self._bury(process, beats)
        if self._looks == 0:
            self._unknown = await self._database.write(processes.unknown_holders)
        elif self._looks == LOOKS_MAX and self._unknown:
            for process in self._unknown & await self._database.write(processes.unknown_holders):
                freeing = partial(processes.end_leases_of, process=process)
                self._tell(process, await self._database.write(freeing))
        self._looks += 1

    async def _bury(self, process: int, beats: int) -> None:
        freed = await self._database.write(partial(processes.bury, process=process, beats=beats))
        if freed is not None:
            self._tell(process, freed)

    def _tell(self, process: int, freed: int) -> None:
        log.warning("pipeline.process_gone", process=process, jobs=freed)
        if freed:
            self._freed()

    async def leave(self) -> None:
        """Tell that this process ends. If that cannot be told, nothing is lost."""
        with suppress(Exception):
            await asyncio.wait_for(
                self._database.write(partial(processes.leave, process=self._process)), 5.0
            )
