"""Taking jobs from the table: what is due, whose hold of stock ends, what a wrong clock put off."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import Any

from entrepot.pipeline.reports import Reports
from entrepot.pipeline.steps import HeldJob
from entrepot.pipeline.steps.table import in_hand
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.sql import Conflict
from entrepot.store.writing import queue
from entrepot.store.writing.queue import Claimed, Lease

LAPSING_SECONDS = 1.0
ASTRAY_SECONDS = 5.0
_SHARE = 20  # looking for what is astray takes at most this part of the time


class Claims:
    """The table, as one process takes jobs from it."""

    def __init__(self, database: Database, idle_seconds: float, reports: Reports) -> None:
        self._database = database
        self._lapsing_seconds = min(LAPSING_SECONDS, idle_seconds)
        self._reports = reports
        self._lapsing_at = self._astray_at = 0.0  # when to look next, by a clock that never jumps

    async def take(self, lease: Lease, hold: int, limit: int) -> list[HeldJob] | None:
        """Up to `limit` jobs, held from now on under this lease; None where the book is away.

        `hold` is how long stock is held at most, in microseconds. Raises Conflict where another
        process was faster.
        """
        due = partial(
            queue.claim, now=lease.now, leased_until=lease.until, limit=limit,
            holder=lease.holder,
        )  # fmt: skip
        try:
            found = await self._database.write(due)
        except Conflict:
            raise
        except Exception as error:
            # The worker goes on in spite of any fault of the book.
            self._reports.tell_no_claim(error)
            return None
        self._reports.tell_claim()
        # Jobs that were claimed already must not be lost when a second look fails.
        with suppress(Conflict, Unavailable):
            await self._beside(lease, hold, limit, found)
        return [in_hand(job, stage, funds, None, until) for job, stage, funds, until in found]

    async def take_again(self, lease: Lease, keys: set[tuple[Any, ...]]) -> list[HeldJob] | None:
        """Those of these jobs that are due now or later and that nobody holds, held from now on
        under this lease; None where the book is away.
        """
        try:
            found = await self._database.write(partial(queue.claim_again, keys=keys, lease=lease))
        except (Conflict, Unavailable):
            return None
        return [in_hand(job, stage, payment, None, until) for job, stage, payment, until in found]

    async def _beside(self, lease: Lease, hold: int, limit: int, found: list[Claimed]) -> None:
        """Add what other looks than the usual one find; they are rarer."""
        started = time.monotonic()
        if started >= self._lapsing_at and len(found) < limit:
            self._lapsing_at = started + self._lapsing_seconds
            room = limit - len(found)
            lapsing = partial(queue.claim_lapsing, lease=lease, hold=hold, limit=room)
            found += await self._database.write(lapsing)
        if started >= self._astray_at and len(found) < limit:
            room = limit - len(found)
            astray = await self._database.write(
                partial(queue.claim_astray, lease=lease, limit=room)
            )
            seconds = max(ASTRAY_SECONDS, _SHARE * (time.monotonic() - started))
            self._astray_at = time.monotonic() + seconds
            if astray:
                self._reports.tell_astray(len(astray))
                found += astray
