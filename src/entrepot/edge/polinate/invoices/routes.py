"""Polinate's invoices: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from entrepot.core.invoices import STATUSES
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import prefixes, read_only
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.keys import idempotency_key
from entrepot.edge.polinate import lists
from entrepot.edge.polinate.documented import BODY_ERRORS, ERRORS, HEADERS, INVALID, NOT_FOUND, TEXT
from entrepot.edge.polinate.invoices import read, wire, write
from entrepot.edge.polinate.orders import values
from entrepot.store.reading import invoices
from entrepot.writer.envelope import Answer

_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One intent, one key: a repeat is answered with the first answer.",
)  # fmt: skip
_ID = Parameter("id", "path", TEXT, True, "The invoice's id.")
_LIST = (
    *lists.page_parameters("Invoices"),
    Parameter("createdSince", "query", {"type": "string", "format": "date-time"}, False,
              "Created later than this."),
    Parameter("hasArtefact", "query", {"type": "boolean"}, False,
              "With (true) or without (false) the property `invoiceArtefact`; `propertyPath` takes "
              "its place."),
    Parameter("status", "query", {"type": "string", "enum": list(STATUSES)}, False,
              "In this status."),
    *lists.PROPERTY,
)  # fmt: skip


async def list_invoices(call: Call) -> Answer:
    """A page of invoices, newest first."""
    wanted, page, limit = read.invoice_list(call.query(*read.QUERY))
    offset = (page - 1) * limit
    found, total = await call.read(invoices.page, wanted, limit=limit, offset=offset)
    return write.page_answer(found, total, page, limit)


async def update_invoice(call: Call) -> Answer:
    """Change an invoice, as an accounting system tells it."""
    body, members, call.ignored = await call.parsed(read.changes)
    key = idempotency_key(call.headers)
    invoice_id = values.id_of(call.path_ids["id"], *prefixes.INVOICE)
    if invoice_id is None:
        raise refuse(Reason.UNKNOWN_INVOICE)
    command, idempotency = await call.worked(
        read.change_invoice, body, members, invoice_id, key, call.principal
    )
    answer = await call.submit(command, write.updated(call.request_id), idempotency)
    return await read_only.told(call, read.claims(members), answer)


OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/invoices", operation_id="listInvoices",
        summary="List invoices", handler=list_invoices, tag="Invoices",
        parameters=(*HEADERS, *_LIST),
        responses={200: Response("A page of invoices", wire.InvoicePage), **ERRORS, 400: INVALID},
    ),
    Operation(
        method="PATCH", path="/api/v1/invoices/{id}", operation_id="updateInvoice",
        summary="Update an invoice", handler=update_invoice, access=WRITERS, tag="Invoices",
        description="Members that are left out stay. Properties are merged deeply. The amounts "
        "and the lines of an invoice never change.",
        parameters=(_ID, *HEADERS, _KEY), body=wire.UpdateInvoice,
        responses={200: Response("The invoice as it now is", wire.Invoice,
                                 ("Idempotent-Replayed", "Warning")),
                   **BODY_ERRORS, 404: NOT_FOUND},
    ),
)  # fmt: skip
