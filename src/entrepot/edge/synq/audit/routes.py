"""Synq's audit: the path table, and the lines that connect the question and its answer."""

from __future__ import annotations

import msgspec

from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.synq.audit import wire, write
from entrepot.edge.synq.documented import ERRORS, HEADERS
from entrepot.store.reading import audit
from entrepot.writer.envelope import Answer

# Events in the answer.
SHOWN = 50
_encode = msgspec.json.Encoder().encode


async def list_audit(call: Call) -> Answer:
    """Answer with the newest events, newest first."""
    found = await call.read(audit.newest, SHOWN)
    return Answer(200, _encode(list(map(write.entry, found))))


OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/audit", operation_id="listAudit",
        summary="List what happened", handler=list_audit, tag="Audit", parameters=HEADERS,
        description="The newest 50 events of the organization, newest first, whichever API they "
        "came by.",
        responses={200: Response("The newest events", list[wire.Entry]), **ERRORS},
    ),
)  # fmt: skip
