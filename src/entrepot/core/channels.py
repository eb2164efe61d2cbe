"""Channels of an organization: by name where its orders come from, and whether they may."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by

NAME_MAX = 255  # characters, as many as an order's channel can have
# As many channels as an organization can have: all of them are in one answer.
CHANNELS_MAX = 1_000


class Channel(NamedTuple):
    """A channel. One that is not `active` accepts no orders. Times are microseconds UTC."""

    org: int
    id: bytes
    name: str
    currency: str
    active: bool
    created_at: int
    updated_at: int


CHANNELS: Kind[Key, Channel] = Kind("channel", Channel, by(Channel, "org", "id"))
