"""Integrations in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids, integrations
from entrepot.core.decide import hear
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ConnectionResult, HeardResult, Result
from entrepot.edge.synq.integrations import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
OK = 200


def connection(one: integrations.Connection) -> wire.Connection:
    """A connection."""
    return wire.Connection(
        id=ids.dashed(one.id),
        unified_connection_id=one.name,
        provider=one.provider,
        status=one.status,
        created_at=seconds_text(one.created_at),
        updated_at=seconds_text(one.updated_at),
    )


def connected(request_id: str) -> Written:
    """How a callback is answered."""

    def answer(result: ConnectionResult) -> Answer:
        message = f"{result.connection.provider} is connected"
        return Answer(201, encode(wire.Called("success", message)))

    return written(refusal_answer, request_id, ConnectionResult, answer)


def queued(request_id: str) -> Written:
    """How a push is answered: before anybody is told."""

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        return Answer(202, encode(wire.Queued("queued")))

    return answer


def heard(request_id: str) -> Written:
    """How an event of a connection is answered inside: 200 with what became of the event, which no
    sender is shown. An order that could not be placed is refused.
    """

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        if not isinstance(result, HeardResult):
            return Answer(OK, hear.PLACED.encode())
        if result.outcome == hear.REJECTED:
            return refusal_answer(Refusal(Reason.INVALID, result.fault), request_id)
        return Answer(OK, result.outcome.encode())

    return answer
