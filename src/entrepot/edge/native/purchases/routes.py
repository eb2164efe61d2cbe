"""The native API's purchase orders: the path table, and the lines that connect the question and
its answer."""

from __future__ import annotations

import msgspec

from entrepot.core import ids, scopes
from entrepot.core.stock_settings import PurchaseDraft
from entrepot.edge import quantities
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.native import bodies, paging
from entrepot.edge.native.documented import ERRORS
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.purchases import wire
from entrepot.edge.times import millis_text
from entrepot.store.reading import stock_settings
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


async def list_purchases(call: Call) -> Answer:
    """A page of drafts."""
    asked = bodies.query(call, wire.PurchaseQuery)
    pages = paging.Pages(call, asked)
    found = await call.read(stock_settings.drafts, pages.ids_after(), asked.limit + 1)
    shown, behind = pages.cut(found, lambda one: one.variant_id + one.location_id)
    return Answer(200, _encode(wire.PurchasePage(list(map(_purchase, shown)), behind)))


def _purchase(one: PurchaseDraft) -> wire.PurchaseOrder:
    return wire.PurchaseOrder(
        ids.dashed(one.id),
        "draft",
        ids.dashed(one.variant_id),
        ids.dashed(one.location_id),
        quantities.shown(one.quantity),
        millis_text(one.created_at),
    )


OPERATIONS = (
    Operation(
        method="GET", path="/v1/purchase-orders", operation_id="listPurchaseOrders",
        summary="List purchase orders", handler=list_purchases,
        access=Scoped(scopes.STOCK_READ), tag="Goods",
        description="Drafts that low stock made, where the organization lets it. A draft goes "
        "when its shelf is no longer low.",
        parameters=bodies.parameters(wire.PurchaseQuery, limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of drafts", wire.PurchasePage), **ERRORS},
    ),
)  # fmt: skip
