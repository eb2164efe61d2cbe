"""Numbering orders, and tallies over ranges of numbers, so that lists need not read the book.

A span is a range of an organization's numbers. For each level of spans and each pair of Polinate's
words there is a row that says how many orders stand there and between which times they lie. They
are kept in the transaction that writes the orders (docs/adr/0008).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core.facts import Facts, Key
from entrepot.core.order import Order
from entrepot.store import bulk
from entrepot.store.bulk import Row
from entrepot.store.writes import Write, Writes

# Numbers in a span of each level; each size divides the next one. The rows of a book say which
# sizes it was written with: another choice takes a migration that fills order_spans anew.
SIZES = (128, 8_192, 524_288)

_COLUMNS = (
    "org", "level", "span", "phase", "status",
    "orders", "created_min", "created_max", "updated_min", "updated_max",
)  # fmt: skip
_KEYS = _COLUMNS[:5]


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


def number(conn: Connection, writes: Writes, facts: Facts) -> None:
    """Number the batch's new orders, as their ids rise.

    On PostgreSQL they are numbered by the statement that writes them, so that the organization's
    counter is locked for as short as can be: until then an order's number says how far behind the
    last one of its organization it comes, from 0 downwards. `numbered` follows.
    """
    dirt = facts.touched.get("orders")
    if dirt is None or not dirt.new:
        return
    by_org: dict[int, list[Key]] = {}
    for key in sorted(dirt.new):
        by_org.setdefault(key[0], []).append(key)
    wanted = [(org, len(keys)) for org, keys in by_org.items()]
    if bulk.is_sqlite(conn):
        last = {org: bulk.fetch(conn, _TAKE_SQLITE, (org, n))[0][1] for org, n in wanted}
    else:
        last = dict.fromkeys(by_org, 0)
        writes.add(Write("order_counters", None, _TAKE_POSTGRES, _TAKE_TYPES, wanted, name="taken"))
    for org, keys in by_org.items():
        for given, key in enumerate(keys, last[org] - len(keys) + 1):
            facts.orders[key] = Order._make((*facts.orders[key][:-1], given))


def numbered(returned: dict[str, list[Row]], facts: Facts) -> None:
    """Give the new orders the numbers that they were written with."""
    last: dict[int, int] = dict(returned.get("taken", ()))
    for key in facts.touched["orders"].new if last else ():
        order = facts.orders[key]
        facts.orders[key] = Order._make((*order[:-1], order.number + last[order.org]))


def tally(conn: Connection, writes: Writes, facts: Facts) -> None:
    """Count the batch's orders where they now stand, and no longer where they stood."""
    dirt = facts.touched.get("orders")
    if dirt is None:
        return
    counted = [_counted(facts.orders[key], 1) for key in dirt.new]
    for key in dirt.dirty - dirt.new:
        counted.append(_counted(facts.order_base[key], -1))
        counted.append(_counted(facts.orders[key], 1))
    if bulk.is_sqlite(conn):
        # Sorted, so that its tree is walked in one direction.
        rows = sorted(_levels(_leaves(counted)))
        writes.add(Write("order_spans", _UPSERT_SQLITE, "", (), rows))
    else:
        statement = _upsert_postgres(NUMBER if dirt.new else "v", SIZES)
        writes.add(Write("order_spans", None, statement, _COUNTED_TYPES, counted))


class _Counted(NamedTuple):
    """An order that stands somewhere from now on (1 `orders`), or no longer does (-1)."""

    org: int
    phase: str
    status: str
    orders: int
    created_at: int
    updated_at: int
    number: int


def _counted(order: Order, orders: int) -> _Counted:
    words = order.words
    return _Counted(
        order.org, words.polinate_phase, words.polinate_status, orders,
        order.created_at, order.updated_at, order.number,
    )  # fmt: skip


def _leaves(counted: list[_Counted]) -> dict[_Place, _Times]:
    """What the orders do to the rows of the lowest level."""
    leaves: dict[_Place, _Times] = {}
    for org, phase, status, orders, made, changed, number_ in counted:
        place = (org, (number_ - 1) // SIZES[0], phase, status)
        times = _Times(orders, made, made, changed, changed)
        known = leaves.get(place)
        leaves[place] = times if known is None else known.beside(times)
    return leaves


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
_TAKE_POSTGRES = _TAKE.format("SELECT * FROM {}")
_TAKE_TYPES = ("bigint", "bigint")
# The number of a new row of `new`, whose `v` says how far behind the last one it comes; a number
# that was there before stays.
NUMBER = (
    "CASE WHEN v > 0 THEN v ELSE v + (SELECT t.orders FROM taken AS t WHERE t.org = new.org) END"
)


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


@lru_cache
def _upsert_postgres(number_: str, sizes: tuple[int, ...]) -> str:
    """Adds counted orders up to the rows of every level, sorted, so that two processes cannot wait
    for each other.
    """
    levels = ", ".join(f"({level}::smallint, {size}::bigint)" for level, size in enumerate(sizes))
    names = ", ".join((*_Counted._fields[:-1], "v"))
    return _upsert_sql(
        "SELECT org, level, (number - 1) / size, phase, status, sum(orders)::bigint, "
        "min(created_at), max(created_at), min(updated_at), max(updated_at) "
        f"FROM (SELECT org, phase, status, orders, created_at, updated_at, {number_} AS number "
        f"FROM {{}} AS new({names})) AS counted "
        f"CROSS JOIN (VALUES {levels}) AS levels(level, size) "
        "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
        "least", "greatest",
    )  # fmt: skip


_UPSERT_SQLITE = _upsert_sql(f"VALUES ({', '.join('?' * len(_COLUMNS))})", "min", "max")
_COUNTED_TYPES = ("bigint", "text", "text", "bigint", "bigint", "bigint", "bigint")
