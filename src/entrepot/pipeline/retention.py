"""Retention: old idempotency rows are removed, old events move to the archive, and the addresses
that old clicks came from are dropped.

Retention runs beside the orders (pipeline.walking). It sends no command and makes no decision:
docs/adr/0009 says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.walking import Gait, Pause, Walking
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import retention as store
from entrepot.store.keeping.archive import EventArchive
from entrepot.store.keeping.retention import ADDRESSES, EVENTS, KEYS, Sweep
from entrepot.telemetry import log, metrics

DAY_SECONDS = 86_400.0
# A walk over the keys begins ten times in their period: a row outlives its period by a tenth at
# most.
WALKS_A_PERIOD = 10


class RetentionSettings(NamedTuple):
    """How long rows are kept, None for ever, and how gently they go. Durations in seconds."""

    keys_seconds: float | None = None
    events_seconds: float | None = None
    addresses_seconds: float | None = None
    look_seconds: float = Gait().look_seconds
    lease_seconds: float = Gait().lease_seconds
    share: float = Gait().share
    keys_slice: int = 500  # rows a transaction
    orders_slice: int = 100
    events_slice: int = 500
    touches_slice: int = 500

    @property
    def gait(self) -> Gait:
        """How gently it walks."""
        return Gait(self.look_seconds, self.lease_seconds, self.share)


class Swept(NamedTuple):
    """The results of the walks of one kind in a round."""

    organizations: int = 0
    looked_at: int = 0
    removed: int = 0


class _Step(NamedTuple):
    """The position of a walk after a slice. `written`: the book has this position."""

    sweep: Sweep
    looked_at: int
    removed: int
    ended: bool
    written: bool


class Retention(Walking):
    """The walks of one process over the book. Each walk belongs to one process at a time.

    `archive` is needed if events are to move there. `pause` waits; the usual one ends with `stop`.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        settings: RetentionSettings,
        archive: EventArchive | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        if settings.events_seconds is not None and archive is None:
            raise ValueError("events leave the book only for an archive")
        super().__init__(
            database, "retention", now=now, gait=settings.gait, monotonic=monotonic, pause=pause
        )
        self._settings = settings
        self._archive = archive
        self._fault: str | None = None  # why the archive was not written last time

    async def round(self) -> dict[str, Swept]:
        """Walk over what is due in every organization, and tell what came of it, by kind."""
        periods = {
            KEYS: self._settings.keys_seconds,
            EVENTS: self._settings.events_seconds,
            ADDRESSES: self._settings.addresses_seconds,
        }
        came: dict[str, Swept] = {}
        for kind, period in periods.items():
            if period is None or self._stopped.is_set():
                continue
            started = self._monotonic()
            came[kind] = swept = await self._walks(kind, period)
            if swept.organizations:
                metrics.retention_swept_at.labels(kind).set(self._now() / MICROSECONDS)
                seconds = round(self._monotonic() - started, 3)
                log.info("retention.swept", kind=kind, seconds=seconds, **swept._asdict())
        return came

    async def _walks(self, kind: str, period: float) -> Swept:
        between = period / WALKS_A_PERIOD
        if kind != KEYS:
            # Such a walk goes on where the last one ended, so that it may come as often as it
            # likes.
            between = min(between, DAY_SECONDS)
        total = Swept()
        async for sweep in self.due(kind, between):
            total = await self._walk(sweep, period, total)
        return total

    async def _walk(self, sweep: Sweep, period: float, total: Swept) -> Swept:
        # A period may be longer than the time that is counted.
        before = max(self._now() - int(period * MICROSECONDS), 0)
        try:
            held = await self.claim(sweep, before)
            total = total._replace(organizations=total.organizations + 1)
            return await self._held_walk(held, before, total)
        except Conflict:
            # Another process walks here.
            return total

    async def _held_walk(self, held: Sweep, before: int, total: Swept) -> Swept:
        """Go slice by slice to the end; give the walk back where it cannot go on."""
        steps = {
            KEYS: self._keys_step, EVENTS: self._events_step, ADDRESSES: self._addresses_step,
        }  # fmt: skip
        step = steps[held.kind]
        ended, kept_until = False, held.leased_until
        try:
            while not ended and not self._stopped.is_set():
                lease = self.lease()
                held = held._replace(leased_until=lease)
                done = await self.paced(step(held, before))
                held, ended = done.sweep, done.ended
                if done.written:
                    kept_until = lease
                elif lease - kept_until > self._settings.lease_seconds * MICROSECONDS / 2:
                    await self.paced(self._database.write(partial(store.keep, sweep=held)))
                    kept_until = lease
                metrics.retention_removed.labels(held.kind).inc(done.removed)
                total = total._replace(
                    looked_at=total.looked_at + done.looked_at,
                    removed=total.removed + done.removed,
                )
        except OSError as error:
            # The events are still in the book. The next look tries again.
            self._tell_fault(error)
        given_back = held._replace(leased_until=0, ended_at=self._now() if ended else 0)
        await self.paced(self._database.write(partial(store.keep, sweep=given_back)))
        return total

    def _tell_fault(self, error: OSError) -> None:
        """Log that the archive is not written, once, and again where that is for another reason."""
        # The text names a file, which is another one each time.
        fault = error.strerror or str(error)
        if fault != self._fault:
            log.error("retention.not_archived", error=str(error))
        self._fault = fault

    def _tell_archived(self) -> None:
        """Log that the archive is written again, if that was not so."""
        if self._fault is not None:
            log.warning("retention.archives_again")
        self._fault = None

    async def _keys_step(self, sweep: Sweep, before: int) -> _Step:
        remove = partial(
            store.remove_keys, sweep=sweep, before=before, limit=self._settings.keys_slice
        )
        moved, looked_at, removed = await self._database.write(remove)
        return _Step(moved, looked_at, removed, not moved.reached, removed > 0)

    async def _addresses_step(self, sweep: Sweep, before: int) -> _Step:
        drop = partial(
            store.drop_addresses, sweep=sweep, before=before, limit=self._settings.touches_slice
        )
        moved, looked_at, dropped, ended = await self._database.write(drop)
        return _Step(moved, looked_at, dropped, ended, dropped > 0)

    async def _events_step(self, sweep: Sweep, before: int) -> _Step:
        """Read what may leave, bring it to the archive's disk, and only then remove it."""
        assert self._archive is not None
        read = partial(
            store.read_events, sweep=sweep, before=before,
            orders_max=self._settings.orders_slice, events_max=self._settings.events_slice,
        )  # fmt: skip
        # The writer's connection goes by index whatever the planner thinks of a table's size.
        part = await self._database.write(read)
        moved = sweep._replace(reached_at=part.reached_at, reached=part.reached)
        if not part.events:
            return _Step(moved, part.looked_at, 0, part.ended, written=False)
        now = self._now()
        # Its syncs wait for the disk: in a thread, so that no order waits with them.
        await asyncio.to_thread(self._archive.append, part.events, now)
        self._tell_archived()
        remove = partial(store.remove_events, sweep=moved, part=part, now=now)
        removed = await self._database.write(remove)
        return _Step(moved, part.looked_at, removed, part.ended, written=True)
