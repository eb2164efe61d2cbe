"""Group commit: commands that arrive while a transaction runs share the next transaction.

If the database can write side by side, the pipeline's commands and new orders have batches of their
own and do not wait for each other (docs/adr/0013). One large array is written while the next one is
decided (docs/adr/0016).

This module knows when to run a batch, and what to do when a batch fails. The module writer.batch
knows what a batch does. The core decides.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy import Connection

from entrepot import failpoints
from entrepot.core.decide import size, weight
from entrepot.core.facts import Facts
from entrepot.core.refusal import Reason, Refusal
from entrepot.pace import breathe, in_slices
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.sql import Conflict
from entrepot.telemetry import is_debugging, log, metrics, observing
from entrepot.writer.batch import Batched, committed, run_batch
from entrepot.writer.dating import all_dated
from entrepot.writer.envelope import Envelope, Outcome
from entrepot.writer.hooks import Hooks, NoHooks
from entrepot.writer.news import News
from entrepot.writer.queues import ARRAYS, EVERYTHING, OTHERS, OURS, Limits, Part, Queues, Waiting
from entrepot.writer.rehearsal import Rehearsal, rehearse
from entrepot.writer.shared_payments import SharedPayments

TURNS_MAX = 8
TRIES_MAX = 4
BACKOFF_SECONDS = 0.005
# Batches that lock what they read after one that met a rival. Locks cost round trips, running a
# batch again costs more.
LOCKED_BATCHES = 32
# With this many write connections a second series of batches runs for arrays: three connections
# for the series, one for claiming jobs and removing old rows.
_FOR_ARRAYS = 4
# From this many orders and lines on, others run while a batch is decided and written.
AT_ONCE_MAX = 1_000
OVERLOADED = Refusal(Reason.OVERLOADED, retry_after=1.0)
_waited, _took = observing(metrics.queue_seconds), observing(metrics.commit_seconds)
_had_size = observing(metrics.batch_size)


class _Series:
    """Batches one after the other, of the commands in one part of the queues.

    A series that runs beside its `lead`, from the same queue, rests while the lead locks rows
    because it met a rival.
    """

    __slots__ = ("batch", "drainer", "lead", "locked", "part")

    def __init__(self, part: Part, lead: _Series | None = None) -> None:
        self.part = part
        self.lead = lead or self
        self.drainer: asyncio.Task[None] | None = None
        self.batch: list[Waiting] = []  # what is being carried out
        self.locked = 0  # how many batches still are to lock what they read; the lead's counts

    @property
    def rests(self) -> bool:
        return self.lead is not self and self.lead.locked > 0


def _series(transactions: int) -> list[_Series]:
    """The series of batches for a database that takes this many transactions at the same time."""
    if transactions == 1:
        return [_Series(EVERYTHING)]
    others = _Series(OTHERS)
    beside = [_Series(ARRAYS, others)] if transactions >= _FOR_ARRAYS else []
    return [_Series(OURS), others, *beside]


class Writer:
    """The single door for writes of this process."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], int],
        new_id: Callable[[], bytes],
        limits: Limits = Limits(),  # noqa: B008 - an immutable value
        monotonic: Callable[[], float] = time.monotonic,
        hooks: Hooks | None = None,
    ) -> None:
        """`hooks`: the pipeline of this process; None where others do what is to be done."""
        self._database = database
        self.now = now  # microseconds UTC
        self.new_id = new_id  # ids of 16 bytes, rising with the time
        self._monotonic = monotonic
        self._queues = Queues(limits)
        self._series = _series(database.side_by_side)
        self._shared_payments = SharedPayments()
        self._hooks: Hooks = hooks or NoHooks()
        self.news = News()

    async def submit(self, envelope: Envelope) -> Outcome:
        """Carry a command out, durably, before this returns; or say why not."""
        return await self.begin(envelope)

    def begin(self, envelope: Envelope) -> asyncio.Future[Outcome]:
        """Have a command carried out. The outcome comes once it is durable, or says why not."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        now, queues = self._monotonic(), self._queues
        orders = weight(envelope.command)
        queue = queues.queue_of(envelope.command, orders)
        if queues.full(queue, now):
            metrics.shed.labels("queue").inc()
            future.set_result(_refused(envelope, OVERLOADED))
            return future
        queue.add(Waiting(envelope, future, now, orders))
        for series in self._series:
            if series.drainer is None and self._called(series):
                series.drainer = asyncio.create_task(self._drain(series), name="writer")
                break
        return future

    async def submit_all(self, envelopes: Sequence[Envelope]) -> list[Outcome]:
        """Carry several independent commands out; outcomes in the same order."""
        return list(await asyncio.gather(*map(self.begin, envelopes)))

    async def rehearse(self, envelope: Envelope) -> Rehearsal:
        """Decide a command against the book as it is, and keep nothing. Raises Unavailable."""
        facts = Facts(self.now(), self.new_id)
        return await self._database.read(lambda conn: rehearse(conn, envelope, facts))

    def crowded(self, inside: int, *, bulk: bool = False) -> bool:
        """Whether a new write would be refused, while this many requests are under way.

        The answer costs next to nothing: it can be asked before anything of the request is read.
        """
        queues = self._queues
        return queues.shut(queues.bulk if bulk else queues.singles, inside, self._monotonic())

    async def drain(self) -> None:
        """Wait until nothing is queued or running."""
        while running := [one.drainer for one in self._series if one.drainer is not None]:
            await asyncio.wait(running)

    async def settled(self, org: int, key: str) -> None:
        """Wait until no request of the organization under this key is queued or running here."""
        running = [one for series in self._series for one in series.batch]
        under_key = [
            one.future
            for one in (*self._queues.entries(), *running)
            if one.envelope.idempotency is not None
            and (one.envelope.command.org, one.envelope.idempotency.key) == (org, key)
        ]
        if under_key:
            await asyncio.wait(under_key)

    def _called(self, series: _Series) -> bool:
        return self._queues.waiting(series.part) > 0 and not series.rests

    async def _drain(self, series: _Series) -> None:
        try:
            while self._called(series):
                await self._joined(series)
                now = self._monotonic()
                self._give_up(self._queues.expired(now))
                batch = self._queues.take(now, series.part)
                if not batch:
                    continue
                _waited(now - min([one.since for one in batch]))
                series.batch = batch
                outcomes = await self._outcomes(batch, series)
                for waiting, outcome in zip(batch, outcomes, strict=True):
                    if not waiting.future.done():
                        waiting.future.set_result(outcome)
        finally:
            series.drainer, series.batch = None, []

    async def _joined(self, series: _Series) -> None:
        """Let requests join that are being read: wait one turn of the loop, and more while requests
        come.

        One extra transaction costs more than a few turns of the event loop.
        """
        before = 0
        for _ in range(TURNS_MAX):
            waiting = self._queues.waiting(series.part)
            if waiting == before:
                return
            before = waiting
            await asyncio.sleep(0)

    async def _outcomes(self, batch: list[Waiting], series: _Series) -> list[Outcome]:
        """Give every envelope its outcome, also after an error: no request waits for ever."""
        started = time.perf_counter()
        envelopes = [waiting.envelope for waiting in batch]
        try:
            outcomes = await self._run(envelopes, series)
        except Exception as error:
            with suppress(Exception):
                log.error("writer.broke", size=len(envelopes), error=type(error).__name__)
            # It is not known whether the batch was written. The same request again, under its key,
            # finds out.
            outcomes = _all_refused(envelopes, Refusal(Reason.INTERNAL))
        _took(time.perf_counter() - started)
        _had_size(len(batch))
        return outcomes

    def _give_up(self, late: list[Waiting]) -> None:
        """Refuse what has waited too long, without carrying it out."""
        for waiting in late:
            metrics.shed.labels("age").inc()
            if not waiting.future.done():
                waiting.future.set_result(_refused(waiting.envelope, OVERLOADED))

    async def _run(self, envelopes: list[Envelope], series: _Series) -> list[Outcome]:
        """Run a batch; on a conflict again, then halved: one bad command fails only itself."""
        for attempt in range(TRIES_MAX):
            try:
                return await self._commit(envelopes, series)
            except Conflict as conflict:
                metrics.conflicts.inc()
                series.lead.locked = LOCKED_BATCHES
                log.info("writer.conflict", size=len(envelopes), attempt=attempt, why=str(conflict))
                await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - jitter
                # A sender's knowledge was out of date: the book is read from now on.
                envelopes = [one._replace(seen=None) for one in envelopes]
                if attempt and len(envelopes) > 1:
                    break
            except Unavailable as error:
                log.debug("writer.unavailable", size=len(envelopes), why=str(error))
                return _all_refused(envelopes, Refusal(Reason.UNAVAILABLE, retry_after=1.0))
            except Exception:
                if len(envelopes) > 1:
                    break
                log.exception("writer.failed", request_id=envelopes[0].request_id)
                return _all_refused(envelopes, Refusal(Reason.INTERNAL))
        if len(envelopes) == 1:
            return _all_refused(envelopes, Refusal(Reason.UNAVAILABLE, retry_after=1.0))
        half = len(envelopes) // 2
        first, second = envelopes[:half], envelopes[half:]
        return [*await self._run(first, series), *await self._run(second, series)]

    async def _commit(self, envelopes: list[Envelope], series: _Series) -> list[Outcome]:
        facts = Facts(
            self.now(), self.new_id, leased_until=self._hooks.leased_until(),
            holder=self._hooks.holder, breathe=breathe,
        )  # fmt: skip
        much = sum([size(one.command) for one in envelopes]) > AT_ONCE_MAX

        def work(conn: Connection) -> Batched:
            first_step = self._hooks.first_step if facts.leased_until else None
            batched = run_batch(conn, envelopes, facts, first_step)
            if failpoints.ARMED:
                failpoints.reached_by("commit", [one.command for one in envelopes])
            return batched

        if series.lead.locked and self._database.side_by_side > 1:
            series.lead.locked -= 1
            outcomes, leased = await self._database.write(work)
        elif much:
            outcomes, leased = await self._database.write_long(work)
        else:
            outcomes, leased = await self._database.write_guarded(work)
        if failpoints.ARMED:
            failpoints.reached_by("committed", [one.command for one in envelopes])
        try:
            if facts.redated or facts.numbered:
                outcomes = await in_slices(all_dated, envelopes, outcomes, facts)
            if leased:
                self._hooks.born(leased, facts)
            self.news.tell(facts.events)
            metrics.count(committed(facts))
            self._shared_payments.tell(facts.sharing)
            if is_debugging():
                log.debug("writer.committed", request_ids=[one.request_id for one in envelopes])
        except Exception as error:
            # The batch is written: no later failure may have the batch run again.
            with suppress(Exception):
                log.error("writer.not_told", size=len(envelopes), error=type(error).__name__)
        return outcomes


def _refused(envelope: Envelope, refusal: Refusal) -> Outcome:
    return Outcome(refusal, envelope.answer(refusal) if envelope.answer else None)


def _all_refused(envelopes: list[Envelope], refusal: Refusal) -> list[Outcome]:
    return [_refused(envelope, refusal) for envelope in envelopes]
