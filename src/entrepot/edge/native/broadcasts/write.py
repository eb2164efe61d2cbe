"""Broadcasts in the words of the native API; pure."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.core import ids
from entrepot.core.broadcasts import Broadcast as Kept
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import BroadcastResult
from entrepot.edge.native.broadcasts import wire
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

NO_BROADCAST = Refusal(Reason.UNKNOWN_BROADCAST)
encode = msgspec.json.Encoder().encode


def broadcast(one: Kept) -> wire.Broadcast:
    """A broadcast."""
    return wire.Broadcast(
        ids.dashed(one.id),
        one.name,
        one.status,
        Raw(one.audience.encode()),
        Raw(one.flow.encode()),
        one.template,
        None if one.scheduled_at is None else millis_text(one.scheduled_at),
        one.sent,
        one.delivered,
        one.failed,
        one.opened,
        wire.ShownCost(one.cost.text(), one.cost_currency) if one.cost_currency else None,
        millis_text(one.created_at),
        millis_text(one.updated_at),
    )


def told(request_id: str, status: int) -> Written:
    """The answer to what is told of a broadcast: the broadcast as it now is."""

    def answer(result: BroadcastResult) -> Answer:
        return Answer(status, encode(broadcast(result.broadcast)))

    return written(refusal_answer, request_id, BroadcastResult, answer)
