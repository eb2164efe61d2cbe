"""Going down the spans of an organization's numbers: what matches is counted and passed over by
tallies, and orders are looked at only where a page lies or where a time divides a span.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.store import bulk, order_filter, spans
from entrepot.store.order_filter import OrderFilter, Statement

# Spans of one level that are taken in at once; above that a coarser level comes first.
SPANS_AT_ONCE = 64


class Wanted(NamedTuple):
    """The numbers of a page's orders, falling, and how many orders match in all."""

    numbers: list[int]
    total: int


def newest(conn: Connection, org: int) -> int:
    """The number of the organization's newest order, which is how many it has."""
    statement = Statement(conn)
    org_mark = statement.mark(org)
    found = statement.fetch(f"SELECT orders FROM order_counters WHERE org = {org_mark}")
    return int(found[0][0]) if found else 0


class _Span(NamedTuple):
    """A span that may have matches: at most so many, and exactly that where it is `sure`."""

    span: int
    orders: int
    sure: bool


class Walk:
    """Goes down the levels of one organization's spans, newest first."""

    def __init__(self, conn: Connection, org: int, wanted: OrderFilter) -> None:
        self._conn, self._org, self._wanted = conn, org, wanted
        self.newest = newest(conn, org)
        sizes = spans.SIZES
        fitting = (n for n, size in enumerate(sizes) if self.newest <= size * SPANS_AT_ONCE)
        self._top = next(fitting, len(sizes) - 1)
        self._seen: dict[tuple[int, int], list[_Span]] = {}
        self._found: list[int] = []
        self._limit = self._skip = 0

    def total(self) -> int:
        """How many orders match, a property aside."""
        straddling: list[int] = []
        total = self._sum(self._top, self._all(), straddling)
        return total + self._look("count(*)", straddling)[0][0] if straddling else total

    def numbers(self, limit: int, offset: int) -> list[int]:
        """The numbers of so many matches, falling, after the newest `offset` ones."""
        self._limit, self._skip = limit, offset
        self._collect(self._top, self._all())
        return self._found

    def _sum(self, level: int, among: list[_Span], straddling: list[int]) -> int:
        total = 0
        for one in among:
            if one.sure:
                total += one.orders
            elif level == 0:
                straddling.append(one.span)
            else:
                total += self._sum(level - 1, self._below(level, one.span), straddling)
        return total

    def _collect(self, level: int, among: list[_Span]) -> None:
        if level == 0:
            self._collect_orders(among)
            return
        for one in among:
            if len(self._found) == self._limit:
                return
            if one.sure and one.orders <= self._skip:
                self._skip -= one.orders
            else:
                self._collect(level - 1, self._below(level, one.span))

    def _collect_orders(self, among: list[_Span]) -> None:
        """Look into as many spans at once as may have what is still wanted."""
        chosen: list[int] = []
        within = 0
        for one in among:
            if not chosen and one.sure and one.orders <= self._skip:
                self._skip -= one.orders
                continue
            chosen.append(one.span)
            within += one.orders
            if within >= self._skip + self._limit - len(self._found):
                self._take(chosen)
                chosen, within = [], 0
                if len(self._found) == self._limit:
                    return
        self._take(chosen)

    def _take(self, chosen: list[int]) -> None:
        if chosen:
            found = sorted((row[0] for row in self._look("o.number", chosen)), reverse=True)
            room = self._limit - len(self._found)
            self._found += found[self._skip : self._skip + room]
            self._skip = max(0, self._skip - len(found))

    def _all(self) -> list[_Span]:
        return self._spans(self._top, 0, self.newest // spans.SIZES[self._top])

    def _below(self, level: int, span: int) -> list[_Span]:
        ratio = spans.SIZES[level] // spans.SIZES[level - 1]
        return self._spans(level - 1, span * ratio, span * ratio + ratio - 1)

    def _spans(self, level: int, first: int, last: int) -> list[_Span]:
        if (level, first) in self._seen:
            return self._seen[level, first]
        statement = Statement(self._conn)
        said = [
            f"org = {statement.mark(self._org)}",
            f"level = {statement.mark(level)}",
            f"span BETWEEN {statement.mark(first)} AND {statement.mark(last)}",
            "orders > 0",
        ]
        some, every = order_filter.of_spans(self._wanted, statement)
        sure = f"sum(CASE WHEN {every} THEN orders ELSE 0 END)" if every else "sum(orders)"
        found = statement.fetch(
            f"SELECT span, CAST(sum(orders) AS BIGINT), CAST({sure} AS BIGINT) FROM order_spans "
            f"WHERE {' AND '.join(said + some)} GROUP BY span ORDER BY span DESC"
        )
        # What is tallied knows of no properties.
        known = self._wanted.property_path is None
        listed = [_Span(row[0], row[1], known and row[1] == row[2]) for row in found]
        self._seen[level, first] = listed
        return listed

    def _look(self, what: str, chosen: list[int]) -> list[bulk.Row]:
        """Ask the orders of these lowest spans that match."""
        statement = Statement(self._conn)
        ranges = _ranges(chosen)
        if statement.sqlite:
            pairs = ", ".join(f"({statement.mark(a)}, {statement.mark(b)})" for a, b in ranges)
            # CROSS keeps the planner from going through the orders and asking the list.
            source = f"(VALUES {pairs}) AS r CROSS JOIN orders AS o"
            said = [
                f"o.org = {statement.mark(self._org)}",
                "o.number BETWEEN r.column1 AND r.column2",
            ]
        else:
            lows, highs = (statement.mark(list(ends)) for ends in zip(*ranges, strict=True))
            # OFFSET keeps the planner from choosing another way in for the sake of a condition.
            source = (
                f"unnest({lows}::bigint[], {highs}::bigint[]) AS r(low, high) CROSS JOIN LATERAL "
                f"(SELECT i.* FROM orders AS i WHERE i.org = {statement.mark(self._org)} "
                "AND i.number BETWEEN r.low AND r.high OFFSET 0) AS o"
            )
            said = ["true"]
        where = " AND ".join(said + order_filter.of_orders(self._wanted, statement))
        return statement.fetch(f"SELECT {what} FROM {source} WHERE {where}")


def _ranges(chosen: list[int]) -> list[tuple[int, int]]:
    """The numbers of lowest spans, given falling; neighbours are joined."""
    size = spans.SIZES[0]
    ranges: list[tuple[int, int]] = []
    for span in chosen:
        low, high = span * size + 1, span * size + size
        if ranges and ranges[-1][0] == high + 1:
            ranges[-1] = (low, ranges[-1][1])
        else:
            ranges.append((low, high))
    return ranges
