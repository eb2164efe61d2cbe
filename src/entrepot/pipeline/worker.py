"""The worker: takes jobs under a lease, runs their steps, brings what came of them to the writer.

What a step does is in pipeline.steps, what follows from it is decided by the core. Every write
carries the job's fence, so that a worker that lost its lease can change nothing.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import httpx

from entrepot.core.commands import Command, DeferJob, ReserveStock
from entrepot.core.decide.reserve import SANDBOX
from entrepot.core.facts import Facts
from entrepot.core.order import Job
from entrepot.core.refusal import Refusal
from entrepot.core.results import Result, StepResult
from entrepot.pipeline.claims import Claims
from entrepot.pipeline.conclusions import Conclusions
from entrepot.pipeline.counted import Counted
from entrepot.pipeline.lanes import Lane
from entrepot.pipeline.order_source import make_client
from entrepot.pipeline.presence import Presence
from entrepot.pipeline.reports import Reports, place_of
from entrepot.pipeline.retry import POLICIES, Policy
from entrepot.pipeline.steps import (
    MICROSECONDS,
    Held,
    Terms,
    park,
    put_off,
    unless_lapsed,
    wait_until,
)
from entrepot.pipeline.steps.authorise import authorise
from entrepot.pipeline.steps.fetch import FetchReader, fetch
from entrepot.pipeline.steps.reserve import reserve
from entrepot.pipeline.steps.void import void
from entrepot.providers.payment import PaymentProvider
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.writing.queue import Lease
from entrepot.telemetry import log
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

CHUNK = 256  # reserve jobs that go to the writer together
CHUNKS_MAX = 4
SEEN_MAX = 2_000  # jobs held together with their whole orders, for their memory
CLAIM_GAP_SECONDS = 0.01
_NUMBER_BITS = 62
_PAYING = {"authorise": authorise, "void": void}


class WorkerSettings(NamedTuple):
    """The worker's settings; durations in seconds."""

    lease_seconds: float = 60.0  # how long a job is held before another worker may take it
    hold_seconds: float = 86_400.0  # how long stock is held for a payment that is not known
    pending_seconds: float = 5.0  # how often a pending payment is asked for
    busy_seconds: float = 0.2  # between looks into the table while there is something in it
    idle_seconds: float = 1.0  # between looks into an empty one
    held_max: int = 10_000  # jobs in this process
    calls_max: int = 512  # calls under way to one payment service
    fetches_max: int = 16  # calls under way to order sources
    drain_seconds: float = 20.0  # how long a stopping worker finishes what it has begun
    gauges_seconds: float = 5.0  # between counts of the jobs


