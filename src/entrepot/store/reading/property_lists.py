"""Lists that ask for a property: its index leads to the pages, and tallies say the totals."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.order_filter import OrderFilter
from entrepot.core.properties import spellings
from entrepot.store.engines.sql import Statement
from entrepot.store.reading import order_filter
from entrepot.store.reading.span_walk import Walk, Wanted, newest

# Numbers of which those without a path are listed at once.
LISTED = 256


def find(
    conn: Connection, org: int, wanted: OrderFilter, having: int, limit: int, offset: int
) -> Wanted:
    """The page's numbers and the exact total; `having` orders have the property at all."""
    alone, absent = order_filter.only_property(wanted), wanted.property_exists is False
    total = having if alone else _with_property(conn, org, wanted)
    if absent:
        plain = order_filter.plain(wanted)
        total = (newest(conn, org) if alone else Walk(conn, org, plain).total()) - total
    limit = min(limit, total - offset)
    if limit <= 0:
        return Wanted([], total)
    if not absent:
        return Wanted(_page_of_property(conn, org, wanted, limit, offset), total)
    if alone:
        return Wanted(_without(conn, org, wanted, limit, offset), total)
    return Wanted(Walk(conn, org, wanted).numbers(limit, offset), total)


def spelled(conn: Connection, org: int, wanted: OrderFilter) -> tuple[OrderFilter, int]:
    """The filter as an order fits it, and how many do: where none has the value as it is told, by
    another spelling of the number.
    """
    having = tallied(conn, org, wanted)
    if having or wanted.property_value is None:
        return wanted, having
    for other in spellings(wanted.property_value)[1:]:
        found = wanted._replace(property_value=other)
        if having := tallied(conn, org, found):
            return found, having
    return wanted, 0


def tallied(conn: Connection, org: int, wanted: OrderFilter) -> int:
    """How many orders have the path, or the value at it."""
    statement = Statement(conn)
    condition = " AND ".join(order_filter.of_tallies(wanted, statement, org))
    found = statement.fetch(f"SELECT orders FROM order_property_tallies WHERE {condition}")
    return int(found[0][0]) if found else 0


def _property_source(org: int, wanted: OrderFilter, statement: Statement) -> str:
    """Rows `p` of the orders that have the property and match the rest of the filter."""
    there = " AND ".join(order_filter.of_properties(wanted, statement, statement.mark(org)))
    conditions = order_filter.of_orders(order_filter.plain(wanted), statement)
    if not conditions:
        return f"FROM order_properties AS p WHERE {there}"
    same = "{0}.org = p.org AND {0}.number = p.number"
    joined = statement.sql.joined("orders", "o", same)
    where = " AND ".join([there, *conditions])
    return f"FROM order_properties AS p {joined} WHERE {where}"


def _with_property(conn: Connection, org: int, wanted: OrderFilter) -> int:
    """How many orders have the property, and match what else is asked for."""
    statement = Statement(conn)
    rows_sql = _property_source(org, wanted, statement)
    # An order has a path and value once, but may have a path with several values.
    counted = "*" if wanted.property_value is not None else "DISTINCT p.number"
    return statement.scalar(f"SELECT count({counted}) {rows_sql}")


def _page_of_property(
    conn: Connection, org: int, wanted: OrderFilter, limit: int, offset: int
) -> list[int]:
    """Index entries of a path, and of a value, lie in the order of the list."""
    statement = Statement(conn)
    rows_sql = _property_source(org, wanted, statement)
    distinct = "" if wanted.property_value is not None else "DISTINCT "
    page = f"LIMIT {statement.mark(limit)} OFFSET {statement.mark(offset)}"
    text = f"SELECT {distinct}p.number {rows_sql} ORDER BY p.number DESC {page}"
    return [row[0] for row in statement.fetch(text)]


def _without(conn: Connection, org: int, wanted: OrderFilter, limit: int, skip: int) -> list[int]:
    """The numbers of `limit` orders without the path, in descending order, after `skip` ones.

    Ranges without such an order are passed over, by counting the orders that have the path. The
    ranges grow while that succeeds, and shrink when it does not.
    """
    found: list[int] = []
    high, size = newest(conn, org), LISTED
    while high > 0 and len(found) < limit:
        low = max(1, high - size + 1)
        if size > LISTED:
            free = (
                high
                - low
                + 1
                - _having(conn, org, wanted, "count(DISTINCT p.number)", low, high)[0]
            )
            if free > skip:
                size //= 4
                continue
            skip -= free
        else:
            having = set(_having(conn, org, wanted, "p.number", low, high))
            listed = [number for number in range(high, low - 1, -1) if number not in having]
            found += listed[skip:]
            skip = max(0, skip - len(listed))
        high = low - 1
        size *= 2
    return found[:limit]


def _having(
    conn: Connection, org: int, wanted: OrderFilter, what: str, low: int, high: int
) -> list[int]:
    """`what` of the orders in this range of numbers that have the path."""
    statement = Statement(conn)
    within = f"p.number BETWEEN {statement.mark(low)} AND {statement.mark(high)}"
    there = order_filter.of_properties(wanted, statement, statement.mark(org), within)
    where = " AND ".join(there)
    return [
        row[0] for row in statement.fetch(f"SELECT {what} FROM order_properties AS p WHERE {where}")
    ]
