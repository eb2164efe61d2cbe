"""The pipeline's reports to the operator: counts of jobs, durations of calls, and why jobs wait.

No personal data and no secret: an exception is named by its type and place, never by its text.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection

from entrepot.core.decide.steps import DeferJob
from entrepot.core.ids import dashed
from entrepot.core.order import Job
from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.steps import HeldJob, request_id
from entrepot.store.engine import Database, Unavailable
from entrepot.store.writing import queue
from entrepot.telemetry import is_debugging, log, metrics

PROVIDERS_TOLD_MAX = 1000
SOON_SECONDS = 1.0  # between two counts at least
WARN_TRIES = 3  # from this failure on a put-off is a warning
CAUSE_MAX = 500
_LATE = 10 * MICROSECONDS  # a hold that ended so long ago should have been given back
_SHARE = 20  # counting takes at most this part of the time


def place_of(error: BaseException) -> str:
    """The place where an exception was raised, as `module:line`."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).stem}:{frames[-1].lineno}" if frames else "?"


class Reports:
    """The pipeline's logs and metrics of one process."""

    def __init__(self) -> None:
        self._told_sandbox: set[str] = set()
        self._told_jobs: set[tuple[str, str]] = set()
        self._parked = asyncio.Event()
        self._claiming = True

    async def keep_counting(
        self, database: Database, now: Callable[[], int], seconds: float
    ) -> None:
        """Show the number of jobs and the age of the oldest job, until cancelled.

        Jobs that this process parks are shown sooner than after `seconds`.
        """

        def work(conn: Connection) -> None:
            self.show(queue.counts(conn), now())
            self.show_waiting(queue.oldest(conn), queue.overdue_holds(conn, now() - _LATE), now())

        while True:
            started = time.monotonic()
            self._parked.clear()
            try:
                await database.read_long(work)
            except Unavailable:
                pass  # the database tells of its outage itself
            except Exception as error:
                log.warning("pipeline.not_counted", error=type(error).__name__)
            share = _SHARE * (time.monotonic() - started)
            await asyncio.sleep(max(min(seconds, SOON_SECONDS), share))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._parked.wait(), max(seconds - SOON_SECONDS, 0.0))

    def show(self, counts: list[tuple[str, str, int, int]], now: int) -> None:
        """Set the gauges; a kind of job that is gone shows as 0."""
        found = {(kind, state): number for kind, state, number, _ in counts}
        for kind, state in self._told_jobs | set(found):
            metrics.jobs.labels(kind, state).set(found.get((kind, state), 0))
        self._told_jobs |= set(found)
        oldest = min((run_at for _, state, _, run_at in counts if state == "due"), default=now)
        metrics.job_age.set(max(now - oldest, 0) / MICROSECONDS)

    def show_waiting(self, made: int | None, overdue: int, now: int) -> None:
        """Set the gauges of what takes too long. `made`: when the oldest unfinished job was."""
        metrics.unfinished_age.set(0.0 if made is None else max(now - made, 0) / MICROSECONDS)
        metrics.holds_overdue.set(overdue)

    def tell(self, what: str, held: HeldJob, **more: Any) -> None:
        """Log what happened to a job that an operator may want to know of."""
        log.warning(what, **_identity(held), **more)

    def tell_quietly(self, what: str, held: HeldJob) -> None:
        """Log events that are in order, for a close look."""
        if is_debugging():
            log.debug(what, **_identity(held))

    def tell_put_off(self, held: HeldJob, command: DeferJob, job: Job) -> None:
        """Log that a job waits and why, or that it is parked. `job`: as it stands now."""
        told = _identity(held) | {"tries": job.tries, "cause": command.error[:CAUSE_MAX]}
        if job.state == "parked":
            log.warning("pipeline.parked", **told)
            self._parked.set()
        elif command.counted:
            # One or two failures are usual; a third one is worth a look.
            say = log.info if job.tries < WARN_TRIES else log.warning
            say("pipeline.put_off", **told, run_at=job.run_at)
        elif is_debugging():
            # Waiting for a notification is no fault, and would be logged every few seconds.
            log.debug("pipeline.put_off", **told, run_at=job.run_at)

    def tell_no_claim(self, error: Exception) -> None:
        """Log, once until it works again, that no jobs can be taken from the table."""
        if self._claiming:
            why = str(error) if isinstance(error, Unavailable) else type(error).__name__
            log.error("pipeline.claim_failed", error=why, at=place_of(error))
        self._claiming = False

    def tell_claim(self) -> None:
        """Log that jobs can be taken from the table again, if that was not so."""
        if not self._claiming:
            log.warning("pipeline.claims_again")
        self._claiming = True

    def tell_astray(self, number: int) -> None:
        """Log that jobs were put off or leased too far, by a clock that stood ahead."""
        log.warning("pipeline.clock_was_ahead", jobs=number)

    def tell_failure(self, held: HeldJob, error: Exception, where: str) -> None:
        """Log an exception that no step expected."""
        log.error("pipeline.step_failed", **_identity(held), error=type(error).__name__, at=where)

    def tell_sandbox(self, provider: str) -> None:
        """Log, once a name, that the sandbox answers for a provider without credentials."""
        name = provider.lower()
        if name == "sandbox" or name in self._told_sandbox:
            return
        if len(self._told_sandbox) < PROVIDERS_TOLD_MAX:
            self._told_sandbox.add(name)
            log.warning("pipeline.sandbox_answers", provider=name[:64])


def _identity(held: HeldJob) -> dict[str, Any]:
    job = held.job
    return {
        "step": job.kind,
        "org": job.org,
        "job_id": dashed(job.id),
        "order_id": dashed(job.order_id) if job.order_id else None,
        "request_id": request_id(held),
        "tries": job.tries,
    }
