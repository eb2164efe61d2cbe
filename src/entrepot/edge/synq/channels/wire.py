"""Synq's shapes of channels, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.channels import NAME_MAX
from entrepot.edge.synq.wire import Moment, Uuid


class MakeChannel(msgspec.Struct):
    """The body of POST /api/v1/channels."""

    name: Annotated[str, Meta(max_length=NAME_MAX)]
    currency: str | None = None
    active: bool | None = None


class Channel(msgspec.Struct):
    """A channel. One that is not active accepts no orders."""

    id: Uuid
    name: str
    currency: str
    active: bool
    created_at: Moment
    updated_at: Moment


class ChannelList(msgspec.Struct):
    """All channels, oldest first."""

    channels: list[Channel]
