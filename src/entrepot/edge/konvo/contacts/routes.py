"""Konvo's contacts: the path table, and the lines that connect reading, a question and writing."""

from __future__ import annotations

from entrepot.core.between import Between
from entrepot.core.contacts import asked_for
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.konvo import paging
from entrepot.edge.konvo.contacts import wire, write
from entrepot.edge.konvo.documented import ERRORS
from entrepot.store.reading import contacts
from entrepot.writer.envelope import Answer

Q_MAX = 500


async def list_contacts(call: Call) -> Answer:
    """A page of contacts, newest first, and the number of all that match."""
    query = call.query("page", "limit", "fields", "q", "updated_at_min", "updated_at_max")
    limit, offset = paging.page(query)
    updated = Between(paging.since(query, "updated_at_min"), paging.until(query, "updated_at_max"))
    shown = paging.chosen(query, wire.MEMBERS)
    text = query.get("q", "")
    if len(text) > Q_MAX:
        raise refuse(Reason.INVALID, f"must have at most {Q_MAX} characters", "q")
    found = await call.read(
        contacts.page, asked_for(text), updated, limit, offset, with_orders="orders" in shown
    )
    return write.page(found, shown)


OPERATIONS = (
    Operation(
        method="GET", path="/contacts", operation_id="listContacts", summary="Get Contacts",
        handler=list_contacts, tag="Contacts",
        description="The people behind the organization's orders, whichever dialect brought them. "
        "A contact appears a moment after its first order.",
        parameters=(
            *paging.pages("Contacts"),
            paging.text("fields", "The members to answer with, with commas between them."),
            *paging.bounds("updated_at"),
            paging.text("q", "The beginning of an e-mail address, a telephone number or a name; "
                             "of several words all have to fit."),
        ),
        responses={
            200: Response("A page of contacts; `count` is the number of all", wire.Contacts,
                          ("Warning",)),
            **ERRORS,
        },
    ),
)  # fmt: skip
