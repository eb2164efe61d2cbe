"""One batch in one transaction: load, decide each command in arrival order, flush."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from entrepot.core.decide import decide
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Job
from entrepot.core.refusal import TRANSIENT, Refusal
from entrepot.core.results import Decision, NotedResult, OrderResult, Result
from entrepot.store.flush import flush
from entrepot.store.working_set import load
from entrepot.writer.envelope import Envelope, Outcome
from entrepot.writer.idempotency import remember, replay


def run_batch(
    conn: Connection, envelopes: Sequence[Envelope], facts: Facts
) -> tuple[list[Outcome], list[Job]]:
    """The outcome of every envelope, in order, and the jobs that were born leased to this process.

    A refusal touches nothing, but is stored where it was asked under a key. Raises Conflict.
    """
    needs = Needs()
    for envelope in envelopes:
        needs.add(envelope.command)
        if envelope.idempotency is not None:
            needs.answers.add((envelope.command.org, envelope.idempotency.key))
    load(conn, needs, facts)
    outcomes = [_judge(envelope, facts) for envelope in envelopes]
    flush(conn, facts)
    born = facts.touched.get("jobs")
    leased = [facts.jobs[key] for key in born.new] if born and facts.leased_until else []
    return outcomes, leased


def _judge(envelope: Envelope, facts: Facts) -> Outcome:
    command, idempotency = envelope.command, envelope.idempotency
    if idempotency is not None:
        stored = facts.answers.get((command.org, idempotency.key))
        if stored is not None:
            repeated = replay(idempotency, stored)
            return repeated if isinstance(repeated, Outcome) else _outcome(envelope, repeated)
    facts.request = envelope.request_id
    decision = decide(command, facts)
    if isinstance(decision, Decision):
        facts.absorb(decision.changes)
        outcome = _outcome(envelope, decision.result)
        if isinstance(decision.result, NotedResult) and decision.result.fetching:
            # Not yet what the key stands for: a repeat has to look whether the order came.
            return outcome
    else:
        outcome = _outcome(envelope, decision)
        if idempotency is None or not idempotency.store_refusals or decision.reason in TRANSIENT:
            return outcome
    if idempotency is not None and outcome.answer is not None:
        remember(idempotency, outcome.answer, command.org, _order_id(outcome.result), facts)
    return outcome


def _outcome(envelope: Envelope, result: Result | Refusal) -> Outcome:
    return Outcome(result, envelope.answer(result) if envelope.answer else None)


def _order_id(result: Result | Refusal) -> bytes | None:
    return result.order.id if isinstance(result, OrderResult) else None
