"""Konvo's clicks: the path table, and the lines that connect reading, a question and writing."""

from __future__ import annotations

from entrepot.core.between import Between
from entrepot.edge import prefixes
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.konvo import paging
from entrepot.edge.konvo.clicks import wire, write
from entrepot.edge.konvo.documented import ERRORS
from entrepot.store.reading import touches
from entrepot.writer.envelope import Answer

# The published operation has no pages, so that an answer may have many clicks.
LIMIT = 1_000


async def list_clicks(call: Call) -> Answer:
    """The latest clicks, and the number of all that match."""
    query = call.query(
        "page", "limit", "created_at_min", "created_at_max", "contact", "originId"
    )  # fmt: skip
    limit, offset = paging.page(query, LIMIT)
    between = Between(paging.since(query, "created_at_min"), paging.until(query, "created_at_max"))
    contact = paging.own_id(query, "contact", *prefixes.CUSTOMER)
    origin = paging.own_id(query, "originId")
    found = await call.read(touches.clicks, contact, origin, between, limit=limit, offset=offset)
    return write.page(found, call.principal)


OPERATIONS = (
    Operation(
        method="GET", path="/clicks", operation_id="listClicks", summary="Get Clicks",
        handler=list_clicks, tag="Clicks",
        description="Clicks that somebody recorded by the native API. Entrepot sends nothing to "
        "anybody and watches nobody.",
        parameters=(
            *paging.pages("Clicks", LIMIT),
            paging.text("created_at_min", "Occurred at or after this ISO 8601 date or time."),
            paging.text("created_at_max", "Occurred at or before it."),
            paging.text("contact", "The id of the contact who clicked."),
            paging.text("originId", "The id of the broadcast, flow or other origin."),
        ),
        responses={
            200: Response("Clicks, latest first; `count` is the number of all", wire.Clicks,
                          ("Warning",)),
            **ERRORS,
        },
    ),
)  # fmt: skip
