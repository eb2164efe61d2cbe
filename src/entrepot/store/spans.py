"""Numbering orders, and tallies over ranges of numbers, so that lists need not read the book.

A span is a range of an organization's numbers. For each level of spans and each pair of Polinate's
words there is a row that says how many orders stand there and between which times they lie. They
are kept in the transaction that writes the orders (docs/adr/0008).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core.facts import Facts, Key
from entrepot.core.order import Order
from entrepot.store import bulk
from entrepot.store.bulk import Write, Writes

# Numbers in a span of each level; each size divides the next one. The rows of a book say which
# sizes it was written with: another choice takes a migration that fills order_spans anew.
SIZES = (128, 8_192, 524_288)

_COLUMNS = (
    "org", "level", "span", "phase", "status",
    "orders", "created_min", "created_max", "updated_min", "updated_max",
)  # fmt: skip
_KEYS = _COLUMNS[:5]
_TYPES = ("bigint", "smallint", "bigint", "text", "text", *["bigint"] * 5)


class _Times(NamedTuple):
    """What a batch does to a row of order_spans."""

    orders: int
    created_min: int
    created_max: int
    updated_min: int
    updated_max: int

    def beside(self, other: _Times) -> _Times:
        if self[1:] == other[1:]:  # as new orders of one batch are
            return _Times(self.orders + other.orders, *self[1:])
        return _Times(
            self.orders + other.orders,
            min(self.created_min, other.created_min),
            max(self.created_max, other.created_max),
            min(self.updated_min, other.updated_min),
            max(self.updated_max, other.updated_max),
        )


_Place = tuple[int, int, str, str]  # organization, span of the lowest level, phase, status


def number(conn: Connection, facts: Facts) -> None:
    """Number the batch's new orders, as their ids rise. On PostgreSQL the organization's counter
    stays locked until the commit, so that numbers become visible in their order.
    """
    dirt = facts.touched.get("orders")
    if dirt is None or not dirt.new:
        return
    by_org: dict[int, list[Key]] = {}
    for key in sorted(dirt.new):
        by_org.setdefault(key[0], []).append(key)
    taken = _take(conn, [(org, len(keys)) for org, keys in by_org.items()])
    for org, keys in by_org.items():
        for given, key in enumerate(keys, taken[org] - len(keys) + 1):
            facts.orders[key] = Order._make((*facts.orders[key][:-1], given))


def tally(writes: Writes, facts: Facts) -> None:
    """Count the batch's orders where they now stand, and no longer where they stood."""
    dirt = facts.touched.get("orders")
    if dirt is None:
        return
    leaves: dict[_Place, _Times] = {}
    for key in dirt.new:
        _count(leaves, facts.orders[key], 1)
    for key in dirt.dirty - dirt.new:
        _count(leaves, facts.order_base[key], -1)
        _count(leaves, facts.orders[key], 1)
    # Sorted, so that two processes cannot wait for each other.
    rows = sorted(_levels(leaves))
    writes.add(Write("order_spans", _UPSERT_SQLITE, _UPSERT_POSTGRES, _TYPES, rows))


def _count(leaves: dict[_Place, _Times], order: Order, orders: int) -> None:
    words = order.words
    span = (order.number - 1) // SIZES[0]
    place = (order.org, span, words.polinate_phase, words.polinate_status)
    made, changed = order.created_at, order.updated_at
    times = _Times(orders, made, made, changed, changed)
    known = leaves.get(place)
    leaves[place] = times if known is None else known.beside(times)


def _levels(leaves: dict[_Place, _Times]) -> list[tuple[Any, ...]]:
    """The rows of every level that the lowest one's changes add up to."""
    rows: dict[tuple[Any, ...], _Times] = {}
    for (org, leaf, phase, status), times in leaves.items():
        for level, size in enumerate(SIZES):
            key = (org, level, leaf * SIZES[0] // size, phase, status)
            known = rows.get(key)
            rows[key] = times if known is None else known.beside(times)
    return [(*key, *times) for key, times in rows.items()]


_TAKE = (
    "INSERT INTO order_counters AS c (org, orders) {} "
    "ON CONFLICT (org) DO UPDATE SET orders = c.orders + excluded.orders RETURNING org, orders"
)
_TAKE_SQLITE = _TAKE.format("VALUES (?, ?)")
_TAKE_POSTGRES = _TAKE.format("SELECT * FROM unnest($1::bigint[], $2::bigint[])")


def _take(conn: Connection, wanted: list[tuple[int, int]]) -> dict[int, int]:
    """Raise each organization's counter by so many; where it then stands."""
    if conn.dialect.name == "sqlite":
        found = [bulk.fetch(conn, _TAKE_SQLITE, one)[0] for one in wanted]
    else:
        found = bulk.fetch(conn, _TAKE_POSTGRES, tuple(zip(*wanted, strict=True)))
    return {row[0]: row[1] for row in found}


def _upsert_sql(source: str, least: str, greatest: str) -> str:
    sets = ", ".join(
        f"{column} = {function}(s.{column}, excluded.{column})"
        for column, function in zip(_COLUMNS[6:], (least, greatest) * 2, strict=True)
    )
    return (
        f"INSERT INTO order_spans AS s ({', '.join(_COLUMNS)}) {source} "
        f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET orders = s.orders + excluded.orders, "
        + sets
    )


_UPSERT_SQLITE = _upsert_sql(f"VALUES ({', '.join('?' * len(_COLUMNS))})", "min", "max")
_UPSERT_POSTGRES = _upsert_sql("SELECT * FROM {}", "least", "greatest")
