"""The settings of one process's pipeline."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.providers.exchange import TOTAL_SECONDS

_CALLS = 3  # exchanges with a service that one call of a step takes at most


class WorkerSettings(NamedTuple):
    """The worker's settings; durations in seconds."""

    lease_seconds: float = 60.0  # how long a job is held before another worker may take it
    hold_seconds: float = 86_400.0  # how long stock is held for a payment that is not known
    pending_seconds: float = 5.0  # how often a pending payment is asked for
    busy_seconds: float = 0.2  # between looks into the table while there is something in it
    idle_seconds: float = 1.0  # between looks into an empty one
    held_max: int = 10_000  # jobs in this process
    calls_max: int = 512  # calls under way to one payment service
    account_calls_max: int = 32  # calls under way for one account at a payment service
    fetches_max: int = 16  # calls under way to order sources
    drain_seconds: float = 20.0  # how long a stopping worker finishes what it has begun
    gauges_seconds: float = 5.0  # between counts of the jobs


def late_seconds(settings: WorkerSettings) -> float:
    """How long a call may be on its way after another worker took its job over, or after the end of
    its process: a worker begins a call in the first half of its lease.
    """
    return settings.lease_seconds / 2 + _CALLS * TOTAL_SECONDS
