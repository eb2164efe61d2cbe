"""Following the log of events: what is kept beside the orders, and not written with them.

Placing an order writes nothing of its contact. A reader in the background does, a moment later; one
process at a time reads an organization's log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from entrepot.pipeline.walking import ORGANIZATIONS_AT_ONCE, Gait, Pause, Walking
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import contacts as store
from entrepot.store.keeping.retention import Sweep


class FollowingSettings(NamedTuple):
    """How the log is followed."""

    gait: Gait = Gait(look_seconds=0.5, share=0.1)
    slice: int = 200  # events a transaction


class Following(Walking):
    """The reader of one process."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        settings: FollowingSettings = FollowingSettings(),  # noqa: B008 - an immutable value
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        super().__init__(
            database, "following", now=now, gait=settings.gait, monotonic=monotonic, pause=pause
        )
        self._slice = settings.slice

    async def round(self) -> int:
        """Read every organization's log to its end; how many transactions that took."""
        steps, org = 0, -1
        while not self._stopped.is_set():
            look = partial(store.behind, after_org=org, limit=ORGANIZATIONS_AT_ONCE)
            found = await self.paced(self._database.read(look))
            for sweep in found:
                steps += await self._follow(sweep)
            if len(found) < ORGANIZATIONS_AT_ONCE:
                break
            org = found[-1].org
        return steps

    async def _follow(self, sweep: Sweep) -> int:
        steps, ended = 0, False
        while not ended and not self._stopped.is_set():
            take = partial(store.follow, sweep=sweep, limit=self._slice, now=self._now())
            try:
                sweep, ended = await self.paced(self._database.write(take))
            except Conflict:
                # Another process follows this log.
                break
            steps += 1
        return steps
