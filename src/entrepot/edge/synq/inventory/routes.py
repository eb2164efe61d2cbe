"""Synq's inventory: the path table, and the lines that connect reading, the writer and writing."""

from __future__ import annotations

from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import (
    MIB,
    Call,
    Operation,
    Parameter,
    Response,
)
from entrepot.edge.keys import idempotency_key
from entrepot.edge.synq.documented import BODY_ERRORS, HEADERS
from entrepot.edge.synq.inventory import read, wire, write
from entrepot.writer.envelope import Answer

_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One adjustment, one key: a repeat is answered with the first answer.",
)  # fmt: skip


async def adjust_stock(call: Call) -> Answer:
    """Add a ledger entry to a variant's stock at a location."""
    body, key = await call.json(read.ADJUST_STOCK), idempotency_key(call.headers)
    command, idempotency = read.adjust_stock(body, key, call.principal)
    answer = write.adjusted(call.principal, call.request_id)
    return await call.submit(command, answer, idempotency)


OPERATIONS = (
    Operation(
        method="POST", path="/api/v1/inventory/adjust", operation_id="adjustInventory",
        summary="Adjust stock", handler=adjust_stock, access=WRITERS, tag="Inventory",
        parameters=(*HEADERS, _KEY), body=wire.AdjustStock, body_max=10 * MIB,
        responses={200: Response("The new ledger entry", wire.StockEntry,
                                 ("Idempotent-Replayed",)), **BODY_ERRORS},
    ),
)  # fmt: skip
