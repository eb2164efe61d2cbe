"""The orders of a page of a list, and the count of all that match, with as few reads as possible.

Lists are newest first: in descending order of number. docs/adr/0008 says what each filter costs.
"""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.order_filter import OrderFilter
from entrepot.store.engines.sql import Statement
from entrepot.store.reading import order_filter, property_lists
from entrepot.store.reading.span_walk import Walk, Wanted, newest
from entrepot.store.writing import tallies

# Up to this many orders are found by the time of their update, and more by spans.
FEW = 1_000


def find(conn: Connection, org: int, wanted: OrderFilter, limit: int, offset: int) -> Wanted:
    """The page's numbers and the exact total of a list with a filter."""
    having = 0
    if wanted.property_path is not None:
        wanted, having = property_lists.spelled(conn, org, wanted)
        if not having and wanted.property_exists is not False:
            return Wanted([], 0)
        # If no order has the property, the list is the list without the filter.
        wanted = wanted if having else order_filter.plain(wanted)
    updated = _updated(conn, org, wanted)
    if updated is not None and updated <= FEW:
        listed = _few_updated(conn, org, wanted) if updated else []
        return Wanted(listed[offset : offset + limit], len(listed))
    if having:
        return property_lists.find(conn, org, wanted, having, limit, offset)
    walk = Walk(conn, org, wanted)
    exact = updated is not None and order_filter.only_updated(wanted)
    total = updated if exact and updated is not None else walk.total()
    limit = min(limit, total - offset)
    return Wanted(walk.numbers(limit, offset) if limit > 0 else [], total)


def _updated(conn: Connection, org: int, wanted: OrderFilter) -> int | None:
    """How many orders were updated within the filter's times; None where it has none."""
    between = order_filter.updated_between(wanted)
    if between is None:
        return None
    after, until = between
    if after is not None and until is not None and after >= until:
        return 0
    later = newest(conn, org) if after is None else _updated_after(conn, org, after)
    return later - (0 if until is None else _updated_after(conn, org, until))


def _updated_after(conn: Connection, org: int, time: int) -> int:
    """How many orders were updated later: whole slots of time, and a look into the first one."""
    statement = Statement(conn)
    org_mark = statement.mark(org)
    first = [time // size for size in tallies.SLOTS]
    counted = []
    for level, slot in enumerate(first):
        condition = f"org = {org_mark} AND level = {statement.mark(level)}"
        condition += f" AND slot > {statement.mark(slot)}"
        if level + 1 < len(first):
            # Orders beyond the coarser slot are counted by that slot's level.
            above, size = tallies.SLOTS[level + 1], tallies.SLOTS[level]
            condition += f" AND slot < {statement.mark((first[level + 1] + 1) * above // size)}"
        counted.append(
            "SELECT CAST(coalesce(sum(orders), 0) AS BIGINT) FROM order_update_tallies "
            f"WHERE {condition}"
        )
    end = (first[0] + 1) * tallies.SLOTS[0]
    counted.append(
        f"SELECT count(*) FROM orders AS o WHERE o.org = {org_mark} "
        f"AND o.updated_at > {statement.mark(time)} AND o.updated_at < {statement.mark(end)}"
    )
    return sum(row[0] for row in statement.fetch(" UNION ALL ".join(counted)))


def _few_updated(conn: Connection, org: int, wanted: OrderFilter) -> list[int]:
    """The numbers of all matches, in descending order, if the times of updating leave few."""
    statement = Statement(conn)
    conditions = order_filter.of_orders(wanted, statement)
    where = " AND ".join([f"o.org = {statement.mark(org)}", *conditions])
    # Sorted here: asked to sort, the database might go by the numbers, through the whole book.
    found = statement.fetch(f"SELECT o.number FROM orders AS o WHERE {where}")
    return sorted((row[0] for row in found), reverse=True)
