"""Synq's media: the path table, and the lines that connect reading, the writer or a question, and
writing.
"""

from __future__ import annotations

from entrepot.edge import prefixes
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.media import read, wire, write
from entrepot.store.reading import media
from entrepot.writer.envelope import Answer

#: As many in an answer.
SHOWN = 1_000
_PATH = "/api/v1/pim/media"
_UUID = {"type": "string", "format": "uuid"}


async def list_media(call: Call) -> Answer:
    """Answer with media of a product or of a variant, or with those of all."""
    asked = call.query("product_id", "variant_id")
    # An empty one is refused: without the filter the list would be that of all.
    product_id, variant_id = (
        uuid(asked[name], name, *known) if name in asked else None
        for name, known in (("product_id", prefixes.PRODUCT), ("variant_id", prefixes.VARIANT))
    )
    found = await call.read(media.listed, SHOWN, product_id=product_id, variant_id=variant_id)
    return Answer(200, write.encode([write.medium(one, call.principal) for one in found]))


async def add_medium(call: Call) -> Answer:
    """Add a medium."""
    command = read.add_medium(await call.json(read.ADD), call.principal)
    return await call.submit(command, write.added(call.principal, call.request_id))


OPERATIONS = (
    Operation(
        method="GET", path=_PATH, operation_id="listMedia", summary="List media",
        handler=list_media, tag="Catalogue",
        parameters=(
            *HEADERS,
            Parameter("product_id", "query", _UUID, False, "Media of this product."),
            Parameter("variant_id", "query", _UUID, False,
                      "Media of this variant. With both, either matches."),
        ),
        responses={200: Response(f"At most {SHOWN:,} media, by their `sort_order`",
                                 list[wire.Medium]), **ERRORS},
    ),
    Operation(
        method="POST", path=_PATH, operation_id="addMedium", summary="Add a medium",
        handler=add_medium, access=WRITERS, tag="Catalogue", parameters=HEADERS,
        body=wire.AddMedium,
        responses={201: Response("The medium", wire.Medium), **BODY_ERRORS},
    ),
)  # fmt: skip
