"""Broadcasts: something that another system sent to many contacts, as that system tells it.

Entrepot sends nothing to anybody. A broadcast is a fact, and its counters are its sender's.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.money import Amount

NO_COST = Amount(0, 2)


class Broadcast(NamedTuple):
    """A broadcast. Times are microseconds UTC."""

    org: int
    id: bytes
    name: str
    status: str
    audience: str  # JSON text: who was meant; `null` where nobody told it
    flow: str  # JSON text: what ran; `null` as above
    template: str
    scheduled_at: int | None
    sent: int
    delivered: int
    failed: int
    opened: int
    cost: Amount
    cost_currency: str  # empty where no cost was told
    created_at: int
    updated_at: int
    version: int  # how many events it has


class Clicked(NamedTuple):
    """The recorded clicks on something of a broadcast."""

    clicks: int = 0
    contacts: int = 0  # how many contacts clicked
    places: tuple[tuple[str, str, int], ...] = ()  # country, what was clicked, how often


BROADCASTS: Kind[Key, Broadcast] = Kind(
    "broadcast", Broadcast, by(Broadcast, "org", "id"), guard="version"
)
