"""Synq's audit: the path table, and the lines that connect the question and its answer."""

from __future__ import annotations

from functools import partial

import msgspec

from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.synq.audit import wire, write
from entrepot.edge.synq.documented import ERRORS, HEADERS
from entrepot.store.reading import audit
from entrepot.writer.envelope import Answer

# Events in the answer, and in that of the catalogue's path.
SHOWN, SHOWN_OF_CATALOGUE = 50, 100
_encode = msgspec.json.Encoder().encode


async def list_audit(shown: int, call: Call) -> Answer:
    """Answer with the newest events, newest first."""
    found = await call.read(audit.newest, shown)
    return Answer(200, _encode(list(map(write.entry, found))))


OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/audit", operation_id="listAudit",
        summary="List what happened", handler=partial(list_audit, SHOWN), tag="Audit",
        parameters=HEADERS,
        description="The newest 50 events of the organization, newest first, whichever API they "
        "came by.",
        responses={200: Response("The newest events", list[wire.Entry]), **ERRORS},
    ),
    Operation(
        method="GET", path="/api/v1/pim/audit", operation_id="listCatalogueAudit",
        summary="List what happened, further back", tag="Audit", parameters=HEADERS,
        handler=partial(list_audit, SHOWN_OF_CATALOGUE),
        description="The newest 100 events of the organization, newest first.",
        responses={200: Response("The newest events", list[wire.Entry]), **ERRORS},
    ),
)  # fmt: skip