class Worker:
    """The pipeline of one process. `run` works until `stop`; both belong to one event loop.

    `providers` are payment services by lower-case name; `sandbox` answers for every other name.
    The worker does not own them, its database or its writer, and closes none.
    """

    def __init__(  # noqa: PLR0913 - everything that the worker works with
        self,
        database: Database,
        writer: Writer,
        *,
        providers: Mapping[str, PaymentProvider],
        sandbox: PaymentProvider,
        fetch_reader: FetchReader,
        secret: bytes,
        now: Callable[[], int],
        settings: WorkerSettings = WorkerSettings(),  # noqa: B008 - an immutable value
        policies: Mapping[str, Policy] = POLICIES,
        random01: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._writer = writer
        services = {**providers, SANDBOX: sandbox}
        self._services = {name: Counted(one, name) for name, one in services.items()}
        self._named = frozenset(self._services)
        self._fetch_reader = fetch_reader
        self._secret = secret
        self._settings = settings
        self._terms = Terms(
            now, random01, policies, settings.hold_seconds, settings.pending_seconds
        )
        self._reserving = Lane(CHUNK * CHUNKS_MAX)
        self._fetching = Lane(settings.fetches_max)
        self._paying: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reports = Reports()
        self._conclusions = Conclusions(writer, self._terms, self._reports, self._went)
        self._process = secrets.randbits(_NUMBER_BITS)
        self._claims = Claims(database, settings.idle_seconds, self._reports)
        self._presence: Presence | None = None
        if database.side_by_side > 1:
            self._presence = Presence(database, self._process, now, self.wake)
        self._client: httpx.AsyncClient | None = None
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._running = self._stopping = self._pumping = self._closed = False
        self._cut: list[Held] = []

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
        self._writer.lease, self._writer.on_jobs = self._lease, self._take_born
        self._writer.first_step, self._writer.holder = self._first_step, self._process
        try:
            while not self._stopping:
                self._wake.clear()
                seconds = await self._claim()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), seconds)
        finally:
            for task in tasks:
                task.cancel()
            await self._drain()
            if self._presence is not None:
                await self._presence.leave()
            self._ended.set()

    async def stop(self) -> None:
        """Take nothing new, finish what is begun within the bound, and let go of the rest."""
        self._stopping = True
        self._wake.set()
        if self._running:
            await self._ended.wait()

    def wake(self) -> None:
        """Look into the table now: there may be something in it that is due."""
        self._wake.set()

    async def _drain(self) -> None:
        self._stopping = True
        self._writer.lease, self._writer.first_step = lambda: 0, None
        until = time.monotonic() + self._settings.drain_seconds
        await self._let_go(self._waiting())
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
        await self._let_go([*self._waiting(), *self._cut])
        self._writer.on_jobs = lambda _jobs, _facts: None
        if self._client is not None:
            await self._client.aclose()

    def _lanes(self) -> list[Lane]:
        return [self._reserving, self._fetching, *self._paying.values()]

    def _waiting(self) -> list[Held]:
        return [held for lane in self._lanes() for held in lane.empty()]

    async def _let_go(self, helds: list[Held]) -> None:
        """Give leases back, so that another process takes the jobs at once."""
        now = self._terms.now()
        envelopes = [
            Envelope(wait_until(held, now, held.job.last_error or ""), actor=held.actor)
            for held in helds
        ]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._writer.submit_all(envelopes), 5.0)

    # ------------------------------------------------------------------ where jobs come from

    def _lease(self) -> int:
        """Until when jobs born now are held here; 0 where they have to wait in the table."""
        return self._lease_now().until if self._room() > 0 and not self._stopping else 0

    def _lease_now(self) -> Lease:
        now = self._terms.now()
        length = int(self._settings.lease_seconds * MICROSECONDS)
        return Lease(now, now + length, self._process)

    def _room(self) -> int:
        return self._settings.held_max - sum(lane.load for lane in self._lanes())

    def _take_born(self, jobs: list[Job], facts: Facts) -> None:
        """Take jobs over that the writer has just committed, held by this process."""
        whole = self._settings.held_max - self._room() < SEEN_MAX
        for job in jobs:
            seen = facts.seen(job)
            if seen is None:
                self._add(Held(job))
                continue
            if seen.attempt is not None and seen.attempt.service == SANDBOX:
                self._reports.tell_sandbox(seen.attempt.provider)
            stage = seen.order.facets.stage
            self._add(Held(job, stage, seen.attempt, seen if whole else None))

    def _first_step(self, job: Job) -> ReserveStock:
        return reserve(job, self._named, self._secret, self._terms)

    async def _claim(self) -> float:
        """Take what is due in the table; seconds until the next look."""
        settings, room = self._settings, self._room()
        if room <= 0:
            return settings.busy_seconds
        started, limit = time.monotonic(), min(CHUNK, room)
        try:
            hold = int(settings.hold_seconds * MICROSECONDS)
            found = await self._claims.take(self._lease_now(), hold, limit)
        except Conflict:
            return settings.busy_seconds * self._terms.random01()
        if found is None:
            return settings.idle_seconds
        for held in found:
            self._add(held)
        if len(found) == limit:
            await asyncio.sleep(0)
            return 0.0
        # However often somebody wakes us, looking takes a small part of the time.
        await asyncio.sleep(max(CLAIM_GAP_SECONDS, 5 * (time.monotonic() - started)))
        return settings.busy_seconds if found else settings.idle_seconds

    # ------------------------------------------------------------------ handing jobs to steps

    def _add(self, held: Held) -> None:
        self._lane(held).waiting.append(held)
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _lane(self, held: Held) -> Lane:
        if held.job.kind == "reserve":
            return self._reserving
        if held.job.kind == "fetch":
            return self._fetching
        service = held.attempt.service if held.attempt else ""
        if service not in self._paying:
            self._paying[service] = Lane(self._settings.calls_max)
        return self._paying[service]

    def _pump(self) -> None:
        """Begin as much as may be under way at once."""
        self._pumping = False
        if self._closed:
            return
        enough = self._terms.now() + int(self._settings.lease_seconds * MICROSECONDS / 2)
        while self._reserving.waiting and not self._stopping:
            chunk = self._reserving.begin(CHUNK, enough)
            if not chunk:
                break
            self._start(self._reserve(chunk))
        for lane in (self._fetching, *self._paying.values()):
            for held in lane.begin(lane.width, enough):
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
        if not self._pumping:
            self._pumping = True
            task.get_loop().call_soon(self._pump)

    async def _reserve(self, chunk: list[Held]) -> None:
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
                    refused.append(self._conclusions.conclude(held, command, outcome.result))
                else:
                    self._reports.tell_quietly("pipeline.went", held)
                    self._went(held, outcome.result)
            if refused:
                await asyncio.gather(*refused)
        except asyncio.CancelledError:
            self._cut.extend(chunk)
            raise
        finally:
            self._reserving.running -= len(chunk)

    async def _step(self, held: Held, lane: Lane) -> None:
        try:
            try:
                command = await self._perform(held)
            except Exception as error:
                # One bad order must not stop the others.
                command = self._failed(held, error)
            command = unless_lapsed(held, command, self._terms)
            await self._conclusions.conclude(held, command)
        except asyncio.CancelledError:
            self._cut.append(held)
            raise
        finally:
            lane.running -= 1

    async def _perform(self, held: Held) -> Command:
        job = held.job
        if job.kind == "fetch":
            if self._client is None:
                self._client = make_client()
            read = partial(accounts.organization, org=job.org)
            organization = await self._database.read(read)
            return await fetch(held, organization, self._client, self._fetch_reader, self._terms)
        step = _PAYING.get(job.kind)
        if step is None or held.attempt is None:
            return park(held, f"there is nothing to {job.kind}", self._terms)
        service = held.attempt.service
        provider = self._services.get(service)
        if provider is None:
            return park(held, f"{service} has no credentials here any more", self._terms)
        return await step(held, provider, self._terms)

    def _failed(self, held: Held, error: Exception) -> DeferJob:
        where = place_of(error)
        self._reports.tell_failure(held, error, where)
        return put_off(held, "unclassified", f"{type(error).__name__} at {where}", self._terms)

    # ------------------------------------------------------------------ what came of a step

    def _went(self, held: Held, result: Result) -> None:
        """The job's next step, if it has one, without a look into the table."""
        if not isinstance(result, StepResult) or result.job is None:
            return
        job, attempt = result.job, result.attempt
        if job.leased_until == 0:
            seconds = (job.run_at - self._terms.now()) / MICROSECONDS
            # Later ones are found by looking into the table now and then.
            if job.state == "due" and seconds <= self._settings.idle_seconds:
                asyncio.get_running_loop().call_later(max(seconds, 0.0), self._wake.set)
            return
        if attempt is not None and held.job.kind == "reserve" and attempt.service == SANDBOX:
            self._reports.tell_sandbox(attempt.provider)
        stage = result.order.facets.stage if result.order else held.stage
        self._add(Held(job, stage, attempt))
