"""A note beside an order: for people to read. Nothing follows from a note."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by


class OrderNote(NamedTuple):
    """A note beside an order. The note stays as it was written."""

    org: int
    id: bytes
    order_id: bytes
    author: str  # who wrote it: a member's name, or another name that people know
    text: str
    created_at: int  # microseconds UTC


NOTES: Kind[Key, OrderNote] = Kind("note", OrderNote, by(OrderNote, "org", "id"))
