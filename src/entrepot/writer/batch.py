"""One batch in one transaction: load, decide each command in arrival order, flush."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot import failpoints
from entrepot.core import actor, beside
from entrepot.core.commands import Command
from entrepot.core.decide import add_needs, decide, of_order
from entrepot.core.decide.goods import shelved
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.expected import ANY, Expected
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Job, revision
from entrepot.core.refusal import BY_EXACT_STOCK, NEVER_STORED, Reason, Refusal
from entrepot.core.results import Decision, OrderResult, Result, StepResult
from entrepot.core.seen import Seen
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load
from entrepot.telemetry import Committed
from entrepot.writer.dating import answers_dated
from entrepot.writer.envelope import Envelope, Outcome
from entrepot.writer.idempotency import remember, replay

FirstStep = Callable[[Job], ReserveStock]


class Batched(NamedTuple):
    """The results of a batch: every envelope's outcome, in order, and the jobs that this process
    holds now.
    """

    outcomes: list[Outcome]
    leased: list[Job]


def run_batch(
    conn: Connection,
    envelopes: Sequence[Envelope],
    facts: Facts,
    first_step: FirstStep | None = None,
) -> Batched:
    """Carry a batch out in the caller's transaction.

    With `first_step`, orders placed here have their stock reserved in the same transaction. A
    refusal writes nothing but its own answer, if the request had a key. Raises Conflict.
    """
    unseen = [one for one in envelopes if one.seen is None]
    for envelope in envelopes:
        if envelope.seen is not None:
            facts.adopt(envelope.seen)
    ending = _load(conn, unseen, facts, reserving=first_step is not None) if unseen else False
    outcomes = [judge(envelope, facts, first_step) for envelope in envelopes]
    pairs = zip(envelopes, outcomes, strict=True)
    timed = [pair for pair in pairs if (key := pair[0].idempotency) and key.shows_times]
    if failpoints.ARMED:
        failpoints.reached_by("write", [one.command for one in envelopes])
    facts.numbered = any(one.whole for one in unseen)
    flush(conn, facts, (lambda: answers_dated(timed, facts)) if timed else None)
    jobs = facts.jobs
    leased = [jobs[key] for key in jobs.new] if facts.leased_until else []
    if ending:
        # Jobs that nobody held and this batch took up: their fences have risen, and a lease began.
        leased.extend(
            jobs[key]
            for key in jobs.dirty
            if jobs[key].leased_until and jobs[key].fence > jobs.base[key].fence
        )
    return Batched(outcomes, leased)


def _load(
    conn: Connection, envelopes: Sequence[Envelope], facts: Facts, *, reserving: bool
) -> bool:
    """Load what the envelopes need. Whether they may take up jobs that nobody holds."""
    needs = Needs(reserving=reserving)
    for envelope in envelopes:
        add(envelope, needs)
    load(conn, needs, facts)
    return bool(needs.ending or needs.moving or needs.steps)


def add(envelope: Envelope, needs: Needs) -> None:
    """Add the rows that the envelope's command, answer and key need."""
    command = envelope.command
    add_needs(command, needs)
    if envelope.idempotency is not None:
        needs.answers.add((command.org, envelope.idempotency.key))
    if envelope.whole and (order_id := of_order(command)) is not None:
        needs.whole_order(command.org, order_id)


def committed(facts: Facts) -> Committed:
    """The figures of a batch that was committed."""
    orders = facts.orders
    made = [orders.now[key].origin for key in orders.new]
    events = Counter([event.type for event in facts.events])
    return Committed(events, Counter(made), len(facts.sharing))


def _reserve(job: Job, facts: Facts, first_step: FirstStep) -> None:
    """Take the first step of an order that was just placed, if the order's stock was read.

    The step asks nobody outside, and all that it needs was read with the order.
    """
    order = facts.orders[job.org, job.order_id or b""]
    if facts.shelves.issuperset([shelf for _, shelf in shelved(order, facts)]):
        command = first_step(job)
        facts.actor = actor.step(job.kind)
        decision = decide(command, facts)
        if isinstance(decision, Decision):
            facts.absorb(decision.changes)
            _leave(decision, facts)


def _leave(decision: Decision, facts: Facts) -> None:
    """Keep what the first step left an order with, for the step that follows. The order has no
    reservations but these, and no invoice yet where the organization has none.
    """
    step = decision.result
    if isinstance(step, StepResult) and step.job is not None and step.order is not None:
        org, order = step.order.org, step.order
        if org not in facts.invoicing:
            made = tuple(decision.changes.reservations)
            seen = Seen(facts.orgs[org], order, made, step.funds, step.job)
            facts.left[org, order.id] = seen


def judge(envelope: Envelope, facts: Facts, first_step: FirstStep | None) -> Outcome:
    """Decide a command, and keep its effects and its answer in the facts."""
    command, idempotency = envelope.command, envelope.idempotency
    if idempotency is not None:
        stored = facts.answers.get((command.org, idempotency.key))
        if stored is not None:
            repeated = replay(idempotency, stored)
            return repeated if isinstance(repeated, Outcome) else _outcome(envelope, repeated)
    facts.request, facts.actor = envelope.request_id, envelope.actor
    if envelope.expected == ANY:
        decision = decide(command, facts)
    else:
        decision = _expecting(envelope, envelope.expected, facts)
    if isinstance(decision, Decision):
        facts.absorb(decision.changes)
        # The answer shows the order as it was placed.
        result = decision.result
        if envelope.whole and isinstance(result, OrderResult):
            order = result.order
            result = result._replace(beside=beside.known((order.org, order.id), facts))
        outcome = _outcome(envelope, result)
        if first_step is not None and decision.first is not None:
            _reserve(decision.first, facts, first_step)
        if not decision.settled:
            return outcome
    else:
        if decision.reason in BY_EXACT_STOCK:
            facts.exact_stock = True
        outcome = _outcome(envelope, decision)
        if idempotency is None or not idempotency.store_refusals or decision.reason in NEVER_STORED:
            return outcome
    if idempotency is not None and outcome.answer is not None:
        remember(idempotency, outcome.answer, command.org, _order_id(outcome.result), facts)
    return outcome


def _expecting(envelope: Envelope, expected: Expected, facts: Facts) -> Decision | Refusal:
    """The decision; a refusal where the command is meant for another state of its order."""
    command = envelope.command
    order = facts.orders.get((command.org, _named_by(command, facts) or b""))
    if order is not None and not expected.met_by(revision(order), order.updated_at):
        return Refusal(Reason.CHANGED_MEANWHILE, version=revision(order))
    return decide(command, facts)


def _named_by(command: Command, facts: Facts) -> bytes | None:
    """The order that the command is about, by its id or by that of a shipment or return of it."""
    of_part = getattr(command, "shipment_id", None) or getattr(command, "return_id", None)
    if of_part is None:
        return of_order(command)
    key = (command.org, of_part)
    found = facts.by_shipment.get(key) or facts.by_return.get(key)
    return None if found is None else found[1]


def _outcome(envelope: Envelope, result: Result | Refusal) -> Outcome:
    return Outcome(result, envelope.answer(result) if envelope.answer else None)


def _order_id(result: Result | Refusal) -> bytes | None:
    return result.order.id if isinstance(result, OrderResult) else None
