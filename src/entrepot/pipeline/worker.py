"""The worker: runs the steps of the jobs that this process holds.

- pipeline.holding holds the jobs.
- pipeline.steps has the steps.
- pipeline.concluding brings the result of a step to the writer, and the core decides what follows.

Every write carries the job's fence, so a worker that lost its lease can change nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.steps import DeferJob
from entrepot.core.order import Job
from entrepot.core.refusal import Refusal
from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.concluding import Concluding
from entrepot.pipeline.counted import Counted
from entrepot.pipeline.holding import Holding
from entrepot.pipeline.lanes import Lane
from entrepot.pipeline.presence import Presence
from entrepot.pipeline.reports import place_of
from entrepot.pipeline.retry import POLICIES, Policy
from entrepot.pipeline.settings import late_seconds
from entrepot.pipeline.steps import (
    HeldJob,
    Terms,
    put_off,
    request_id,
    unless_lapsed,
    unread,
    wait_until,
)
from entrepot.pipeline.steps.outside import SANDBOX, Connect, Outside, Shops, SourceDialect
from entrepot.pipeline.steps.reserve import reserve
from entrepot.providers.payment import PaymentProvider
from entrepot.store.engine import Unavailable
from entrepot.telemetry import log
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

ACCOUNT_SECONDS = 1.0  # how old what is known of an account may be
CROWDED = "many orders wait for this payment service"
# A job that was put off, and that no process remembers, comes back after this time or up to twice
# as much.
CROWDED_SECONDS = 30.0


class Worker:
    """The pipeline of one process. `run` works until `stop`; both belong to one event loop.

    `holding` is what the process holds, and the hooks of `writer`. `providers` are payment services
    by lower-case name. The sandbox answers for every other name if it stands in, else only for
    payments that it began. `dialect` is that of order sources. The worker closes none of them.
    """

    def __init__(  # noqa: PLR0913 - everything that the worker works with
        self,
        holding: Holding,
        writer: Writer,
        *,
        providers: Mapping[str, Connect],
        sandbox: PaymentProvider,
        dialect: SourceDialect,
        secret: bytes,
        stands_in: bool = True,
        policies: Mapping[str, Policy] = POLICIES,
        shops: Shops | None = None,
    ) -> None:
        self._holding = holding
        self._writer = writer
        self._settings = holding.settings
        self._database = holding.database
        self._reports = holding.reports
        self._named = frozenset(providers)
        self._stand_in = SANDBOX if stands_in else None
        self._outside = Outside(
            providers, Counted(sandbox, SANDBOX), self._database, dialect,
            account_seconds=ACCOUNT_SECONDS, shops=shops,
        )  # fmt: skip
        self._secret = secret
        self._terms = Terms(
            holding.now, holding.random01, policies, self._settings.hold_seconds,
            self._settings.pending_seconds, late_seconds(self._settings),
        )  # fmt: skip
        self._concluding = Concluding(writer, holding, self._terms)
        self._presence: Presence | None = None
        if self._database.side_by_side > 1:
            self._presence = Presence(self._database, holding.holder, holding.now, holding.wake)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._running = self._stopping = self._closed = False
        self._cut: list[HeldJob] = []

    # ------------------------------------------------------------------ running and stopping

    async def run(self) -> None:
        """Work until `stop` is called and what was begun is finished."""
        self._running = True
        beside = [
            self._reports.keep_counting(
                self._database, self._terms.now, self._settings.gauges_seconds
            )
        ]
        if self._presence is not None:
            beside.append(self._presence.keep())
        tasks = [asyncio.create_task(one) for one in beside]
        self._holding.open(self._first_step, self._begin)
        try:
            while not self._stopping:
                await self._holding.claim_until_woken()
        finally:
            for task in tasks:
                task.cancel()
            await self._drain()
            if self._presence is not None:
                await self._presence.leave()
            self._ended.set()

    async def service(self, org: int, name: str) -> PaymentProvider | None:
        """The service, as this worker asks it for the organization; None where nobody can ask."""
        return await self._outside.service(org, name)

    async def stop(self) -> None:
        """Take nothing new, finish what is begun within the bound, and let go of the rest."""
        self._stopping = True
        self._holding.stop()
        if self._running:
            await self._ended.wait()

    async def _drain(self) -> None:
        until = time.monotonic() + self._settings.drain_seconds
        self._holding.stop()
        await self._let_go(self._holding.waiting())
        while self._tasks and (left := until - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        # A batch that ran while we stopped may have brought jobs still.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._writer.drain(), 1.0)
        await self._let_go([*self._holding.close(), *self._cut])
        await self._outside.close()

    async def _let_go(self, jobs: list[HeldJob]) -> None:
        """Give leases back, so that another process takes the jobs at once."""
        now = self._terms.now()
        envelopes = [
            Envelope(wait_until(held, now, held.job.last_error or ""), actor=held.actor)
            for held in jobs
        ]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._writer.submit_all(envelopes), 5.0)

    async def _put_back(self, jobs: list[HeldJob]) -> None:
        """Put jobs off that an account has too many of: the process has others to hold as well.
        They are taken again when the account's lane has room; by their time where nobody remembers
        them, as after the end of this process.
        """
        envelopes = []
        for held in jobs:
            seconds = CROWDED_SECONDS * (1 + self._terms.random01())
            again = self._terms.now() + int(seconds * MICROSECONDS)
            later = wait_until(held, again, CROWDED, CROWDED)
            command = unless_lapsed(held, later, self._terms)
            envelopes.append(Envelope(command, request_id(held), actor=held.actor))
        outcomes = await self._writer.submit_all(envelopes)
        self._holding.put_off(
            held for held, envelope, outcome in zip(jobs, envelopes, outcomes, strict=True)
            if isinstance(envelope.command, DeferJob) and not isinstance(outcome.result, Refusal)
        )  # fmt: skip

    # ------------------------------------------------------------------ steps

    def _first_step(self, job: Job) -> ReserveStock:
        return reserve(job, self._named, self._stand_in, self._secret, self._terms)

    def _begin(self) -> None:
        """Begin as much as may be under way at once."""
        if self._closed:
            return
        if crowded := self._holding.crowded():
            self._start(self._put_back(crowded))
        for lane, chunk in self._holding.chunks():
            self._start(self._reserve(chunk, lane))
        for lane, held in self._holding.turns():
            self._start(self._step(held, lane))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # Its lease runs out, and the job is taken again.
            log.error("pipeline.failed", error=type(error).__name__, at=place_of(error))
        self._holding.tell_soon()

    async def _reserve(self, chunk: list[HeldJob], lane: Lane) -> None:
        """Reserve for many orders at once; those with a payment go on to their provider."""
        try:
            commands = [self._first_step(held.job) for held in chunk]
            outcomes = await self._writer.submit_all(
                [
                    Envelope(command, held.job.payload, actor=held.actor)
                    for held, command in zip(chunk, commands, strict=True)
                ]
            )
            refused = []
            for held, command, outcome in zip(chunk, commands, outcomes, strict=True):
                if isinstance(outcome.result, Refusal):
                    refused.append(self._concluding.conclude(held, command, outcome.result))
                else:
                    self._concluding.went(held, outcome.result)
            if refused:
                await asyncio.gather(*refused)
        except asyncio.CancelledError:
            self._cut.extend(chunk)
            raise
        finally:
            lane.running -= len(chunk)

    async def _step(self, held: HeldJob, lane: Lane) -> None:
        try:
            try:
                assert held.step.perform is not None, "what the book decides goes there at once"
                command = await held.step.perform(held, self._outside, self._terms)
            except Unavailable:
                command = unread(held, self._terms)
            except Exception as error:
                # One bad order must not stop the others.
                command = self._failed(held, error)
            finally:
                lane.called()
            if lane.waiting:
                self._holding.tell_soon()
            command = unless_lapsed(held, command, self._terms)
            await self._concluding.conclude(held, command)
        except asyncio.CancelledError:
            self._cut.append(held)
            raise
        finally:
            lane.concluded()

    def _failed(self, held: HeldJob, error: Exception) -> DeferJob:
        where = place_of(error)
        self._reports.tell_failure(held, error, where)
        return put_off(held, "unclassified", f"{type(error).__name__} at {where}", self._terms)
