"""Tallies over ranges of orders' numbers, so that lists need not read the book.

A span is a range of an organization's numbers. For each level of spans, each stage and each state
of the goods there is a row: how many orders of the span stand there, and between which times they
lie. The rows are kept in the transaction that writes the orders (docs/adr/0008).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection

from entrepot.core.facets import goods
from entrepot.core.facts import Facts
from entrepot.core.order import Order
from entrepot.store.engines.sql import Write, sql_of
from entrepot.store.writing.counters import NUMBERED, TAKEN
from entrepot.store.writing.writes import Writes

# Numbers in a span of each level; each size divides the next one. The rows of a book say which
# sizes it was written with: another choice takes a migration that fills order_spans anew.
SIZES = (128, 8_192, 524_288)

_KEYS = ("org", "level", "span", "stage", "goods")
_TIMES = ("created_min", "created_max", "updated_min", "updated_max")
_COLUMNS = (*_KEYS, "orders", *_TIMES)


class _Times(NamedTuple):
    """The change of a batch to a row of order_spans."""

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


_Place = tuple[int, int, str, str]  # organization, span of the lowest level, stage, goods


def tally(conn: Connection, writes: Writes, facts: Facts) -> None:
    """Count the batch's orders where they now stand, and no longer where they stood."""
    orders = facts.orders
    now, known = orders.now, bool(facts.committed)
    counted: list[_Counted] = []
    for key in orders.new:
        order = now[key]
        times = (order.created_at, order.updated_at) if known else _UNKNOWN
        counted.append(_counted(order, 1, times))
    for key in orders.dirty:
        base, order = orders.base[key], now[key]
        counted.append(_counted(base, -1, (base.created_at, base.updated_at)))
        updated_at = order.updated_at if known else None
        counted.append(_counted(order, 1, (order.created_at, updated_at)))
    if sql_of(conn).numbers_first:
        # Sorted, so that its tree is walked in one direction.
        rows = sorted(_levels(_leaves(counted)))
        writes.add(Write("order_spans", _UPSERT_SQLITE, "", (), rows))
    else:
        writes.add(Write("order_spans", None, _upsert_postgres(SIZES), _COUNTED_TYPES, counted))


# A time that is unknown is that of the commit, where PostgreSQL finds it out.
_UNKNOWN = (None, None)
# An order that stands somewhere from now on (1 of `orders`), or no longer does (-1).
_COUNTED = ("org", "stage", "goods", "orders", "created_at", "updated_at", "number")
_Counted = tuple[int, str, str, int, int | None, int | None, int]


def _counted(order: Order, orders: int, times: tuple[int | None, int | None]) -> _Counted:
    facets = order.facets
    return (order.org, facets.stage, goods(facets), orders, *times, order.number)


def _leaves(counted: list[_Counted]) -> dict[_Place, _Times]:
    """The changes of the orders to rows of the lowest level."""
    # Most orders of a batch stand in one place and have one time: these are counted first.
    alike: dict[tuple[int, int, str, str, Any, Any], int] = {}
    for org, stage, its_goods, orders, made, changed, number_ in counted:
        one = (org, (number_ - 1) // SIZES[0], stage, its_goods, made, changed)
        alike[one] = alike[one] + orders if one in alike else orders
    leaves: dict[_Place, _Times] = {}
    for (*place, made, changed), orders in alike.items():
        span = cast("_Place", tuple(place))
        times = _Times(orders, made, made, changed, changed)
        known = leaves.get(span)
        leaves[span] = times if known is None else known.beside(times)
    return leaves


def _levels(leaves: dict[_Place, _Times]) -> list[tuple[Any, ...]]:
    """The rows of every level that the lowest one's changes add up to."""
    rows: dict[tuple[Any, ...], _Times] = {}
    for (org, leaf, stage, its_goods), times in leaves.items():
        for level, size in enumerate(SIZES):
            key = (org, level, leaf * SIZES[0] // size, stage, its_goods)
            known = rows.get(key)
            rows[key] = times if known is None else known.beside(times)
    return [(*key, *times) for key, times in rows.items()]


def _upsert_sql(rows_sql: str, least: str, greatest: str) -> str:
    sets = ", ".join(
        f"{column} = {function}(s.{column}, excluded.{column})"
        for column, function in zip(_TIMES, (least, greatest) * 2, strict=True)
    )
    return (
        f"INSERT INTO order_spans AS s ({', '.join(_COLUMNS)}) {rows_sql} "
        f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET orders = s.orders + excluded.orders, "
        + sets
    )


@lru_cache
def _upsert_postgres(sizes: tuple[int, ...]) -> str:
    """Adds counted orders up to the rows of every level, sorted, so that two processes cannot wait
    for each other.
    """
    levels = ", ".join(f"({level}::smallint, {size}::bigint)" for level, size in enumerate(sizes))
    names = ", ".join(_COUNTED)
    times = ", ".join(
        f"coalesce(new.{column}, k.committed_at) AS {column}"
        for column in ("created_at", "updated_at")
    )
    [(_, given)] = NUMBERED.columns
    number_ = f"CASE WHEN new.number > 0 THEN new.number ELSE {given} END AS number"
    return _upsert_sql(
        "SELECT org, level, (number - 1) / size, stage, goods, sum(orders)::bigint, "
        "min(created_at), max(created_at), min(updated_at), max(updated_at) "
        f"FROM (SELECT new.org, new.stage, new.goods, new.orders, {times}, {number_} "
        f"FROM {{}} AS new({names}) JOIN {TAKEN} AS k ON k.org = new.org) AS counted "
        f"CROSS JOIN (VALUES {levels}) AS levels(level, size) "
        "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
        "least", "greatest",
    )  # fmt: skip


_UPSERT_SQLITE = _upsert_sql(f"VALUES ({', '.join('?' * len(_COLUMNS))})", "min", "max")
_COUNTED_TYPES = ("bigint", "text", "text", "bigint", "bigint", "bigint", "bigint")
