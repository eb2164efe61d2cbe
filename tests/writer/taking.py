"""Hooks of a process that holds new jobs and does nothing with them."""

from __future__ import annotations

from collections.abc import Callable

from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.facts import Facts
from entrepot.core.order import Job
from entrepot.core.seen import Seen

MINUTE = 60_000_000  # microseconds
SECRET = b"of the book"  # what payment keys derive from


class Taking:
    """Jobs are born leased to it for a minute; `handed` are those that it was handed."""

    def __init__(self, now: Callable[[], int], holder: int | None = None) -> None:
        self.now = now
        self.holder = holder
        self.handed: list[tuple[Job, Seen | None]] = []

    def leased_until(self) -> int:
        return self.now() + MINUTE

    def first_step(self, job: Job) -> ReserveStock:
        order_id = job.order_id or b""
        held_until = self.now() + 10**9
        return ReserveStock(
            job.org, order_id, job.id, job.fence, SECRET, frozenset(), held_until, "sandbox"
        )  # fmt: skip

    def born(self, jobs: list[Job], facts: Facts) -> None:
        for job in jobs:
            seen = facts.seen(job)
            # What a first step left an order with is what all rows of the batch say.
            facts.left.pop((job.org, job.order_id or b""), None)
            assert facts.seen(job) == seen
            self.handed.append((job, seen))
