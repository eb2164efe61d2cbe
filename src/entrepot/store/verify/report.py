"""Every invariant as one sentence, and the report of an audit.

docs/verify.md tells an operator what each invariant means and what to do when it does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from entrepot.store.verify.own_values import id_text, quantity

WITNESSES_MAX = 20
_ID_BYTES = 16
# The names of quantities in witnesses.
_QUANTITIES = frozenset({
    "on_hand", "reserved", "quantity", "shipped", "by_shipments", "back", "reserved_too_much",
    "on_hand_too_much", "shipped_without_sale", "restocked_without_entry",
})  # fmt: skip

INVARIANTS: dict[str, str] = {
    "OVERSOLD": (
        "Stock is never below zero. Under HARD allocation, reserved stock is never more than "
        "stock on hand."
    ),
    "RESERVED_SUM": (
        "The reserved stock of a shelf is the sum of its held and committed reservations, without "
        "what was shipped of them."
    ),
    "ON_HAND_SUM": (
        "The stock on hand is the sum of the stock ledger, and the ledger has all goods that were "
        "shipped."
    ),
    "SHIPPED_SUM": (
        "Of a reservation never more was shipped than it claims. A shipped reservation was shipped "
        "whole, and a held one not at all. The shipments of an order have exactly what was shipped "
        "of its reservations, and never more of a line than was ordered."
    ),
    "SHIPMENTS": (
        "The shipments of an order are numbered from 1, and each has lines. Something is left of "
        "an order that is partly shipped, and nothing of one that is further on its way. An order "
        "is delivered or lost as its shipments are, and none arrived before it left."
    ),
    "RETURNED_SUM": (
        "Of a line never more came back, or is waited for, than left. The stock ledger has exactly "
        "the goods that came back to a shelf."
    ),
    "RETURNS": (
        "The returns of an order are numbered from 1, and each has lines, whose goods are back "
        "exactly if it was received. The order says that goods came back, and that all did where "
        "nothing else is out; or that a return is waited for."
    ),
    "CLAIMS_LIVE": (
        "A held reservation belongs to a placed order whose payment is open. A committed "
        "reservation belongs to a confirmed order whose goods have not left."
    ),
    "CONFIRMED_CLAIMED": (
        "A confirmed order has committed or shipped exactly the quantity of each of its lines."
    ),
    "KEY_AND_ORDER": (
        "Each idempotency key has its order. Each order has its key until the key is removed for "
        "its age. No two orders have the same key."
    ),
    "ONE_AUTHORISATION": (
        "A payment has at most one authorisation that holds money or may still hold money."
    ),
    "MONEY_USED": (
        "An authorisation that is done belongs to a live order. An authorisation or a void without "
        "an outcome has the job that settles it."
    ),
    "PAYMENT_TOTAL": (
        "The payments of an order have its total together, its currency and its provider; the "
        "first one has its reference. An authorisation asks for what its payment has, or for more, "
        "where the order came to cost less."
    ),
    "PROVIDER_LEDGER": (
        "The provider holds money for a payment at most once, and only where a payment says so."
    ),
    "OPERATION_NUMBERS": (
        "Payments of an order are numbered from 1, and a further one follows a known outcome. "
        "Operations of a payment are numbered from 1."
    ),
    "OPERATION_KEYS": "Keys of operations are unique and derived from the book's secret.",
    "OPERATION_SUMS": (
        "No more is captured than is authorised, and no more refunded than is captured. An "
        "operation is for no more than its payment. An authorisation is given up by a void. A hold "
        "of a running order of which nothing is due is being let go."
    ),
    "PAYMENT_FACET": (
        "The payment facet of a managed order is what the sums of the operations say, or the "
        "order ended and a void is under way."
    ),
    "EVENT_SEQUENCE": (
        "An order's events, with those in the archive, are numbered from 1 to the order's "
        "version. The first event says how the order began, and each move is legal."
    ),
    "STANDS_BY_EVENTS": "An order stands where its last event says.",
    "SUBTOTAL": (
        "An order's subtotal is the sum of its lines, in its currency, and every amount is in "
        "range."
    ),
    "OWN_ORGANIZATION": (
        "Every row that refers to another row refers to one of its own organization. An "
        "organization has the ids that the first event of its log tells."
    ),
    "HAS_A_JOB": (
        "An order that is neither ended nor parked has a job, and no due job waits longer than "
        "the bound."
    ),
    "HOLDS": (
        "No stock is held after the end of its hold, and no job is put off for more than an hour. "
        "Checked with a bound only."
    ),
    "PARKED": (
        "An order is parked exactly while a parked job waits for the operator. A parked order has "
        "a reason and an event that say so."
    ),
    "HELD": (
        "A step of an order stands still exactly while somebody holds the order; steps that give "
        "money back go on. Only a running order is held."
    ),
    "KNOWN_STEPS": (
        "Every job is of a kind that this program knows, and the order of the job is there."
    ),
    "UNIQUE_IDS": "The id of an organization or a credential is unique over all organizations.",
    "TIMES_IN_ORDER": (
        "No row was updated before it was created, and the times of an order's events follow each "
        "other."
    ),
    "WORDS": (
        "The words that an order keeps are words of a dialect's table, one for each status. Every "
        "other word follows from where the order stands when it is shown."
    ),
    "PROPERTIES": (
        "The searchable properties of an order, and of an invoice, are those in its properties."
    ),
    "SEARCH": (
        "The terms that find an order are those of the order's names, customer and SKUs, once the "
        "orders and their log were read so far."
    ),
    "ANNOUNCED": "An order that has come is no longer announced.",
    "NUMBERS": "The orders of an organization are numbered from 1 to the number of its counter.",
    "EVENT_NUMBERS": (
        "The events of an organization, with those in the archive, are as many as its counter "
        "says. Their numbers are unique, from 1 to that count, and rise within an order."
    ),
    "WATCHED": (
        "Low stock is looked for, and events are sent to webhooks, up to an event that the log has."
    ),
    "TIMES": "No order was changed after the last commit in its organization's counter.",
    "SPANS": (
        "A span has the right count of orders for each status, and the times of all its orders "
        "lie inside the span."
    ),
    "ANSWERS": "A stored answer is the first answer under its key, and names the order of the key.",
    "REFERENCES": (
        "An authorisation that is done has a reference of the provider, and no two payments with "
        "a service share a reference, but for payments that came to nothing."
    ),
    "CLAIMS": (
        "An order that claims a payment has the provider and the reference of that payment, or of "
        "a further one of its own, and is live, unless other orders came with the reference. "
        "Orders that share a payment have the same reference. A live order that shares none claims "
        "its own."
    ),
    "TOTALS": "An order's total is its subtotal, less discount, plus shipping and tax.",
    "EVENTS": (
        "The type of an event agrees with its facets, and its source and its actor may tell such "
        "an event."
    ),
    "LINES": (
        "Each line has a number of its own, and all lines of a managed order have one currency."
    ),
    "SENDERS": "The last telling of a sender is kept under that sender's own id.",
    "REASONS": "An order's reason is a known reason, and true of where the order stands.",
    "MERGING": (
        "An order whose lines are in another order has ended, and names one older order of the "
        "same buyer. The older order's event names it, and took all of its quantities and its "
        "total, once."
    ),
    "JOBS": (
        "An order has at most one job of each kind, whose id begins with the order's. No job is "
        "put off or held longer than allowed."
    ),
    "TRACKED": "Stock is reserved for tracked variants only.",
    "SECRET": "The book has the secret from which payment keys are derived.",
    "SCHEMA": "Tables, columns, indexes and constraints are those of the schema.",
    "DAMAGE": "The whole book can be read, and every value has the type of its column.",
    "TALLIES": (
        "The tallies have the right count of orders for each property and for each slot of time "
        "of updating, and of the rows of other lists for each slot of their time."
    ),
    "CONTACTS": (
        "Each order of a customer is kept with this customer as its contact, once the log was "
        "read so far. A contact has as many orders and terms as it says, and was not changed "
        "before it was made."
    ),
    "TOUCHES": (
        "Each touch has its event. A contact counts among those who clicked on something of an "
        "origin exactly if a click of the contact is recorded, once the log was read so far."
    ),
    "ATTRIBUTIONS": (
        "An order with attributions has exactly one main one, by the latest touch. Each is by a "
        "touch of the order's contact, not later than the order and not before its window, and "
        "none is missing, once the log was read so far. A cancelled order has none."
    ),
    "PRODUCTS": (
        "A product has as many events as its version says, and at least one variant that is not "
        "deleted, unless it is deleted itself. Its handle leads to it. The entry of each variant "
        "is on the default list. The SKU of a variant leads to it. The catalogue has each product "
        "that the log tells of."
    ),
    "PRICE_LISTS": (
        "The default list of an organization changes no price. Another list has as many events as "
        "its version says and a percentage from -100 to 1,000, and each entry of the list has a "
        "currency, and no price below 0. The list of a partnership is not the default one."
    ),
    "INVOICES": (
        "An order has at most one invoice, and an order that another system runs has none. The "
        "figures of an invoice add up, and are those of its order unless the order was amended "
        "after the invoice was made. An invoice has as many events as its version says."
    ),
    "INVOICE_NUMBERS": (
        "The invoices of an organization are numbered from 1, without a gap, to the number of its "
        "counter."
    ),
    "COSTING": (
        "What a shelf is worth, and its layers, follow from its movements in the order of the log, "
        "by the method of each. So much is on hand as moved, once the log was read so far. The "
        "totals are the sums of the shelves. Each line that goods left for has its cost."
    ),
    "CONNECTIONS": (
        "A connection has as many events as its version says. An order that was placed for a "
        "connection is one that Entrepot runs, and the connection's own row says that it told the "
        "order."
    ),
    "BROADCASTS": ("A broadcast has as many events as its version says, and no counter below 0."),
    "TAXONOMY": (
        "A category is one step deeper than the category above it, so that none is above itself. "
        "No two things of one kind have one slug, and each has its event. The category of a "
        "product is a category, and its brand a brand."
    ),
    "BULK_JOBS": (
        "A bulk job that is over has nothing left, and each other one has the slices of what is "
        "left. The log has the making and the end of each."
    ),
    "ACCOUNTS": (
        "An account is at a payment service that is known. Its row keeps a sealed text, which "
        "no other account has. A payment is answered by its own provider, or by the sandbox "
        "in the provider's place."
    ),
    "PARTNERSHIPS": (
        "A partnership has as many events of its customer as its version says, and each event of "
        "a customer has the partnership."
    ),
    "BUYERS": (
        "A buyer has at most one primary mailbox and one primary telephone, and no address twice. "
        "A buyer is a contact, once the log was read so far."
    ),
    "LOG": "The book has its log, and no acknowledged commit is missing.",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, how often, and the first places where.

    `invariant` is the fixed name; `name` has it in small letters and with spaces.
    """

    invariant: str
    name: str
    statement: str
    count: int
    witnesses: list[dict[str, Any]]


