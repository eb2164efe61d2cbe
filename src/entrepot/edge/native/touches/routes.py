"""The native API's touches: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from entrepot.core import scopes
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.native import bodies, lists
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, ERRORS, KEY, REPLAYED
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.touches import read, wire, write
from entrepot.store.reading import touches
from entrepot.writer.envelope import Answer

_RECORD = bodies.decoder(wire.RecordTouch)
_PARTS = (
    "contact", "kind", "origin", "origin_id", "channel", "at", "external_user_id", "resource_id",
    "country", "click",
)  # fmt: skip


async def list_touches(call: Call) -> Answer:
    """A page of touches."""
    return await lists.by_id(call, wire.TouchQuery, touches.listed, write.touch, wire.TouchPage)


async def record_touch(call: Call) -> Answer:
    """Record a touch that another system tells of."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _RECORD)
    key = bodies.keyed(call, "recordTouch", _PARTS, body)
    command = read.record(call.principal.org, NAME, told)
    return await call.submit(command, write.recorded(call.request_id), key)


OPERATIONS = (
    Operation(
        method="GET", path="/v1/touches", operation_id="listTouches", summary="List touches",
        handler=list_touches, access=Scoped(scopes.CAMPAIGNS_READ), tag="Campaigns",
        parameters=bodies.parameters(wire.TouchQuery, limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of touches", wire.TouchPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/touches", operation_id="recordTouch", summary="Record a touch",
        handler=record_touch, access=Scoped(scopes.CAMPAIGNS_WRITE), tag="Campaigns",
        parameters=(KEY,), body=wire.RecordTouch,
        description="A contact clicked, opened or answered something that another system sent or "
        "showed. Entrepot keeps the fact, and sends nothing to anybody.",
        responses={201: Response("The touch", wire.Touch, REPLAYED), **BODY_ERRORS},
    ),
)  # fmt: skip
