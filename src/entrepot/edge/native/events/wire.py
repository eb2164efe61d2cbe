"""The native API's shapes of events."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.edge.native.wire import FreeObject, Page, Time, Uuid


class Subject(msgspec.Struct):
    """What the event happened to."""

    kind: str
    id: Uuid


class Actor(msgspec.Struct):
    """Who made it happen: a kind, such as `key`, and a name within that kind."""

    kind: str
    id: str


class Event(msgspec.Struct):
    """What happened. `number` counts in the organization, `seq` within the subject."""

    number: int
    type: str
    subject: Subject
    seq: int
    at: Time
    actor: Actor | None
    dialect: Annotated[str, Meta(description="The dialect, `pipeline` or `operator`")]
    body: FreeObject


class EventPage(Page[Event]):
    """A page of an order's events, oldest first."""
