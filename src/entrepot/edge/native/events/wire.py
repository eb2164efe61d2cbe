"""The native API's shapes of events."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.edge.native.paging import Limit
from entrepot.edge.native.wire import FreeObject, Page, Time, Uuid

WAIT_MAX = 30  # seconds


class Subject(msgspec.Struct):
    """The thing to which the event happened."""

    kind: str
    id: Uuid


class Actor(msgspec.Struct):
    """The actor who made it happen: a kind, such as `key`, and a name within that kind."""

    kind: str
    id: str


class Event(msgspec.Struct):
    """An event. `number` counts in the organization, `seq` within the subject."""

    number: int
    type: str
    subject: Subject
    seq: int
    at: Time
    actor: Actor | None
    dialect: Annotated[str, Meta(description="The dialect, `pipeline` or `operator`")]
    body: FreeObject


class FeedQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/events."""

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    limit: Limit = 50
    types: Annotated[str, Meta(max_length=1_000)] | None = None
    wait: Annotated[int, Meta(ge=0, le=WAIT_MAX)] = 0


class Feed(msgspec.Struct):
    """Events of the organization in the order of their numbers. `last` is the number to go on
    from: all events up to it were looked at.
    """

    data: list[Event]
    last: int


class EventPage(Page[Event]):
    """A page of an order's events, oldest first."""
