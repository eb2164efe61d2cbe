"""What is checked, in one sentence each, and what was found.

The numbers are those of the study that the project was designed by; docs/verify.md tells an
operator what each means and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from entrepot.core.ids import dashed

WITNESSES_MAX = 20
_ID_BYTES = 16

INVARIANTS: dict[str, str] = {
    "INV-1": "No stock below zero, and never more reserved than on hand under HARD allocation.",
    "INV-2": "What a shelf has reserved is the sum of its held and committed reservations.",
    "INV-3": "What is on hand is the sum of the stock ledger, and all that shipped is in it.",
    "INV-4": "A held reservation belongs to a placed order whose payment is unresolved, a "
    "committed one to a confirmed order whose goods are still here.",
    "INV-5": "A confirmed order has committed or shipped exactly what each of its lines ordered.",
    "INV-6": "Each idempotency key has its order, each order its key until that is removed for its "
    "age, and no two share one.",
    "INV-8": "An order has at most one payment attempt that holds money or may yet.",
    "INV-9": "An authorised attempt belongs to a live order; one that is under way or to be given "
    "back has the job that settles it.",
    "INV-10": "A payment attempt has its order's total and currency.",
    "INV-11": "The provider holds money once an order at most, and only where an attempt says so.",
    "INV-12": "Attempts are numbered from 1, each after a definite no; their keys are unique and "
    "those that the book's secret makes.",
    "INV-13": "An order's events, with those that the archive has, are numbered 1 to its version, "
    "the first tells how it began, and each move is legal.",
    "INV-14": "An order stands where its events leave it.",
    "INV-17": "An order's subtotal is the sum of its lines in its currency, and every amount is in "
    "range.",
    "INV-18": "Every row belongs to a row of its own organization.",
    "INV-20": "An order that is neither ended nor parked has a job, and no job waits beyond bound.",
    "HOLDS": "No stock is held beyond the end of its hold, and no job is put off for more than an "
    "hour: asked with a bound only.",
    "INV-21": "An order is parked exactly while a parked job waits for the operator, with a reason "
    "and an event that says so.",
    "INV-23": "Every job is of a kind that this program knows, and has the order that it is about.",
    "INV-26": "An organization's or credential's id is unique over all organizations.",
    "INV-28": "Nothing was updated before it was created, and an order's events follow each other.",
    "WORDS": "Every status word shown is true of its order, and the preferred one unless told.",
    "PROPERTIES": "The searchable properties of an order are those of its properties.",
    "ANNOUNCED": "No order that is announced has come already.",
    "NUMBERS": "An organization's orders are numbered from 1 to what its counter says.",
    "TIMES": "No order was changed after the last commit that its organization's counter tells of.",
    "SPANS": "A span says how many of its orders stand where, and no time of theirs lies outside.",
    "ANSWERS": "A repeat is answered what was answered first, which names the key's own order.",
    "PAID": "A managed order whose payment is authorised has an attempt that holds the money.",
    "REFERENCES": "An attempt that holds money has the provider's reference, and no two share one.",
    "CLAIMS": "A payment that an order claims is the reference of that order, which is live, and "
    "orders that share a payment have the same reference.",
    "TOTALS": "An order's total is its subtotal less discount, with shipping and tax.",
    "EVENTS": "An event's type says what its facets say, and comes from one who may tell it.",
    "LINES": "Each line has a number of its own, and a managed order has one currency.",
    "SENDERS": "What a sender told last is kept under that sender's own id.",
    "REASONS": "An order's reason is one that this program gives, and true of where it stands.",
    "JOBS": "An order has one job a kind, and no job is put off or held beyond what is allowed.",
    "TRACKED": "Stock is claimed of tracked variants only.",
    "SECRET": "The book has the secret that its payment keys are derived from.",
    "SCHEMA": "Tables, columns, indexes and constraints are those of the schema.",
    "DAMAGE": "All of the book can be read, and every value has its column's type.",
    "TALLIES": "As many orders have a property, and were updated in a slot of time, as is tallied.",
    "LOG": "The book has its log, and no commit that was acknowledged is missing.",
}


# The numbered ones in a few words; the others are named by words.
NAMES: dict[str, str] = {
    "INV-1": "never oversold",
    "INV-2": "reserved is what is claimed",
    "INV-3": "on hand is the ledger's sum",
    "INV-4": "claims of living orders only",
    "INV-5": "confirmed means claimed",
    "INV-6": "a key and its order",
    "INV-8": "one live attempt",
    "INV-9": "no money without a use",
    "INV-10": "asked what it costs",
    "INV-11": "the provider agrees",
    "INV-12": "attempts in turn",
    "INV-13": "a story without gaps",
    "INV-14": "stands where its story ends",
    "INV-17": "the subtotal adds up",
    "INV-18": "nothing of another organization",
    "INV-20": "somebody takes it on",
    "INV-21": "parked with a reason",
    "INV-23": "known steps only",
    "INV-26": "ids are unique",
    "INV-28": "times in order",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, how often, and the first places where.

    `name` is in words; `invariant` is the fixed name.
    """

    invariant: str
    name: str
    statement: str
    count: int
    witnesses: list[dict[str, Any]]


class Report(NamedTuple):
    """What was looked at (rows a table) and every invariant that does not hold."""

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
        """One more place where an invariant does not hold. Ids may be raw bytes."""
        self._counts[invariant] = self._counts.get(invariant, 0) + 1
        kept = self._witnesses.setdefault(invariant, [])
        if len(kept) < WITNESSES_MAX:
            kept.append({name: _shown(value) for name, value in witness.items()})

    def add_rows(self, invariant: str, found: Iterable[Mapping[str, Any]]) -> None:
        """Every row is a witness, its columns the names."""
        for row in found:
            self.add(invariant, **row)

    def violations(self) -> list[Violation]:
        """What was found, in the order of the invariants."""
        return [
            Violation(
                name,
                NAMES.get(name, name.lower()),
                statement,
                self._counts[name],
                self._witnesses[name],
            )
            for name, statement in INVARIANTS.items()
            if name in self._counts
        ]


def _shown(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value if value is None or isinstance(value, bool | int | str) else str(value)
    return dashed(value) if len(value) == _ID_BYTES else value.hex()
