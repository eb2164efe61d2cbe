"""Channels in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import channels, ids
from entrepot.core.results import ChannelResult
from entrepot.edge.synq.channels import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def channel(one: channels.Channel) -> wire.Channel:
    """A channel."""
    return wire.Channel(
        id=ids.dashed(one.id),
        name=one.name,
        currency=one.currency,
        active=one.active,
        created_at=seconds_text(one.created_at),
        updated_at=seconds_text(one.updated_at),
    )


def made(request_id: str) -> Written:
    """How the making of a channel is answered: with the channel."""

    def answer(result: ChannelResult) -> Answer:
        return Answer(201, _encode(channel(result.channel)))

    return written(refusal_answer, request_id, ChannelResult, answer)
