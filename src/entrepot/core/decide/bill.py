"""What is told of an invoice: its status, a reference, notes, and a provider's own properties."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import invoices
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.invoices import INVOICES, STATUSES
from entrepot.core.needs import Needs
from entrepot.core.properties import merged_text
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, InvoiceResult


class ChangeInvoice(NamedTuple):
    """Tell something else of an invoice: members of `said` by their names.

    `properties` are merged deeply into those of the invoice.
    """

    org: int
    source: str
    invoice_id: bytes
    said: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple default; never written to
    properties: dict[str, Any] | None = None


def wants(command: ChangeInvoice, needs: Needs) -> None:
    """The invoice."""
    needs.of(INVOICES).add((command.org, command.invoice_id))


def change(command: ChangeInvoice, facts: Facts) -> Decision:
    """Write what is told. What is as it was changes nothing. Refused: an unknown invoice."""
    known = facts.of(INVOICES).get((command.org, command.invoice_id))
    if known is None:
        raise refuse(Reason.UNKNOWN_INVOICE)
    said = dict(command.said)
    status = said.get("status", known.status)
    if status not in STATUSES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(STATUSES)}", "status")
    if command.properties is not None:
        said["properties"] = merged_text(known.properties, command.properties)
    changes = Changes(facts)
    if known._replace(**said) == known:
        return Decision(changes, InvoiceResult(known))
    after = invoices.told(known, facts.now, **said)
    changes.of(INVOICES).put(after)
    changes.events.append(invoices.changed_event(known, after, command.source, facts.actor))
    return Decision(changes, InvoiceResult(after))
