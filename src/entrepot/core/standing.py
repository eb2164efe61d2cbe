"""Where an order stands and what it waits for: the explanation that every surface tells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from entrepot.core import held, shown
from entrepot.core.decide.jobs import TRIES_MAX
from entrepot.core.explain import Legal
from entrepot.core.order import Event, Job, Order
from entrepot.core.shown import moment, stuck
from entrepot.core.states import FULFILMENT, RETURN, STAGE

_TURN = re.compile(r"\btry \d+ of (\d+)\b")


class Standing(NamedTuple):
    """An order with what hangs on it, as of one moment. Times are microseconds UTC."""

    at: int
    order: Order  # with the reason that a reader is told now
    jobs: Sequence[Job]
    hold_ends: int | None  # when the first hold of its stock ends
    seen: Mapping[int, int]  # when each process was seen last that beats
    events: Sequence[Event]  # oldest first; old ones may have left
    legal: tuple[Legal, ...]


class Explanation(NamedTuple):
    """Where an order stands and what it waits for. Times are microseconds UTC.

    - `since`: when the order came to its stage.
    - `waiting_for`: the cause for which its pipeline waits; None where no step is left.
    - `try_number`: which try is next, or under way; of a parked step, how many there were.
    - `tries_max`: how many tries there are, for the fault of the last one if it failed; None where
      no step is left.
    - `next_try_at`: None where a worker has the step in hand, and where nobody will try.
    - `held_by`: the worker that has the step in hand, or `operator` for a parked step.
    - `sentence`: the order's reason as every dialect shows it; without one, a sentence of its own.
    """

    stage: str
    since: int
    waiting_for: str | None
    last_error: str | None
    try_number: int | None
    tries_max: int | None
    next_try_at: int | None
    held_by: str | None
    legal: tuple[Legal, ...]
    sentence: str


def explained(standing: Standing) -> Explanation:
    """The explanation of an order that stands so."""
    order, job = standing.order, step_of(standing)
    since, waits = _since(order, standing.events), waits_for(standing)
    reason = shown.reason(order)
    parked = job is not None and job.state in ("parked", held.STOPPED)
    in_hand = job is not None and job.leased_until > standing.at
    turn = _TURN.search(order.reason_detail or "") if job is not None and not parked else None
    return Explanation(
        order.facets.stage,
        since,
        waits,
        job.last_error if job else None,
        None if job is None else job.tries + (not parked),
        int(turn[1]) if turn else None if job is None else TRIES_MAX.get(job.kind),
        None if job is None or parked or in_hand else job.run_at,
        None if job is None else _holder(job, standing.at),
        standing.legal,
        reason or f"{order.facets.stage} since {moment(since)}: {_open(order, waits)}",
    )


def _open(order: Order, waits: str | None) -> str:
    """What is not over of an order that has no reason, and who waits for what."""
    stage, payment, goods, back = order.facets
    told = ["the customer disputes its payment"] if payment == "disputed" else []
    whom: list[str] = []
    if waits:
        whom = [f"it waits for {waits}"]
    elif stage == "draft":
        whom = [STAGE[stage].waits]
    elif stage == "confirmed" and goods != "unassigned":
        whom = [FULFILMENT[goods].waits, RETURN[back].waits]
    elif not order.managed and stage in ("placed", "confirmed"):
        whom = ["another system runs it"]
    told += [f"{one[0].lower()}{one[1:].rstrip('.')}" for one in whom if one]
    return "; ".join(told) or "it waits for nothing"


def document(told: Explanation) -> dict[str, Any]:
    """An explanation for programs, by the names of the native API; times are RFC 3339, UTC."""
    return {
        "stage": told.stage,
        "since": moment(told.since),
        "waiting_for": told.waiting_for,
        "last_error": told.last_error,
        "try": told.try_number,
        "tries_max": told.tries_max,
        "next_try_at": None if told.next_try_at is None else moment(told.next_try_at),
        "held_by": told.held_by,
        "legal": [one._asdict() for one in told.legal],
        "sentence": told.sentence,
    }


def step_of(standing: Standing) -> Job | None:
    """The step that keeps the order: a parked one first, then one that failed."""
    return min(
        standing.jobs,
        key=lambda job: (job.state != "parked", job.last_error is None, job.run_at),
        default=None,
    )


def waits_for(standing: Standing) -> str | None:
    """The cause for which the order's pipeline waits, in words; None where it has no step left."""
    job = step_of(standing)
    if job is None:
        return None
    nobody = stuck(job, standing.seen.get(job.holder or 0), standing.at)
    if job.leased_until > standing.at:
        lease = moment(job.leased_until)
        return nobody or f"{job.kind} is under way; its worker holds it until {lease}"
    ends = standing.hold_ends
    until = f"; the hold of its stock ends {moment(ends)}" if ends is not None else ""
    if job.state == "parked":
        return f"you: {job.kind}: {job.last_error}{until}"
    if job.state == held.STOPPED:
        return f"you: {job.kind} stands still until the order is released"
    if nobody is not None:
        return f"{nobody}{until}"
    why = f": {job.last_error}" if job.last_error else ""
    return f"{job.kind}, try {job.tries + 1}, next {moment(job.run_at)}{why}{until}"


def _holder(job: Job, at: int) -> str | None:
    if job.leased_until > at:
        return "worker" if job.holder is None else f"worker {job.holder}"
    return "operator" if job.state in ("parked", held.STOPPED) else None


def _since(order: Order, told: Sequence[Event]) -> int:
    """When the order came to its stage, by the events that are left."""
    since = order.updated_at
    for event in reversed(told):
        # A body that cannot be read says nothing.
        facets = json.loads(event.body).get("facets")
        if not facets or facets[0] != order.facets.stage:
            break
        since = event.at
    return since
