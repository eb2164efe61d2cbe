"""Answers show the time of the commit, also if the decision was made at an earlier time; answers
that show the whole order show the number that the commit gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

from entrepot.core import committed
from entrepot.core.facts import Facts
from entrepot.core.order import StoredAnswer
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult, OrdersResult, Result, StepResult
from entrepot.pace import paced
from entrepot.writer.envelope import Answer, Envelope, Outcome


def all_dated(
    envelopes: Sequence[Envelope], outcomes: Sequence[Outcome], facts: Facts
) -> list[Outcome]:
    """The outcomes of a batch as it was committed."""
    pairs = zip(envelopes, outcomes, strict=True)
    return [dated(envelope, outcome, facts) for envelope, outcome in paced(pairs)]


def dated(envelope: Envelope, outcome: Outcome, facts: Facts) -> Outcome:
    """The outcome as it was committed, with the times that its orders have in the book."""
    if outcome.replayed:
        # The stored answer was given in this very batch.
        stored = facts.answers[_key(envelope)]
        return outcome._replace(answer=Answer(stored.status, stored.body))
    result = _result_dated(outcome.result, facts, numbered=envelope.whole)
    if result is outcome.result:
        return outcome
    return Outcome(result, envelope.answer(result) if envelope.answer else None)


def _result_dated(result: Result | Refusal, facts: Facts, *, numbered: bool) -> Result | Refusal:
    if isinstance(result, OrdersResult):
        orders = tuple([committed.dated(order, facts) for order in result.orders])
        same = all(map(is_, orders, result.orders))
        return result if same else result._replace(orders=orders)
    if isinstance(result, (OrderResult, StepResult)) and result.order is not None:
        order = committed.dated(result.order, facts)
        if numbered and not order.number:
            order = order.changed(number=facts.orders[order.org, order.id].number)
        return result if order is result.order else result._replace(order=order)
    return result


def _key(envelope: Envelope) -> tuple[int, str]:
    assert envelope.idempotency is not None
    return envelope.command.org, envelope.idempotency.key


def answers_dated(answered: Sequence[tuple[Envelope, Outcome]], facts: Facts) -> list[StoredAnswer]:
    """The answers kept by this batch that read otherwise with the time of the commit."""
    found: list[StoredAnswer] = []
    for envelope, outcome in answered if facts.redated or facts.numbered else ():
        # A replay was dated before, and a refusal shows no times of an order.
        if outcome.replayed or isinstance(outcome.result, Refusal):
            continue
        answer, key = dated(envelope, outcome, facts).answer, _key(envelope)
        if answer is not None and answer != outcome.answer:
            stored = facts.answers[key].answering(answer.body)
            facts.answers.put(stored)
            found.append(stored)
    return found
