"""Polinate's requests about invoices into filters and commands; pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Raw

from entrepot.core.decide.bill import ChangeInvoice
from entrepot.core.invoices import STATUSES, InvoiceFilter
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import canonical, read_only
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.polinate import lists
from entrepot.edge.polinate.invoices import wire
from entrepot.edge.polinate.orders import values
from entrepot.edge.polinate.orders.read import SOURCE
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

QUERY = (
    "page", "limit", "createdSince", "hasArtefact", "status", "propertyPath", "propertyValue",
    "propertyExists",
)  # fmt: skip
ARTEFACT = "invoiceArtefact"
WRITABLE = ("status", "reference", "notes", "properties")
# Further members that an invoice shows, and that may come back as they were read.
_SHOWN = frozenset(field.encode_name for field in msgspec.structs.fields(wire.Invoice))
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_UPDATE = msgspec.json.Decoder(wire.UpdateInvoice)
_encode = msgspec.json.Encoder().encode


def invoice_list(query: dict[str, str]) -> tuple[InvoiceFilter, int, int]:
    """The filter of a list, its page (from 1), and the number of invoices on a page.

    A property takes the place of `hasArtefact`.
    """
    page, limit = lists.page_of(query)
    since = query.get("createdSince")
    wanted = InvoiceFilter(
        created_after=None if since is None else lists.after(since, "createdSince"),
        status=values.maybe_word(query.get("status"), dict.fromkeys(STATUSES), "status"),
    )
    artefact = lists.truth(query, "hasArtefact")
    if artefact is not None:
        wanted = wanted._replace(property_path=ARTEFACT, property_exists=artefact)
    return lists.with_property(wanted, query), page, limit


def changes(body: bytes) -> tuple[wire.UpdateInvoice, dict[str, Raw], list[str]]:
    """The changes, the members as they were sent, and the names of unknown ones.

    Refused: a body of which nothing is known. Null for properties that cannot be cleared is no
    change.
    """
    members = read_json(body, _OBJECT)
    unknown = [name for name in members if name not in _SHOWN]
    if members and len(unknown) == len(members):
        raise refuse(Reason.INVALID, f"knows only {', '.join(WRITABLE)}", "body")
    if bytes(members.get("properties", b"")) == b"null":
        del members["properties"]
    return read_json(_encode(members), _UPDATE, sound=True), members, unknown


def claims(members: dict[str, Raw]) -> list[read_only.Claim]:
    """What a body of changes tells of members that only show."""
    return read_only.of_thing(members, sorted(_SHOWN - {*WRITABLE, "updatedAt"}))


def change_invoice(
    body: wire.UpdateInvoice,
    members: dict[str, Raw],
    invoice_id: bytes,
    key: str | None,
    principal: Principal,
) -> tuple[ChangeInvoice, Idempotency | None]:
    """The command and its key."""
    said: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("status", "reference", "notes")
        if getattr(body, name) is not UNSET
    }
    values.maybe_word(body.status, dict.fromkeys(STATUSES), "status")
    properties = values.free_object(body.properties, "properties")
    command = ChangeInvoice(principal.org, SOURCE, invoice_id, said, properties)
    if key is None:
        return command, None
    parts = [
        canonical.text_of(canonical.plain(members[name])) if name in members else b""
        for name in WRITABLE
    ]
    covered = fingerprint([invoice_id, *parts])
    return command, Idempotency(key, "polinate.updateInvoice", ("id", *WRITABLE), covered)
