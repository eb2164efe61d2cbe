"""Low stock is noticed beside the orders: the organization's log says which shelves moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from entrepot.core import actor
from entrepot.core.decide.watch_stock import WatchStock
from entrepot.core.results import WatchResult
from entrepot.pipeline.walking import ORGANIZATIONS_AT_ONCE, Gait, Pause, Walking
from entrepot.store.engine import Database
from entrepot.store.reading import stock_watch
from entrepot.store.reading.stock_watch import Watched
from entrepot.telemetry import log, metrics
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

# The log is looked at so often, and so many events of it at a time.
LOOK_SECONDS = 1.0
EVENTS_AT_ONCE = 200


class StockWatch(Walking):
    """The watch of one process over the stock of organizations that set how their stock is run.

    Several processes may watch: a look that another process has taken already changes nothing.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        *,
        now: Callable[[], int],
        at_once: int = EVENTS_AT_ONCE,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        gait = Gait(look_seconds=LOOK_SECONDS)
        super().__init__(
            database, "stock_watch", now=now, gait=gait, monotonic=monotonic, pause=pause
        )
        self._writer = writer
        self._at_once = at_once

    async def round(self) -> int:
        """Look at what the logs have told since the last look; how many shelves became low."""
        low, org = 0, -1
        while not self._stopped.is_set():
            look = partial(stock_watch.due, after_org=org, limit=ORGANIZATIONS_AT_ONCE)
            found = await self.paced(self._database.read_one(look))
            for watched in found:
                low += await self.apart(watched.org, "watch", partial(self._watch, watched)) or 0
            if len(found) < ORGANIZATIONS_AT_ONCE:
                break
            org = found[-1].org
        if low:
            metrics.stock_low.inc(low)
            log.info("stock_watch.low", shelves=low)
        return low

    async def _watch(self, watched: Watched) -> int:
        """Go along one organization's log to its end."""
        low, after = 0, watched.number
        while not self._stopped.is_set():
            read = partial(stock_watch.moved, org=watched.org, after=after, limit=self._at_once)
            moved = await self.paced(self._database.read(read))
            if moved.number == after:
                break
            command = WatchStock(watched.org, after, moved.number, moved.shelves)
            envelope = Envelope(command, actor=actor.step("watch"))
            result = (await self.paced(self._writer.submit(envelope))).result
            if not isinstance(result, WatchResult):
                # Another process watches here, or more comes in than can be written.
                break
            low, after = low + result.low, moved.number
        return low
