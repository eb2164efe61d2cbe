"""The native API's invoices: the path table, and the lines that connect a question and writing."""

from __future__ import annotations

import msgspec

from entrepot.core import ids, scopes
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import prefixes
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import bodies, paging
from entrepot.edge.native.documented import ERRORS, NOT_FOUND
from entrepot.edge.native.invoices import wire, write
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.store.reading import invoices
from entrepot.writer.envelope import Answer

_READ = Scoped(scopes.ORDERS_READ)
_encode = msgspec.json.Encoder().encode


async def list_invoices(call: Call) -> Answer:
    """A page of invoices, the newest first."""
    asked = bodies.query(call, wire.InvoiceQuery)
    pages = paging.Pages(call, asked)
    found = await call.read(invoices.listed, pages.number_after(), asked.limit + 1)
    shown, after = pages.cut(found, lambda one: one.number)
    listed = list(map(write.invoice, shown))
    return Answer(200, _encode(wire.InvoicePage(listed, after)))


async def get_invoice(call: Call) -> Answer:
    """Answer with one invoice, by its own id or by the id of its order."""
    bodies.no_query(call)
    named = ids.spelled(call.path_ids["id"], *prefixes.INVOICE)
    found = None if named is None else await call.read(invoices.invoice, named)
    if found is None and named is not None:
        found = await call.read(invoices.of_order, named)
    if found is None:
        raise refuse(Reason.UNKNOWN_INVOICE)
    return Answer(200, _encode(write.invoice(found)))


_ID = Parameter(
    "id", "path", {"type": "string", "format": "uuid"}, True,
    "The invoice's id, or the id of its order.",
)  # fmt: skip
OPERATIONS = (
    Operation(
        method="GET", path="/v1/invoices", operation_id="listInvoices",
        summary="List invoices", handler=list_invoices, access=_READ, tag="Invoices",
        parameters=bodies.parameters(wire.InvoiceQuery, limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of invoices", wire.InvoicePage), **ERRORS},
    ),
    Operation(
        method="GET", path="/v1/invoices/{id}", operation_id="getInvoice",
        summary="Get an invoice", handler=get_invoice, access=_READ, tag="Invoices",
        parameters=(_ID,),
        responses={200: Response("The invoice", wire.Invoice), **ERRORS, 404: NOT_FOUND},
    ),
)  # fmt: skip
