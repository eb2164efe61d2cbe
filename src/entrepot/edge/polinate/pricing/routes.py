"""Polinate's pricing: the path table, and the line that connects reading, the writer, writing."""

from __future__ import annotations

from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.keys import idempotency_key
from entrepot.edge.polinate.documented import BODY_ERRORS, HEADERS
from entrepot.edge.polinate.pricing import read, wire, write
from entrepot.writer.envelope import Answer

_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One intent, one key: a repeat is answered with the first answer.",
)  # fmt: skip


async def create_pricing(call: Call) -> Answer:
    """Make a price list. Orders here look at it from now on, elsewhere within a second."""
    body = await call.json(read.CREATE)
    command, key = await call.worked(
        read.create_pricing, body, idempotency_key(call.headers), call.principal
    )
    answer = await call.submit(command, write.created(call.request_id), key)
    call.services.admission.look_again(call.principal.org_id)
    return answer


OPERATIONS = (
    Operation(
        method="POST", path="/api/v1/pricing", operation_id="createPricing",
        summary="Create a price list and entries", handler=create_pricing, access=WRITERS,
        tag="Pricing",
        description="A partnership has at most one list: one that had another list has this one "
        "from now on. The shapes of the body and of the answer are this server's own.",
        parameters=(*HEADERS, _KEY), body=wire.CreatePricing,
        responses={201: Response("The list that was made", wire.PricingCreated,
                                 ("Idempotent-Replayed",)),
                   **BODY_ERRORS},
    ),
)  # fmt: skip
