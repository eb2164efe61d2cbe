"""The steps: each does one thing for one held job, and says by a command what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from entrepot.core.commands import DeferJob
from entrepot.core.facts import Seen
from entrepot.core.order import Attempt, Job
from entrepot.pipeline.retry import Policy, next_try
from entrepot.providers.payment import PaymentRequest

MICROSECONDS = 1_000_000
ENDED = frozenset({"declined", "voided", "expired"})  # attempts that hold no money any more


class Held(NamedTuple):
    """A job under this process's lease, with what is known of its order."""

    job: Job
    stage: str | None = None
    attempt: Attempt | None = None
    seen: Seen | None = None  # the whole order, where this process has just written it


class Terms(NamedTuple):
    """What every step goes by: the clock (microseconds UTC), chance, and how patient to be."""

    now: Callable[[], int]
    random01: Callable[[], float]
    policies: Mapping[str, Policy]
    hold_seconds: float = 86_400.0  # how long stock waits for a payment
    pending_seconds: float = 5.0  # how often a pending payment is asked for


def put_off(
    held: Held, policy: str, error: str, terms: Terms, retry_after: float | None = None
) -> DeferJob:
    """A failed try: again later as the policy says, or parked with its order when it gives up."""
    wait = next_try(held.job.tries, terms.policies[policy], terms.random01(), retry_after)
    if wait is None:
        return park(held, f"gave up after {held.job.tries + 1} tries: {error}", terms)
    return _defer(held, terms.now() + int(wait * MICROSECONDS), error)


def wait_until(held: Held, run_at: int, error: str) -> DeferJob:
    """Nothing failed, but the time has not come: again at `run_at`."""
    return _defer(held, run_at, error)._replace(counted=False)


def park(held: Held, error: str, terms: Terms) -> DeferJob:
    """Leave the job and its order to the operator, who sees `error`."""
    return _defer(held, terms.now(), error)._replace(parked=True)


def _defer(held: Held, run_at: int, error: str) -> DeferJob:
    job = held.job
    return DeferJob(job.org, job.id, job.fence, run_at, error, order_id=job.order_id)


def request_of(attempt: Attempt, order: str) -> PaymentRequest:
    """The request as it was committed before the first byte left."""
    return PaymentRequest(
        key=attempt.key,
        order=order,
        reference=attempt.reference,
        units=attempt.amount.units,
        scale=attempt.amount.scale,
        currency=attempt.currency,
    )
