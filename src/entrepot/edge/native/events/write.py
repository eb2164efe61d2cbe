"""Events in the words of the native API; pure."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.core import ids
from entrepot.core.order import Event
from entrepot.edge.native.events import wire
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode


def event(one: Event) -> wire.Event:
    """An event."""
    kind, _, name = one.actor.partition(":")
    return wire.Event(
        one.number,
        one.type,
        wire.Subject(one.subject, ids.dashed(one.subject_id)),
        one.seq,
        millis_text(one.at),
        wire.Actor(kind, name) if kind else None,
        one.source,
        Raw(one.body.encode()),
    )


def feed_answer(events: list[Event], last: int) -> Answer:
    """Events behind a number, and the number of the last one that was looked at."""
    return Answer(200, encode(wire.Feed([event(one) for one in events], last)))


def page_answer(events: list[Event], after: str | None) -> Answer:
    """A page of events, oldest first, with the cursor of the next page."""
    return Answer(200, encode(wire.EventPage(list(map(event, events)), after)))
