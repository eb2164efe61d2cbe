"""What a decision wants written."""

from __future__ import annotations

from typing import Any

from entrepot.core.kinds import CustomerName, K, Kind, Location, OwnLine, R, VariantName
from entrepot.core.order import (
    Announced,
    Attempt,
    Customer,
    Event,
    Job,
    Level,
    Order,
    Reservation,
    StockEntry,
    Variant,
)


class Changes:
    """What a decision wants written, all or nothing. Later commands of a batch see it.

    Every order has one: the constructor is written out, as one of a dataclass takes thrice as long.
    """

    __slots__ = (
        "announced_gone",
        "announced_new",
        "attempts",
        "customer_names",
        "customers",
        "customers_new",
        "entries",
        "events",
        "exact_stock",
        "jobs",
        "jobs_done",
        "levels",
        "lines",
        "lines_gone",
        "lines_new",
        "locations_new",
        "orders",
        "orders_new",
        "others",
        "reasons",
        "reservations",
        "variant_names",
        "variants",
        "variants_new",
    )  # fmt: skip

    def __init__(self) -> None:
        self.orders_new: list[Order] = []
        self.orders: list[Order] = []
        # Only what these say while they wait is another one: no version, no event, no time.
        self.reasons: list[Order] = []
        self.lines_new: list[OwnLine] = []
        self.lines: list[OwnLine] = []
        self.lines_gone: list[OwnLine] = []
        self.events: list[Event] = []
        self.jobs: list[Job] = []
        self.jobs_done: list[Job] = []
        # By id and by name: the lines of a long array look here for what an earlier one made.
        self.customers_new: dict[bytes, Customer] = {}
        self.customers: dict[bytes, Customer] = {}
        self.customer_names: dict[tuple[int, str, str], CustomerName] = {}
        self.variants_new: dict[bytes, Variant] = {}
        self.variants: list[Variant] = []
        self.variant_names: dict[tuple[int, str, str], VariantName] = {}
        self.locations_new: list[Location] = []
        self.announced_new: list[Announced] = []
        self.announced_gone: list[tuple[int, str]] = []
        self.levels: dict[tuple[int, bytes, bytes], Level] = {}
        self.exact_stock: bool = False  # decided by the very numbers of a level: see Facts
        self.entries: list[StockEntry] = []
        self.reservations: list[Reservation] = []
        self.attempts: list[Attempt] = []
        self.others: dict[Kind[Any, Any], list[Any]] = {}

    def put(self, kind: Kind[K, R], row: R) -> None:
        """Make or change a row of a kind that has no list of its own here."""
        self.others.setdefault(kind, []).append(row)
