"""How many orders have a property, and how many were updated when: totals that need no counting.

Both are kept in the transaction that writes the orders (docs/adr/0008).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from entrepot.core.facts import Facts
from entrepot.store.bulk import Row
from entrepot.store.writes import Write, Writes

# Microseconds in a slot of each level: a minute, an hour, 60 hours; each divides the next one. The
# rows of a book say which sizes it was written with: others take a migration that fills it anew.
SLOTS = (60_000_000, 3_600_000_000, 216_000_000_000)
# Stands in the tallies for any value: how many orders have the path. No value is spelled so.
ANY = ""

Pair = tuple[int, str, str]  # organization, path, value


def count_pairs(
    tallied: Counter[Pair], org: int, pairs: Iterable[tuple[str, str]], orders: int
) -> None:
    """Count what an order has, each path and value once, or with -1 `orders` what it had."""
    paths = set()
    for path, value in pairs:
        tallied[org, path, value] += orders
        paths.add(path)
    for path in paths:
        tallied[org, path, ANY] += orders


def properties(writes: Writes, tallied: Counter[Pair]) -> None:
    """Raise and lower the tallies of these paths and values."""
    # Sorted, so that two processes cannot wait for each other.
    rows = sorted((*pair, orders) for pair, orders in tallied.items() if orders)
    writes.add(Write("order_property_tallies", *_PROPERTIES, rows))


def updates(writes: Writes, facts: Facts) -> None:
    """Count the batch's orders when they were updated now, and no longer when they were before."""
    dirt = facts.touched.get("orders")
    if dirt is None:
        return
    slots: Counter[tuple[int, int]] = Counter()
    size = SLOTS[0]
    for key in dirt.new:
        slots[key[0], facts.orders[key].updated_at // size] += 1
    for key in dirt.dirty - dirt.new:
        before, after = facts.order_base[key].updated_at, facts.orders[key].updated_at
        if before // size != after // size:
            slots[key[0], before // size] -= 1
            slots[key[0], after // size] += 1
    writes.add(Write("order_update_tallies", *_UPDATES, _levels(slots)))


def _levels(slots: Counter[tuple[int, int]]) -> list[Row]:
    """The rows of every level that the lowest one's changes add up to, sorted."""
    tallied: Counter[tuple[int, int, int]] = Counter()
    for (org, slot), orders in slots.items():
        for level, size in enumerate(SLOTS):
            tallied[org, level, slot * SLOTS[0] // size] += orders
    return sorted((*place, orders) for place, orders in tallied.items() if orders)


def _upsert_sql(
    table: str, keys: tuple[str, ...], types: tuple[str, ...]
) -> tuple[str, str, tuple[str, ...]]:
    said = f"INSERT INTO {table} AS t ({', '.join(keys)}, orders) "
    added = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET orders = t.orders + excluded.orders"
    marks = ", ".join("?" * len(types))
    return f"{said}VALUES ({marks}){added}", f"{said}SELECT * FROM {{}}{added}", types


_PROPERTIES = _upsert_sql(
    "order_property_tallies", ("org", "path", "value"), ("bigint", "text", "text", "bigint")
)
_UPDATES = _upsert_sql(
    "order_update_tallies", ("org", "level", "slot"), ("bigint", "smallint", "bigint", "bigint")
)
