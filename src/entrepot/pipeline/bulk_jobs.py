"""Bulk jobs are worked on beside the orders, slice by slice: each item by a command of its own.

The key of an item is made of its job and its place. A process that ends in the middle of a slice
leaves the slice to another one, which gets the answers of the items that are done already.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

import msgspec

from entrepot.core.bulk_jobs import SLICE, BulkJob, BulkSlice, Fault
from entrepot.core.commands import Command
from entrepot.core.decide.bulk import ClaimBulkJob, FinishSlice
from entrepot.core.ids import dashed
from entrepot.core.refusal import NEVER_STORED, Refusal, Refused
from entrepot.core.results import BulkJobResult, Result
from entrepot.pipeline.walking import Gait, Pause, Walking
from entrepot.store.engine import Database
from entrepot.store.reading import bulk_jobs
from entrepot.telemetry import log
from entrepot.writer.envelope import Answer, Envelope, Idempotency
from entrepot.writer.idempotency import fingerprint
from entrepot.writer.writer import Writer

LOOK_SECONDS = 0.5
LEASE_SECONDS = 60.0
JOBS_AT_ONCE = 20
# The part of the time that bulk jobs may take, in an idle process and in a busy one.
SHARE, LEAST = 0.5, 0.1
_DONE, _REFUSED = 200, 400
_OPERATION = "pipeline.bulkItem"
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])

# The command that an item of a job means. Raises Refused.
ReadItem = Callable[[BulkJob, bytes], Command]


class BulkJobs(Walking):
    """The work of one process on bulk jobs."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        read_item: ReadItem,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        gait = Gait(LOOK_SECONDS, LEASE_SECONDS, SHARE, LEAST)
        super().__init__(
            database, "bulk_jobs", now=now, gait=gait, monotonic=monotonic, pause=pause
        )
        self._writer = writer
        self._read_item = read_item

    async def round(self) -> int:
        """Work on the jobs that are due, the oldest first; how many slices were finished."""
        look = partial(bulk_jobs.due, now=self._now(), limit=JOBS_AT_ONCE)
        slices = 0
        for job in await self._database.read_one(look):
            if not self._stopped.is_set():
                slices += await self._work_on(job)
        return slices

    async def _work_on(self, job: BulkJob) -> int:
        """Claim a job, and work on it to its end, or until another process has it."""
        claim = ClaimBulkJob(job.org, job.id, job.version, self.lease())
        held, slices = await self._written(claim, job), 0
        while held is not None and held.leased_until:
            read = partial(bulk_jobs.next_slice, org=held.org, job_id=held.id)
            found = await self._database.read(read)
            if found is None:
                break
            faults = await self.paced(self._done(held, found))
            if faults is None:
                break
            lease = 0 if self._stopped.is_set() else self.lease()
            done = min(SLICE, held.total - held.processed)
            finish = FinishSlice(
                held.org, held.id, held.version, found.number, done, faults, lease
            )  # fmt: skip
            held = await self._written(finish, held)
            slices += held is not None
        if held is not None and not held.leased_until and held.processed == held.total:
            log.info("bulk_jobs.over", org=held.org, items=held.total, failed=held.failed)
        return slices

    async def _done(self, job: BulkJob, found: BulkSlice) -> tuple[Fault, ...] | None:
        """Carry the items of a slice out together; the faults, or None where the book has no time
        for one of them now.
        """
        items = _ITEMS.decode(found.items)
        first = found.number * SLICE
        outcomes = await asyncio.gather(
            *[self._item(job, first + at, bytes(item)) for at, item in enumerate(items)]
        )
        if None in outcomes:
            return None
        return tuple(Fault(at, why) for at, why in enumerate(outcomes) if why)

    async def _item(self, job: BulkJob, number: int, item: bytes) -> str | None:
        """What is wrong with an item: nothing where it is done, None where it is put off."""
        try:
            command = self._read_item(job, item)
        except Refused as refused:
            return refused.refusal.sentence
        key = Idempotency(
            f"bulk:{dashed(job.id)}:{number}", _OPERATION, ("item",), fingerprint((item,))
        )
        envelope = Envelope(command, idempotency=key, answer=_answer, actor=job.actor)
        outcome = await self._writer.submit(envelope)
        if isinstance(outcome.result, Refusal) and outcome.result.reason in NEVER_STORED:
            return None
        assert outcome.answer is not None
        return "" if outcome.answer.status == _DONE else outcome.answer.body.decode()

    async def _written(self, command: ClaimBulkJob | FinishSlice, job: BulkJob) -> BulkJob | None:
        """The job as it is then; None where another process has it."""
        result = (await self._writer.submit(Envelope(command, actor=job.actor))).result
        return result.job if isinstance(result, BulkJobResult) else None


def _answer(result: Result | Refusal) -> Answer:
    """What is kept under the key of an item: that it is done, or why it is not."""
    if isinstance(result, Refusal):
        return Answer(_REFUSED, result.sentence.encode())
    return Answer(_DONE, b"")
