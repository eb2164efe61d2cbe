"""Hooks of the writer, for a process that runs the pipeline: they take the jobs that are born in
it.
"""

from __future__ import annotations

from typing import Protocol

from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.facts import Facts
from entrepot.core.order import Job


class Hooks(Protocol):
    """The pipeline as the writer knows it."""

    @property
    def holder(self) -> int | None:
        """The number of the process that new jobs are leased to."""
        ...

    def leased_until(self) -> int:
        """The end of the lease of new jobs, in microseconds UTC. 0: they wait in the table, where
        any process claims them.
        """
        ...

    def first_step(self, job: Job) -> ReserveStock:
        """The command that reserves a placed order's stock; asked if new jobs are held here."""
        ...

    def born(self, jobs: list[Job], facts: Facts) -> None:
        """Take over jobs that were just committed, held by this process."""
        ...


class NoHooks:
    """Hooks of a process without a pipeline: its jobs wait in the table."""

    holder: int | None = None

    def leased_until(self) -> int:
        """See `Hooks.leased_until`."""
        return 0

    def first_step(self, job: Job) -> ReserveStock:
        """See `Hooks.first_step`; never asked."""
        raise AssertionError(f"no job is held here, {job.kind} neither")

    def born(self, jobs: list[Job], facts: Facts) -> None:
        """See `Hooks.born`; there are none."""
