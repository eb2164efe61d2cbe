"""Going down the spans of an organization's numbers: what matches is counted and passed over by
tallies, and orders are looked at only where a page lies or where a time divides a span.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.order_filter import OrderFilter
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement
from entrepot.store.reading import order_filter
from entrepot.store.writing import spans

# Spans of one level that are taken in at once; above that a coarser level comes first.
SPANS_AT_ONCE = 64
# The first page is looked for in this many of the newest lowest spans first.
NEWEST = 16


class Wanted(NamedTuple):
    """The numbers of a page's orders, in descending order, and how many orders match in all."""

    numbers: list[int]
    total: int


def newest(conn: Connection, org: int) -> int:
    """The number of the organization's newest order, which is how many it has."""
    statement = Statement(conn)
    org_mark = statement.mark(org)
    found = statement.fetch(f"SELECT orders FROM order_counters WHERE org = {org_mark}")
    return int(found[0][0]) if found else 0


class _Span(NamedTuple):
    """A span that may have matches: at most `orders` of them, and exactly that many if it is
    `sure`.
    """

    span: int
    orders: int
    sure: bool


class Walk:
    """Goes down the levels of one organization's spans, newest first, a statement for each."""

    def __init__(self, conn: Connection, org: int, wanted: OrderFilter) -> None:
        self._conn, self._org, self._wanted = conn, org, wanted
        self.newest = newest(conn, org)
        if wanted.before is not None:
            self.newest = max(0, min(self.newest, wanted.before - 1))
        sizes = spans.SIZES
        fitting = (n for n, size in enumerate(sizes) if self.newest <= size * SPANS_AT_ONCE)
        self._top = next(fitting, len(sizes) - 1)
        self._whole: list[_Span] | None = None
        self._found: list[int] = []
        self._limit = self._skip = 0
        self._end = self.newest // sizes[0] + 1  # of the lowest spans; those beyond are done with

    def total(self) -> int:
        """How many orders match, a property aside."""
        return self._sum(self._top, self._all())

    def numbers(self, limit: int, offset: int) -> list[int]:
        """The numbers of `limit` matches, in descending order, after the newest `offset` ones."""
        self._limit, self._skip = limit, offset
        if self._top and not offset:
            # The first page mostly lies in the newest spans, however large the book is.
            first = max(0, self._end - NEWEST)
            self._collect(0, self._spans(0, [(first, self._end - 1)]))
            self._end = first
        if len(self._found) < limit:
            self._collect(self._top, self._all())
        return self._found

    def _sum(self, level: int, among: list[_Span]) -> int:
        total = sum(one.orders for one in among if one.sure)
        divided = [one.span for one in among if not one.sure]
        if not divided:
            return total
        if level == 0:
            counted: int = self._look("count(*)", divided)[0][0]
            return total + counted
        starts = range(0, len(divided), SPANS_AT_ONCE)
        parts = [divided[start : start + SPANS_AT_ONCE] for start in starts]
        return total + sum(self._sum(level - 1, self._below(level, part)) for part in parts)

    def _collect(self, level: int, among: list[_Span]) -> None:
        """Go into as many spans at once as may have what is still wanted."""
        chosen: list[int] = []
        within = 0
        for one in among:
            if level == 0 and one.span >= self._end:
                continue
            if not chosen and one.sure and one.orders <= self._skip:
                self._skip -= one.orders
                continue
            chosen.append(one.span)
            within += one.orders
            missing = self._skip + self._limit - len(self._found)
            if within >= missing or len(chosen) == SPANS_AT_ONCE:
                self._go_into(level, chosen)
                chosen, within = [], 0
                if len(self._found) == self._limit:
                    return
        if chosen:
            self._go_into(level, chosen)

    def _go_into(self, level: int, chosen: list[int]) -> None:
        if level:
            self._collect(level - 1, self._below(level, chosen))
            return
        found = sorted((row[0] for row in self._look("o.number", chosen)), reverse=True)
        room = self._limit - len(self._found)
        self._found += found[self._skip : self._skip + room]
        self._skip = max(0, self._skip - len(found))

    def _all(self) -> list[_Span]:
        if self._whole is None:
            self._whole = self._spans(self._top, [(0, self.newest // spans.SIZES[self._top])])
        return self._whole

    def _below(self, level: int, chosen: list[int]) -> list[_Span]:
        """The spans that these ones are made of, as far as they may have matches."""
        ratio = spans.SIZES[level] // spans.SIZES[level - 1]
        return self._spans(level - 1, [(n * ratio, n * ratio + ratio - 1) for n in chosen])

    def _spans(self, level: int, ranges: list[Range]) -> list[_Span]:
        statement = Statement(self._conn)
        rows_sql = within(ranges, statement, "order_spans", "span", org=self._org, level=level)
        some, every = order_filter.of_spans(self._wanted, statement)
        sure = f"sum(CASE WHEN {every} THEN orders ELSE 0 END)" if every else "sum(orders)"
        found = statement.fetch(
            f"SELECT span, CAST(sum(orders) AS BIGINT), CAST({sure} AS BIGINT) FROM {rows_sql} "
            f"WHERE {' AND '.join(['orders > 0', *some])} GROUP BY span ORDER BY span DESC"
        )
        # Tallies of spans know of no properties.
        known = self._wanted.property_path is None
        return [_Span(row[0], row[1], known and row[1] == row[2]) for row in found]

    def _look(self, what: str, chosen: list[int]) -> list[sql.Row]:
        """Ask the orders of these lowest spans that match."""
        statement, size = Statement(self._conn), spans.SIZES[0]
        ranges = [(n * size + 1, n * size + size) for n in chosen]
        rows_sql = within(ranges, statement, "orders", "number", org=self._org)
        conditions = order_filter.of_orders(self._wanted, statement)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return statement.fetch(f"SELECT {what} FROM {rows_sql}{where}")


Range = tuple[int, int]  # from the first to the last


def within(ranges: list[Range], statement: Statement, table: str, key: str, **same: int) -> str:
    """The rows `o` of a table that have the `same` values, and a key in one of the ranges."""
    conditions = [f"{{0}}.{name} = {statement.mark(value)}" for name, value in same.items()]
    wanted = " AND ".join([*conditions, f"{{0}}.{key} BETWEEN r.low AND r.high"])
    listed = statement.sql.ranges(statement.mark, _joined(ranges))
    # The planner neither asks the list for each row of the table, nor goes another way in for the
    # sake of a condition.
    return f"{listed} {statement.sql.joined(table, 'o', wanted)}"


def _joined(ranges: list[Range]) -> list[Range]:
    """Ranges, given in descending order, with neighbours joined."""
    joined: list[Range] = []
    for low, high in ranges:
        if joined and joined[-1][0] == high + 1:
            joined[-1] = (low, joined[-1][1])
        else:
            joined.append((low, high))
    return joined
