"""Invoices, one by one and page by page, newest first. Nothing here writes.

Tallies say how many invoices of a range of numbers match (writing/invoices.py). A total is a sum of
tallies. A page is found by passing over ranges that have nothing of it. Invoices are looked at in
the lowest ranges only, each of which is known to have a match.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.invoices import Invoice, InvoiceFilter
from entrepot.core.properties import spellings
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading.span_walk import Range, within
from entrepot.store.writing.invoices import key_of
from entrepot.store.writing.list_tallies import INVOICE_PROPERTIES, INVOICES, NO_KEY
from entrepot.store.writing.properties import indexed
from entrepot.store.writing.spans import SIZES

_KEPT = schema.INVOICES
_TOP = len(SIZES) - 1


@asked_in("one statement")
def invoice(conn: Connection, org: int, invoice_id: bytes) -> Invoice | None:
    """The invoice with this id; None if the organization has none."""
    found = sql.select(conn, _KEPT.table, ("org", "id"), {(org, invoice_id)}, _KEPT.columns)
    return _KEPT.readable_row(found[0]) if found else None


@asked_in("one statement")
def of_order(conn: Connection, org: int, order_id: bytes) -> Invoice | None:
    """The invoice of an order; None where it has none."""
    found = sql.select(conn, _KEPT.table, ("org", "order_id"), {(org, order_id)}, _KEPT.columns)
    return _KEPT.readable_row(found[0]) if found else None


@asked_in("one statement")
def listed(conn: Connection, org: int, before: int | None, limit: int) -> list[Invoice]:
    """Up to `limit` invoices with smaller numbers than this one, in descending order."""
    statement = Statement(conn)
    columns = ", ".join(f'i."{name}"' for name in _KEPT.columns)
    below = "" if before is None else f" AND i.number < {statement.mark(before)}"
    found = statement.fetch(
        f"SELECT {columns} FROM invoices AS i WHERE i.org = {statement.mark(org)}{below} "
        f"ORDER BY i.number DESC LIMIT {statement.mark(limit)}"
    )
    return [_KEPT.readable_row(row) for row in found]


@asked_in("long")
def page(
    conn: Connection, org: int, wanted: InvoiceFilter, *, limit: int, offset: int
) -> tuple[list[Invoice], int]:
    """A page of invoices, newest first, and the number of all that match."""
    first = _first(conn, org, wanted.created_after)
    if first is None:
        return [], 0
    walk = _Walk(conn, org, wanted, first)
    total = walk.total()
    if not total and wanted.property_value is not None:
        # Where none has the number as it is told, another spelling of the number is looked for.
        for other in spellings(wanted.property_value)[1:]:
            walk = _Walk(conn, org, wanted._replace(property_value=other), first)
            if total := walk.total():
                break
    limit = min(limit, total - offset)
    numbers = walk.numbers(limit, offset) if limit > 0 else []
    keys: set[sql.Row] = {(org, number) for number in numbers}
    rows = sql.select(conn, _KEPT.table, ("org", "number"), keys, _KEPT.columns)
    found = sorted(map(_KEPT.readable_row, rows), key=lambda one: one.number, reverse=True)
    return found, total


def _first(conn: Connection, org: int, created_after: int | None) -> int | None:
    """The lowest number that a list wants: numbers and times of making rise together."""
    if created_after is None:
        return 1
    statement = Statement(conn)
    found = statement.fetch(
        f"SELECT number FROM invoices WHERE org = {statement.mark(org)} "
        f"AND created_at > {statement.mark(created_after)} ORDER BY created_at, number LIMIT 1"
    )
    return int(found[0][0]) if found else None


class _Tally(NamedTuple):
    """Tallies that count for (1) or against (-1) a match."""

    list: str
    key: bytes
    sign: int


class _Walk:
    """Goes down the levels of an organization's numbers, newest first, down to `first`."""

    def __init__(self, conn: Connection, org: int, wanted: InvoiceFilter, first: int) -> None:
        self._conn, self._org, self._wanted, self._first = conn, org, wanted, first
        self._key: bytes | None = None
        if wanted.property_path is not None:
            value = wanted.property_value
            of_value = "" if value is None else indexed(f"={value}")
            self._key = key_of(indexed(wanted.property_path), of_value)
        self._absent = wanted.property_exists is False
        self._tallies = [_Tally(INVOICES, NO_KEY, 1)]
        if self._key is not None:
            having = _Tally(INVOICE_PROPERTIES, self._key, -1 if self._absent else 1)
            self._tallies = [*self._tallies, having] if self._absent else [having]
        self._left, self._skip = 0, 0
        self._found: list[int] = []

    def total(self) -> int:
        """How many invoices match."""
        # Whole ranges of each level that the range above does not hold, and the rest of the lowest.
        total, starts = 0, [(self._first - 1) // size for size in SIZES]
        for level, start in enumerate(starts):
            end = None
            if level < _TOP:
                end = (starts[level + 1] + 1) * (SIZES[level + 1] // SIZES[level]) - 1
            total += sum(count for _, count in self._slots(level, start + 1, end))
        return total + len(self._look([starts[0]]))

    def numbers(self, limit: int, offset: int) -> list[int]:
        """The numbers of `limit` matches, in descending order, after the newest `offset` ones."""
        self._left, self._skip, self._found = limit, offset, []
        self._go_into(_TOP, (self._first - 1) // SIZES[_TOP], None)
        return self._found

    def _go_into(self, level: int, low: int, high: int | None) -> None:
        leaves: list[int] = []
        there = 0
        begins = (self._first - 1) // SIZES[level]
        for slot, count in self._slots(level, low, high):
            if slot > begins and count <= self._skip:
                self._skip -= count
                continue
            if level:
                ratio = SIZES[level] // SIZES[level - 1]
                lowest = max(slot * ratio, (self._first - 1) // SIZES[level - 1])
                self._go_into(level - 1, lowest, slot * ratio + ratio - 1)
            else:
                leaves.append(slot)
                there += count
                if there >= self._skip + self._left:
                    self._take(leaves)
                    leaves, there = [], 0
            if not self._left:
                return
        self._take(leaves)

    def _take(self, leaves: list[int]) -> None:
        found = self._look(leaves)
        taken = found[self._skip : self._skip + self._left]
        self._skip = max(0, self._skip - len(found))
        self._found += taken
        self._left -= len(taken)

    def _slots(self, level: int, low: int, high: int | None) -> list[tuple[int, int]]:
        """The ranges of a level that have matches, with how many, the newest first."""
        statement = Statement(self._conn)
        mark = statement.mark
        ends = "" if high is None else f" AND slot <= {mark(high)}"
        same = (
            f"org = {mark(self._org)} AND word = {mark(self._wanted.status or '')} "
            f"AND level = {level} AND slot >= {mark(low)}{ends}"
        )
        both = " UNION ALL ".join([
            f"SELECT slot, {one.sign} * counted AS n FROM list_tallies "
            f"WHERE {same} AND list = {mark(one.list)} AND key = {mark(one.key)}"
            for one in self._tallies
        ])  # fmt: skip
        found = statement.fetch(
            f"SELECT slot, CAST(sum(n) AS BIGINT) FROM ({both}) AS t "
            "GROUP BY slot HAVING sum(n) > 0 ORDER BY slot DESC"
        )
        return [(row[0], row[1]) for row in found]

    def _look(self, leaves: list[int]) -> list[int]:
        """The numbers of the matches in these lowest ranges, in descending order."""
        if not leaves:
            return []
        statement, size = Statement(self._conn), SIZES[0]
        ranges: list[Range] = [
            (max(self._first, slot * size + 1), slot * size + size) for slot in leaves
        ]
        rows_sql = within(ranges, statement, "invoices", "number", org=self._org)
        conditions = []
        if self._wanted.status is not None:
            conditions.append(f"o.status = {statement.mark(self._wanted.status)}")
        if self._key is not None:
            its = (
                "SELECT 1 FROM invoice_properties AS p WHERE p.org = o.org "
                f"AND p.invoice_id = o.id AND p.key = {statement.mark(self._key)}"
                f"{statement.sql.fence}"
            )
            conditions.append(f"{'NOT ' if self._absent else ''}EXISTS ({its})")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        found = statement.fetch(f"SELECT o.number FROM {rows_sql}{where}")
        return sorted((row[0] for row in found), reverse=True)
