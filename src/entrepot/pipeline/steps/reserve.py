"""Reserving: the book decides by itself; this only says under which secret, and who is there."""

from __future__ import annotations

from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.order import Job
from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.steps import Terms


def reserve(
    job: Job, services: frozenset[str], stand_in: str | None, secret: bytes, terms: Terms
) -> ReserveStock:
    """The command that holds the stock and prepares the payment with one of `services`.

    `stand_in` is the service that answers in place of one that is not there.
    """
    assert job.order_id is not None, "a reserve job belongs to an order"
    held_until = terms.now() + int(terms.hold_seconds * MICROSECONDS)
    # By place: every order has this step, and a name for each member is slow.
    return ReserveStock(
        job.org, job.order_id, job.id, job.fence, secret, services, held_until, stand_in
    )