class Report(NamedTuple):
    """The number of rows read of each table, and every invariant that does not hold."""

    checked: dict[str, int]
    violations: list[Violation]

    @property
    def ok(self) -> bool:
        """Whether every invariant holds."""
        return not self.violations


class Findings:
    """Collects violations while the book is walked; keeps the first witnesses of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._witnesses: dict[str, list[dict[str, Any]]] = {}

    def add(self, invariant: str, **witness: Any) -> None:
        """Note a witness of a broken invariant. Ids may be raw bytes."""
        self._counts[invariant] = self._counts.get(invariant, 0) + 1
        kept = self._witnesses.setdefault(invariant, [])
        if len(kept) < WITNESSES_MAX:
            kept.append({name: _shown(name, value) for name, value in witness.items()})

    def add_rows(self, invariant: str, found: Iterable[Mapping[str, Any]]) -> None:
        """Every row is a witness, its columns the names."""
        for row in found:
            self.add(invariant, **row)

    def violations(self) -> list[Violation]:
        """The violations, in the order of the invariants."""
        return [
            Violation(
                name,
                name.lower().replace("_", " "),
                statement,
                self._counts[name],
                self._witnesses[name],
            )
            for name, statement in INVARIANTS.items()
            if name in self._counts
        ]


def _shown(name: str, value: Any) -> Any:
    if name in _QUANTITIES and isinstance(value, int | Decimal):
        return quantity(value)
    if not isinstance(value, bytes):
        return value if value is None or isinstance(value, bool | int | str) else str(value)
    return id_text(value) if len(value) == _ID_BYTES else value.hex()
