"""Holds of money that are about to lapse: each is told once, and the core decides what follows."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from entrepot.core import actor
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.lapsing import ALARM_AFTER
from entrepot.core.results import LapseResult
from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.walking import Gait, Pause, Walking
from entrepot.providers.payment import PaymentProvider
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import holds
from entrepot.store.keeping import retention as store
from entrepot.store.keeping.holds import HeldMoney
from entrepot.store.keeping.retention import HOLDS, Sweep
from entrepot.telemetry import log, metrics
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

# The shortest hold of a service is a week, so that an hour more or less is nothing.
WALK_EACH_SECONDS = 3_600.0

# The service of this name, as this organization asks it; None where nobody can ask.
Service = Callable[[int, str], Awaitable[PaymentProvider | None]]


class LapsingSettings(NamedTuple):
    """How the holds are walked over."""

    gait: Gait = Gait()
    slice: int = 500  # authorisations a transaction


class Lapsing(Walking):
    """The walk of one process over the money that is held."""

    def __init__(  # noqa: PLR0913 - everything that the walk works with
        self,
        database: Database,
        writer: Writer,
        service: Service,
        *,
        now: Callable[[], int],
        settings: LapsingSettings = LapsingSettings(),  # noqa: B008 - an immutable value
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        super().__init__(
            database, "lapsing", now=now, gait=settings.gait, monotonic=monotonic, pause=pause
        )
        self._writer = writer
        self._service = service
        self._slice = settings.slice

    async def round(self) -> int:
        """Walk over what is due in every organization; how many holds were told."""
        told = 0
        async for sweep in self.due(HOLDS, WALK_EACH_SECONDS):
            try:
                told += await self._walk(await self.claim(sweep))
            except Conflict:
                # Another process walks here.
                continue
        if told:
            log.warning("lapsing.told", holds=told)
        return told

    async def _walk(self, held: Sweep) -> int:
        """Go slice by slice to the end. Each is written down: a walk goes on there."""
        told, ended = 0, False
        while not ended and not self._stopped.is_set():
            read = partial(holds.read, sweep=held, limit=self._slice)
            found, reached, ended = await self.paced(self._database.read(read))
            for money in found:
                told += await self._see_to(held.org, money)
            held = held._replace(reached=reached, leased_until=0 if ended else self.lease())
            if ended:
                held = held._replace(ended_at=self._now())
            await self.paced(self._database.write(partial(store.keep, sweep=held)))
        if not ended:
            given_back = held._replace(leased_until=0)
            await self.paced(self._database.write(partial(store.keep, sweep=given_back)))
        return told

    async def _see_to(self, org: int, money: HeldMoney) -> bool:
        """Tell the order if its hold is about to lapse; whether it was told."""
        provider = await self._service(org, money.service)
        if provider is None or provider.terms.hold_seconds is None:
            return False
        length = provider.terms.hold_seconds * MICROSECONDS
        if self._now() - money.since <= length * ALARM_AFTER:
            return False
        ends_at, several = money.since + int(length), provider.terms.several_captures
        command = HoldLapses(org, money.order_id, money.payment, ends_at, several)
        envelope = Envelope(command, actor=actor.step("lapse"))
        outcome = await self.paced(self._writer.submit(envelope))
        if not (isinstance(outcome.result, LapseResult) and outcome.result.told):
            # More comes in than can be written, or another hold of the order is being renewed. The
            # next walk tells it.
            return False
        metrics.holds_lapsing.inc()
        return True
