"""Copies of the pattern's orders: the same rows under fresh ids, keys, times and numbers."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bench.fill_pattern import BATCH, NAME, PHONE, SHAPES
from bench.fill_rules import (
    ABSENT,
    BILLED,
    BY_CUSTOMER,
    BY_INVOICE,
    ID,
    LOGGED,
    NUMBER,
    OWNER,
    SHIFT,
    TIME,
    TOLD,
    UNSEALED,
    checked,
)
from entrepot.core import ids
from entrepot.core.payment_keys import authorisation_key, operation_key
from entrepot.store import schema

MILLISECOND = 1_000
YEAR = 365 * 86_400 * 1_000_000
# How many times longer a copy's steps may take than the pattern's: milliseconds become days.
STRETCH_MAX = 1_000_000
# Orders of one batch, by Polinate's property: the same in a book of any size.
BATCH_ORDERS = 600

Row = list[Any]
Rows = dict[str, list[Row]]  # by table


class Copy:
    """Values of one copy: begin (microseconds), stretch, number, how many events and invoices come
    before its own, key, batch, and its ids.
    """

    __slots__ = ("batch", "begin", "billed", "ids", "key", "logged", "number", "stretch")

    def __init__(
        self, begin: int, stretch: int, number: int, logged: int, billed: int, key: str
    ) -> None:
        self.begin = begin
        self.stretch = stretch
        self.number = number
        self.logged = logged
        self.billed = billed
        self.key = key
        self.batch = f"b{number // BATCH_ORDERS}"
        self.ids: dict[bytes, bytes] = {}


Make = Callable[[Copy], Any]


class Shape:
    """One order of the pattern with all rows that are its own, ready to be copied."""

    def __init__(self, at: int, order: bytes, rows: Rows, secret: bytes) -> None:
        self._key = NAME.format(at)
        self._begin: int = _of(rows, "orders", "created_at")[0]
        self._minted = list(dict.fromkeys([order, *_minted(rows)]))
        self._numbers = sorted(_of(rows, "events", "number"))
        holes = self._holes(order, rows, secret)
        # The longest first: a key may begin like another text.
        texts = sorted(holes, key=len, reverse=True)
        self._holes_found = re.compile("|".join(map(re.escape, texts)))
        self._makers = holes
        self.lasts = 0
        self.rows = [
            (table, row, self._changes(table, row)) for table in rows for row in rows[table]
        ]

    def _holes(self, order: bytes, rows: Rows, secret: bytes) -> dict[str, Make]:
        """Texts that stand for what is the pattern's own, and what stands for the copy's."""
        holes: dict[str, Make] = {self._key: lambda copy: copy.key, BATCH: lambda copy: copy.batch}
        holes[PHONE] = lambda copy: f"555{copy.number:07d}"
        for old in self._minted:
            for spell in (ids.dashed, bytes.hex, ids.internal_reference):
                holes[spell(old)] = _spelled(spell, old)
        columns = ("org", "payment", "number", "kind", "key")
        for org, payment, number, kind, key in zip(
            *(_of(rows, "payment_operations", name) for name in columns), strict=True
        ):
            holes[key] = first = _paid(secret, org, order, payment)
            if kind != "authorise":
                holes[key] = _further(first, org, order, kind, number)
        return holes

    def _changes(self, table: str, row: Row) -> list[tuple[int, Make]]:
        rules, found = _RULES[table], []
        for at, column in enumerate(schema.metadata.tables[table].columns):
            make = None if row[at] is None else self._make(rules[column.name], row[at])
            if rules[column.name] == LOGGED:
                make = _logged(1 + self._numbers.index(row[at]))
            if make is not None:
                found.append((at, make))
        return found

    def _make(self, rule: str, old: Any) -> Make | None:
        if rule == ID and old in self._minted:
            return lambda copy: copy.ids[old]
        if rule == NUMBER:
            return lambda copy: copy.number
        if rule == BILLED:
            return lambda copy: copy.billed + 1
        if rule == TOLD:
            return self._told(old)
        if rule == UNSEALED:
            return lambda _: old[:16]
        if rule == ABSENT:
            return lambda _: None
        if rule not in (TIME, SHIFT):
            return None
        after = old - self._begin
        if rule == SHIFT:
            return lambda copy: copy.begin + after
        self.lasts = max(self.lasts, after)
        return lambda copy: copy.begin + after * copy.stretch

    def _told(self, old: str | bytes) -> Make | None:
        if isinstance(old, bytes):
            inner = self._told(old.decode())
            return None if inner is None else lambda copy: inner(copy).encode()
        holes = self._holes_found.findall(old)
        if not holes:
            return None
        first, *others = self._holes_found.split(old)
        parts = list(zip([self._makers[hole] for hole in holes], others, strict=True))
        return lambda copy: first + "".join([make(copy) + text for make, text in parts])

    def copy(self, copy: Copy, chance: random.Random, into: Rows) -> bytes:
        """Append the copy's rows to those of their tables; its order's id."""
        moment = copy.begin // MILLISECOND << 80 | 0x7 << 76 | 0b10 << 62
        for at, old in enumerate(self._minted):
            fresh = moment | at << 64 | chance.getrandbits(62)
            copy.ids[old] = fresh.to_bytes(16, "big")
        for table, row, changes in self.rows:
            made = row.copy()
            for at, make in changes:
                made[at] = make(copy)
            into[table].append(made)
        return copy.ids[self._minted[0]]


_RULES = checked()


def _logged(place: int) -> Make:
    return lambda copy: copy.logged + place


def _spelled(spell: Callable[[bytes], str], old: bytes) -> Make:
    return lambda copy: spell(copy.ids[old])


def _paid(secret: bytes, org: int, order: bytes, payment: int) -> Make:
    return lambda copy: authorisation_key(secret, org, copy.ids[order], payment)


def _further(first: Make, org: int, order: bytes, kind: str, number: int) -> Make:
    return lambda copy: operation_key(first(copy), org, copy.ids[order], kind, number)


def _of(rows: Rows, table: str, column: str) -> list[Any]:
    at = list(schema.metadata.tables[table].columns.keys()).index(column)
    return [row[at] for row in rows[table]]


def _minted(rows: Rows) -> Iterator[bytes]:
    """The ids that rows of these were made under."""
    for table in ("order_lines", "customers", "stock_entries", "shipments", "returns", "invoices"):
        yield from _of(rows, table, "id")


class Shelf(NamedTuple):
    """A shelf: where a variant lies."""

    org: int
    variant_id: bytes
    location_id: bytes


class Pattern:
    """All orders of the pattern, as they lie in the book: read whole, and by whose they are."""

    def __init__(self, found: Rows, secret: bytes) -> None:
        self.found = found
        self._owned = [self._rows_of(at, found) for at in range(len(SHAPES))]
        self.shapes = [
            Shape(at, order, rows, secret) for at, (order, rows) in enumerate(self._owned)
        ]
        self._weights = [shape.weight for shape in SHAPES]

    @staticmethod
    def _rows_of(at: int, found: Rows) -> tuple[bytes, Rows]:
        key = NAME.format(at)
        named = zip(
            *(_of(found, "orders", column) for column in
              ("id", "customer_id", "idempotency_key", "sender_id")),
            strict=True,
        )  # fmt: skip
        [(order, customer)] = [(one[0], one[1]) for one in named if key in one[2:]]
        billed = zip(_of(found, "invoices", "order_id"), _of(found, "invoices", "id"), strict=True)
        invoices = {id_ for of, id_ in billed if of == order}
        rows: Rows = {}
        for table, column in OWNER.items():
            if table in BY_CUSTOMER | BY_INVOICE:
                its = {customer} if table in BY_CUSTOMER else invoices
            else:
                its = {order, *invoices} if table == "events" else {order}
            owners = _of(found, table, column)
            rows[table] = [row for row, of in zip(found[table], owners, strict=True) if of in its]
        return order, rows

    def choose(self, count: int, chance: random.Random) -> list[int]:
        """Which shapes so many copies have, by their weights."""
        return chance.choices(range(len(SHAPES)), self._weights, k=count)

    def stock(self, copies: Counter[int]) -> dict[Shelf, tuple[int, int]]:
        """Stock that these copies of each shape put on each shelf, without the pattern's own: units
        reserved, and units of the ledger.
        """
        left: Counter[Shelf] = Counter()
        reserved: Counter[Shelf] = Counter()
        for at, (_, rows) in enumerate(self._owned):
            more = copies[at] - 1
            for shelf, units in _shelves(rows, "stock_entries", "delta"):
                left[shelf] += units * more
            held = [state in ("held", "committed") for state in _of(rows, "reservations", "state")]
            claims = _shelves(rows, "reservations", "quantity")
            gone = _shelves(rows, "reservations", "shipped")
            for (shelf, units), (_, shipped), counts in zip(claims, gone, held, strict=True):
                reserved[shelf] += (units - shipped) * more * counts
        return {shelf: (reserved[shelf], left[shelf]) for shelf in left.keys() | reserved.keys()}


def _shelves(rows: Rows, table: str, units: str) -> list[tuple[Shelf, int]]:
    columns = [_of(rows, table, name) for name in (*Shelf._fields, units)]
    return [(Shelf(*one[:3]), one[3]) for one in zip(*columns, strict=True)]


class Copied(NamedTuple):
    """How many orders are copied already, and how many events and invoices with them."""

    orders: int = 0
    events: int = 0
    invoices: int = 0


def copies(
    pattern: Pattern, copied: Copied, chosen: list[int], begins: Callable[[int], int], latest: int,
    chance: random.Random,
) -> tuple[Rows, list[bytes]]:  # fmt: skip
    """The rows of copies numbered behind those that are `copied`, by table and key, and the orders'
    ids.

    `begins` says when the order of a number began; nothing of it is later than `latest`.
    """
    into: Rows = {table: [] for table in OWNER}
    orders = []
    for number, at in enumerate(chosen, copied.orders + 1):
        shape, begin = pattern.shapes[at], begins(number)
        room = (latest - begin) // (shape.lasts or 1)
        stretch = chance.randint(1, max(1, min(STRETCH_MAX, room)))
        key = f"{chance.getrandbits(32):08x}-filled-{number}"
        events, invoices = (len(into[table]) for table in ("events", "invoices"))
        copy = Copy(begin, stretch, number, copied.events + events, copied.invoices + invoices, key)
        orders.append(shape.copy(copy, chance, into))
    for table, rows in into.items():
        keys = schema.metadata.tables[table].primary_key.columns.keys()
        columns = schema.metadata.tables[table].columns.keys()
        places = [list(columns).index(key) for key in keys]
        rows.sort(key=lambda row, places=places: [row[at] for at in places])  # type: ignore[misc]
    return into, orders
