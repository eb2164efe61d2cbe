"""Konvo's broadcasts: the path table, and the lines that connect reading, a question and
writing."""

from __future__ import annotations

from entrepot.core.between import Between
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.konvo import paging
from entrepot.edge.konvo.broadcasts import wire, write
from entrepot.edge.konvo.documented import ERRORS
from entrepot.store.reading import broadcasts
from entrepot.writer.envelope import Answer


async def list_broadcasts(call: Call) -> Answer:
    """A page of broadcasts, newest first, and the number of all that match."""
    query = call.query(
        "page", "limit", "created_at_min", "created_at_max", "updated_at_min", "updated_at_max"
    )
    limit, offset = paging.page(query)
    created, updated = (
        Between(paging.since(query, f"{at}_min"), paging.until(query, f"{at}_max"))
        for at in ("created_at", "updated_at")
    )
    found = await call.read(broadcasts.page, created, updated, limit=limit, offset=offset)
    return write.page(found)


OPERATIONS = (
    Operation(
        method="GET", path="/broadcasts", operation_id="listBroadcasts", summary="Get Broadcasts",
        handler=list_broadcasts, tag="Broadcasts",
        description="Broadcasts that their senders told by the native API. Entrepot sends nothing "
        "to anybody.",
        parameters=(
            *paging.pages("Broadcasts"), *paging.bounds("updated_at"),
            *paging.bounds("created_at"),
        ),
        responses={
            200: Response("A page of broadcasts; `count` is the number of all", wire.Broadcasts,
                          ("Warning",)),
            **ERRORS,
        },
    ),
)  # fmt: skip
