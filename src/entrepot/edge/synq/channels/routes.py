"""Synq's channels: the path table, and the lines that connect reading, the writer or a question,
and writing."""

from __future__ import annotations

import msgspec

from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.synq.channels import read, wire, write
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.store.reading import organization
from entrepot.writer.envelope import Answer

_PATH = "/api/v1/channels"
_encode = msgspec.json.Encoder().encode


async def list_channels(call: Call) -> Answer:
    """Answer with all channels."""
    found = await call.read(organization.channels)
    return Answer(200, _encode(wire.ChannelList(list(map(write.channel, found)))))


async def make_channel(call: Call) -> Answer:
    """Make a channel. One that is closed takes no orders here from now on, elsewhere within a
    second.
    """
    body = await call.json(read.MAKE)
    command = read.make_channel(body, call.principal)
    answer = await call.submit(command, write.made(call.request_id))
    if not command.active:
        call.services.admission.look_again(call.principal.org_id)
    return answer


OPERATIONS = (
    Operation(
        method="GET", path=_PATH, operation_id="listChannels", summary="List channels",
        handler=list_channels, tag="Channels", parameters=HEADERS,
        responses={200: Response("All channels", wire.ChannelList), **ERRORS},
    ),
    Operation(
        method="POST", path=_PATH, operation_id="makeChannel", summary="Make a channel",
        handler=make_channel, access=WRITERS, tag="Channels", parameters=HEADERS,
        body=wire.MakeChannel,
        responses={201: Response("The channel", wire.Channel), **BODY_ERRORS},
    ),
)  # fmt: skip
