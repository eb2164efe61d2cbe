"""How many orders have a property, and how many were updated when: totals that need no counting.

Both are kept in the transaction that writes the orders (docs/adr/0008).
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from sqlalchemy import Connection

from entrepot.core.facts import Facts
from entrepot.pace import paced
from entrepot.store.engines.sql import Row, Write, sql_of
from entrepot.store.writing import counters
from entrepot.store.writing.writes import Writes

# Microseconds in a slot of each level: a minute, an hour, 60 hours; each divides the next one. The
# rows of a book say which sizes it was written with: others take a migration that fills it anew.
SLOTS = (60_000_000, 3_600_000_000, 216_000_000_000)
# The row with the value "" counts all orders that have the path. Real values are never empty.
ANY = ""

Pair = tuple[int, str, str]  # organization, path, value


def count_pairs(
    tallied: Counter[Pair], org: int, had: set[tuple[str, str]], has: set[tuple[str, str]]
) -> None:
    """Count what an order has, each path and value once, and no longer what it had."""
    for path, value in paced(had - has):
        tallied[org, path, value] -= 1
    for path, value in paced(has - had):
        tallied[org, path, value] += 1
    paths_before, paths_now = ({path for path, _ in pairs} for pairs in (had, has))
    for path in paced(paths_before - paths_now):
        tallied[org, path, ANY] -= 1
    for path in paced(paths_now - paths_before):
        tallied[org, path, ANY] += 1


def properties(writes: Writes, tallied: Counter[Pair]) -> None:
    """Raise and lower the tallies of these paths and values."""
    # Sorted, so that two processes cannot wait for each other.
    rows = sorted((*pair, orders) for pair, orders in paced(tallied.items()) if orders)
    statements = (_PROPERTIES[0], _PROPERTIES[1].format("SELECT * FROM {}"))
    writes.add(Write("order_property_tallies", *statements, _PROPERTY_TYPES, rows))


def updates(conn: Connection, writes: Writes, facts: Facts) -> None:
    """Count the batch's orders when they were updated now, and no longer when they were before.

    Now is the time of the commit, which PostgreSQL finds out while it writes.
    """
    orders, size = facts.orders, SLOTS[0]
    now = Counter([org for org, _ in (*orders.new, *orders.dirty)])
    before = Counter([(key[0], orders.base[key].updated_at // size) for key in orders.dirty])
    if sql_of(conn).numbers_first:
        slots = Counter({(org, facts.committed[org] // size): n for org, n in now.items()})
        slots.subtract(before)
        writes.add(Write("order_update_tallies", _UPDATES[0], "", (), _levels(slots)))
        return
    rows: list[Row] = [(org, None, orders) for org, orders in now.items()]
    rows += [(org, slot * size, -orders) for (org, slot), orders in before.items()]
    statement = _updates_postgres(counters.TAKEN, SLOTS)
    writes.add(Write("order_update_tallies", None, statement, ("bigint",) * 3, rows))


@lru_cache
def _updates_postgres(taken: str, sizes: tuple[int, ...]) -> str:
    """Adds orders to the slots of every level that a time lies in, or that of the commit."""
    levels = ", ".join(f"({level}::smallint, {size}::bigint)" for level, size in enumerate(sizes))
    counted = (
        "SELECT new.org, new.orders, coalesce(new.at, k.committed_at) AS at "
        f"FROM {{}} AS new(org, at, orders) JOIN {taken} AS k ON k.org = new.org"
    )
    return _UPDATES[1].format(
        f"SELECT org, level, at / size, sum(orders)::bigint FROM ({counted}) AS counted "
        f"CROSS JOIN (VALUES {levels}) AS levels(level, size) "
        "GROUP BY 1, 2, 3 HAVING sum(orders) <> 0 ORDER BY 1, 2, 3"
    )


def _levels(slots: Counter[tuple[int, int]]) -> list[Row]:
    """The rows of every level that the lowest one's changes add up to, sorted."""
    tallied: Counter[tuple[int, int, int]] = Counter()
    for (org, slot), orders in slots.items():
        for level, size in enumerate(SLOTS):
            tallied[org, level, slot * SLOTS[0] // size] += orders
    return sorted((*key, orders) for key, orders in tallied.items() if orders)


def _upsert_sql(table: str, keys: tuple[str, ...]) -> tuple[str, str]:
    """On SQLite; and on PostgreSQL, from `{}`."""
    insertion = f"INSERT INTO {table} AS t ({', '.join(keys)}, orders) "
    added = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET orders = t.orders + excluded.orders"
    marks = ", ".join("?" * (len(keys) + 1))
    return f"{insertion}VALUES ({marks}){added}", f"{insertion}{{}}{added}"


_PROPERTIES = _upsert_sql("order_property_tallies", ("org", "path", "value"))
_UPDATES = _upsert_sql("order_update_tallies", ("org", "level", "slot"))
_PROPERTY_TYPES = ("bigint", "text", "text", "bigint")
