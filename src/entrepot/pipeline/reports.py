"""What the pipeline tells the operator: counts of jobs, durations of calls, and why jobs wait.

No personal data and no secret: an exception is named by its type and place, never by its text.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

from entrepot.core.commands import DeferJob
from entrepot.core.ids import dashed
from entrepot.pipeline.steps import MICROSECONDS, Held
from entrepot.store import queue
from entrepot.store.engine import Database
from entrepot.telemetry import is_debugging, log, metrics

PROVIDERS_TOLD_MAX = 1000
_SHARE = 20  # counting takes at most this part of the time


def place_of(error: BaseException) -> str:
    """Where an exception was raised, as `module:line`."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).stem}:{frames[-1].lineno}" if frames else "?"


class Reports:
    """The pipeline's voice in one process."""

    def __init__(self) -> None:
        self._told_sandbox: set[str] = set()
        self._told_jobs: set[tuple[str, str]] = set()
        self._seconds: dict[tuple[str, str], Any] = {}

    async def keep_counting(
        self, database: Database, now: Callable[[], int], seconds: float
    ) -> None:
        """Show the number of jobs and the age of the oldest, until cancelled."""
        while True:
            started = time.monotonic()
            try:
                self.show(await database.read(queue.counts), now())
            except Exception as error:
                log.warning("pipeline.not_counted", error=type(error).__name__)
            await asyncio.sleep(max(seconds, _SHARE * (time.monotonic() - started)))

    def show(self, counts: list[tuple[str, str, int, int]], now: int) -> None:
        """Set the gauges; a kind of job that is gone shows as 0."""
        found = {(kind, state): number for kind, state, number, _ in counts}
        for kind, state in self._told_jobs | set(found):
            metrics.jobs.labels(kind, state).set(found.get((kind, state), 0))
        self._told_jobs |= set(found)
        oldest = min((run_at for _, state, _, run_at in counts if state == "due"), default=now)
        metrics.job_age.set(max(now - oldest, 0) / MICROSECONDS)

    @contextmanager
    def timed(self, service: str, operation: str) -> Iterator[None]:
        """Observe how long a payment service takes."""
        series = self._seconds.get((service, operation))
        if series is None:
            series = metrics.provider_seconds.labels(service, operation)
            self._seconds[service, operation] = series
        started = time.perf_counter()
        try:
            yield
        finally:
            series.observe(time.perf_counter() - started)

    def tell(self, what: str, held: Held, **more: Any) -> None:
        """Log what happened to a job that an operator may want to know of."""
        log.warning(what, **_identity(held), **more)

    def tell_quietly(self, what: str, held: Held) -> None:
        """Log what is in order, for whoever looks closely."""
        if is_debugging():
            log.debug(what, **_identity(held))

    def tell_put_off(self, held: Held, command: DeferJob) -> None:
        """Log that a job waits, or that it is parked."""
        if command.parked:
            log.warning("pipeline.parked", **_identity(held))
        elif command.counted:
            log.info("pipeline.put_off", **_identity(held), run_at=command.run_at)
        elif is_debugging():
            # Waiting for a notification is no fault, and is said every few seconds.
            log.debug("pipeline.put_off", **_identity(held), run_at=command.run_at)

    def tell_failure(self, held: Held, error: Exception, where: str) -> None:
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


def _identity(held: Held) -> dict[str, Any]:
    job = held.job
    return {
        "step": job.kind,
        "org": job.org,
        "job_id": dashed(job.id),
        "order_id": dashed(job.order_id) if job.order_id else None,
        "request_id": job.payload if job.kind != "fetch" else None,
        "tries": job.tries,
    }
