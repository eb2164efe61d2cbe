"""The native API's broadcasts: the path table, and the lines that connect reading, the writer or
a question, and writing."""

from __future__ import annotations

from entrepot.core import ids, scopes
from entrepot.core.decide.broadcast import ChangeBroadcast, RecordBroadcast
from entrepot.core.refusal import Refused
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import as_read, bodies, lists
from entrepot.edge.native.broadcasts import read, wire, write
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, ERRORS, KEY, NOT_FOUND, REPLAYED
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.store.reading import broadcasts
from entrepot.writer.envelope import Answer

READ, WRITE = Scoped(scopes.CAMPAIGNS_READ), Scoped(scopes.CAMPAIGNS_WRITE)
_RECORD = bodies.decoder(wire.RecordBroadcast)
_CHANGE = bodies.decoder(wire.ChangeBroadcast)
_PARTS = (
    "name", "status", "audience", "flow", "template", "scheduled_at", "sent", "delivered",
    "failed", "opened", "cost",
)  # fmt: skip


async def list_broadcasts(call: Call) -> Answer:
    """A page of broadcasts."""
    return await lists.by_id(
        call, wire.BroadcastQuery, broadcasts.listed, write.broadcast, wire.BroadcastPage
    )


async def get_broadcast(call: Call) -> Answer:
    """Answer with one broadcast."""
    bodies.no_query(call)
    found = await call.read(broadcasts.broadcast, _id(call))
    if found is None:
        raise Refused(write.NO_BROADCAST)
    return Answer(200, write.encode(write.broadcast(found)))


async def record_broadcast(call: Call) -> Answer:
    """Record a broadcast that another system sent, or is to send."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _RECORD)
    key = bodies.keyed(call, "recordBroadcast", ("id", *_PARTS), body)
    own = None if told.id is None else told.id.raw
    command = RecordBroadcast(call.principal.org, NAME, id=own, **read.said(told))
    return await call.submit(command, write.told(call.request_id, 201), key)


async def change_broadcast(call: Call) -> Answer:
    """Tell something else of a broadcast, such as its counters."""
    bodies.no_query(call)
    broadcast_id = _id(call)
    command, key = await as_read.changing(
        call, _CHANGE, lambda: call.read(broadcasts.broadcast, broadcast_id), write.broadcast,
        lambda body: bodies.keyed(call, "changeBroadcast", _PARTS, body, broadcast_id),
        lambda told: ChangeBroadcast(call.principal.org, NAME, broadcast_id, read.said(told)),
    )  # fmt: skip
    return await call.submit(command, write.told(call.request_id, 200), key)


def _id(call: Call) -> bytes:
    """The id of the path. Refused: what is no id."""
    found = ids.spelled(call.path_ids["id"])
    if found is None:
        raise Refused(write.NO_BROADCAST)
    return found


_ID = Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "The broadcast's id.")
OPERATIONS = (
    Operation(
        method="GET", path="/v1/broadcasts", operation_id="listBroadcasts",
        summary="List broadcasts", handler=list_broadcasts, access=READ, tag="Campaigns",
        parameters=bodies.parameters(wire.BroadcastQuery, limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of broadcasts", wire.BroadcastPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/broadcasts", operation_id="recordBroadcast",
        summary="Record a broadcast", handler=record_broadcast, access=WRITE, tag="Campaigns",
        parameters=(KEY,), body=wire.RecordBroadcast,
        description="Another system sends; Entrepot keeps what it tells, and sends nothing to "
        "anybody.",
        responses={201: Response("The broadcast", wire.Broadcast, REPLAYED), **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/v1/broadcasts/{id}", operation_id="getBroadcast",
        summary="Get a broadcast", handler=get_broadcast, access=READ, tag="Campaigns",
        parameters=(_ID,),
        responses={200: Response("The broadcast", wire.Broadcast), **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/v1/broadcasts/{id}", operation_id="changeBroadcast",
        summary="Change a broadcast", handler=change_broadcast, access=WRITE, tag="Campaigns",
        parameters=(_ID, KEY), body=wire.ChangeBroadcast,
        responses={200: Response("The broadcast as it now is", wire.Broadcast, REPLAYED),
                   **BODY_ERRORS, 404: NOT_FOUND},
    ),
)  # fmt: skip
