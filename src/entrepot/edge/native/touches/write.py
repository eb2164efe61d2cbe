"""Touches in the words of the native API; pure."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from entrepot.core import ids
from entrepot.core.results import TouchResult
from entrepot.core.touches import CLICK
from entrepot.core.touches import Touch as Kept
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.native.touches import wire
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode


def touch(one: Kept) -> wire.Touch:
    """A touch."""
    return wire.Touch(
        ids.dashed(one.id),
        ids.dashed(one.customer_id),
        cast("Any", one.kind),
        cast("Any", one.origin),
        ids.dashed(one.origin_id),
        one.channel,
        millis_text(one.at),
        millis_text(one.recorded_at),
        one.external_user_id,
        one.resource_id,
        one.country,
        msgspec.Raw(one.details.encode() if one.kind == CLICK else b"null"),
    )


def recorded(request_id: str) -> Written:
    """The answer to the recording of a touch."""

    def answer(result: TouchResult) -> Answer:
        return Answer(201, encode(touch(result.touch)))

    return written(refusal_answer, request_id, TouchResult, answer)
