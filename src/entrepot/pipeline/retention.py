"""Retention: old idempotency rows are removed, and old events move to the archive.

Retention runs beside the orders and takes a small share of the time: after each short transaction
it waits a multiple of that transaction's time. It sends no command and makes no decision:
docs/adr/0009 says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar

from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.reports import place_of
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import retention as store
from entrepot.store.keeping.archive import EventArchive
from entrepot.store.keeping.retention import EVENTS, KEYS, Sweep
from entrepot.telemetry import log, metrics

T = TypeVar("T")
Pause = Callable[[float], Awaitable[None]]

DAY_SECONDS = 86_400.0
# A walk over the keys begins ten times in their period: a row outlives its period by a tenth at
# most.
WALKS_A_PERIOD = 10
ORGANIZATIONS_AT_ONCE = 200
PAUSE_MAX_SECONDS = 30.0


class RetentionSettings(NamedTuple):
    """How long rows are kept, None for ever, and how gently they go. Durations in seconds."""

    keys_seconds: float | None = None
    events_seconds: float | None = None
    look_seconds: float = 60.0  # between looks whether a walk is due
    lease_seconds: float = 300.0  # how long a walk is held before another process goes on with it
    share: float = 0.05  # the part of the time that it may take
    keys_slice: int = 500  # rows a transaction
    orders_slice: int = 100
    events_slice: int = 500


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


class Retention:
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
        self._database = database
        self._now = now
        self._settings = settings
        self._archive = archive
        self._monotonic = monotonic
        self._pause = pause or self._until_stopped
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Look now and then whether a walk is due, until `stop`."""
        # A starting process has more urgent work.
        await self._until_stopped(self._settings.look_seconds)
        while not self._stopped.is_set():
            try:
                await self.round()
            except Unavailable as error:
                log.info("retention.put_off", why=str(error))
            except Exception as error:
                # Housekeeping must stop no order.
                log.error("retention.failed", error=type(error).__name__, at=place_of(error))
            await self._until_stopped(self._settings.look_seconds)

    def stop(self) -> None:
        """End after the transaction that is under way."""
        self._stopped.set()

    async def _until_stopped(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def round(self) -> dict[str, Swept]:
        """Walk over what is due in every organization, and tell what came of it, by kind."""
        periods = {KEYS: self._settings.keys_seconds, EVENTS: self._settings.events_seconds}
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
        if kind == EVENTS:
            # This walk goes on where the last one ended, so that it may come as often as it likes.
            between = min(between, DAY_SECONDS)
        total = Swept()
        org: int | None = -1
        while org is not None and not self._stopped.is_set():
            now = self._now()
            ended_before = now - int(between * MICROSECONDS)
            look = partial(
                store.due, kind=kind, after_org=org, now=now, ended_before=ended_before,
                limit=ORGANIZATIONS_AT_ONCE,
            )  # fmt: skip
            due, org = await self._paced(self._database.read(look))
            for sweep in due:
                if not self._stopped.is_set():
                    total = await self._walk(sweep, period, total)
        return total

    async def _walk(self, sweep: Sweep, period: float, total: Swept) -> Swept:
        before = self._now() - int(period * MICROSECONDS)
        try:
            claim = partial(store.claim, leased_until=self._lease(), before=before)
            held = await self._paced(self._database.write(partial(claim, sweep=sweep)))
            total = total._replace(organizations=total.organizations + 1)
            return await self._held_walk(held, before, total)
        except Conflict:
            # Another process walks here.
            return total

    async def _held_walk(self, held: Sweep, before: int, total: Swept) -> Swept:
        """Go slice by slice to the end; give the walk back where it cannot go on."""
        step = self._keys_step if held.kind == KEYS else self._events_step
        ended, kept_until = False, held.leased_until
        try:
            while not ended and not self._stopped.is_set():
                lease = self._lease()
                held = held._replace(leased_until=lease)
                done = await self._paced(step(held, before))
                held, ended = done.sweep, done.ended
                if done.written:
                    kept_until = lease
                elif lease - kept_until > self._settings.lease_seconds * MICROSECONDS / 2:
                    await self._paced(self._database.write(partial(store.keep, sweep=held)))
                    kept_until = lease
                metrics.retention_removed.labels(held.kind).inc(done.removed)
                total = total._replace(
                    looked_at=total.looked_at + done.looked_at,
                    removed=total.removed + done.removed,
                )
        except OSError as error:
            # The events are still in the book. The next look tries again.
            log.error("retention.not_archived", org=held.org, error=str(error))
        given_back = held._replace(leased_until=0, ended_at=self._now() if ended else 0)
        await self._paced(self._database.write(partial(store.keep, sweep=given_back)))
        return total

    async def _keys_step(self, sweep: Sweep, before: int) -> _Step:
        remove = partial(
            store.remove_keys, sweep=sweep, before=before, limit=self._settings.keys_slice
        )
        moved, looked_at, removed = await self._database.write(remove)
        return _Step(moved, looked_at, removed, not moved.reached, removed > 0)

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
        remove = partial(store.remove_events, sweep=moved, part=part, now=now)
        removed = await self._database.write(remove)
        return _Step(moved, part.looked_at, removed, part.ended, written=True)

    def _lease(self) -> int:
        return self._now() + int(self._settings.lease_seconds * MICROSECONDS)

    async def _paced(self, work: Awaitable[T]) -> T:
        """Do the work, then wait until it was no more than its share of the time."""
        started = self._monotonic()
        done = await work
        took = self._monotonic() - started
        await self._pause(min(took * (1 / self._settings.share - 1), PAUSE_MAX_SECONDS))
        return done
