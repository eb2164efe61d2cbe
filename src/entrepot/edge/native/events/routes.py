"""The native API's events of the organization: what follows a number, now or within seconds."""

from __future__ import annotations

import time

from entrepot.core import events, scopes
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.native import bodies
from entrepot.edge.native.documented import ERRORS
from entrepot.edge.native.events import wire, write
from entrepot.store.reading import event_log
from entrepot.writer.envelope import Answer

# Events that are looked at for a request that names types.
LOOKED_AT = 2_000
# A request that waits looks again after so many seconds, for what other processes have written.
AGAIN_SECONDS = 0.5


def _types(told: str) -> frozenset[str]:
    types = told.split(",")
    for type_ in types:
        if (why_not := events.no_such_type(type_)) is not None:
            raise refuse(Reason.INVALID, f"{type_[:100]!r}: {why_not}", "types")
    return frozenset(types)


async def list_events(call: Call) -> Answer:
    """Events behind a number, oldest first; with `wait`, once there are some."""
    asked = bodies.query(call, wire.FeedQuery)
    types = None if asked.types is None else _types(asked.types)
    until = time.monotonic() + asked.wait
    last, news = asked.after, call.services.writer.news
    with news.listening(call.principal.org) as listener:
        while True:
            listener.hear()
            limit = asked.limit if types is None else LOOKED_AT
            found = await call.read(event_log.following, last, limit)
            wanted = [one for one in found if types is None or one.type in types]
            if len(wanted) > asked.limit:
                wanted = wanted[: asked.limit]
                return write.feed_answer(wanted, wanted[-1].number)
            last = found[-1].number if found else last
            left = until - time.monotonic()
            if wanted or left <= 0 or news.ended:
                return write.feed_answer(wanted, last)
            if len(found) < limit:
                await listener.wait(min(left, AGAIN_SECONDS))


OPERATIONS = (
    Operation(
        method="GET", path="/v1/events", operation_id="listEvents",
        summary="List the organization's events", handler=list_events,
        access=Scoped(scopes.EVENTS_READ), tag="Events",
        description="Numbers have no gaps, and an event with a smaller number never comes later. "
        "`last` is the `after` of the next request.",
        parameters=bodies.parameters(
            wire.FeedQuery, after="The number of the last event that is known.",
            limit="Events in an answer.",
            types="Only these types, with commas between them. An unknown type is refused.",
            wait="Seconds to wait for an event if there is none.",
        ),
        responses={200: Response("The events that follow", wire.Feed), **ERRORS},
    ),
)  # fmt: skip
