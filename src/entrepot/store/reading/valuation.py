"""What stock is worth, page by page: of shelves, variants, locations, and all. Nothing here writes.

The reader of the log keeps these values, so a page costs the same in a book of any size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, literal, select, tuple_

from entrepot.core.costing import EVERYWHERE, Costing
from entrepot.core.quantity import Quantity
from entrepot.store import schema
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in

_shelves, _costs, _totals = schema.shelf_values.c, schema.variant_costs.c, schema.value_totals.c


class Valued(NamedTuple):
    """What so much of a variant at a location is worth. What is None is not told apart.

    `value` is in ten-thousandths of the currency. `currency` is None where no cost was ever told.
    """

    variant_id: bytes | None
    location_id: bytes | None
    quantity: Quantity | None
    value: int
    currency: str | None


class ShelfFilter(NamedTuple):
    """The shelves that are wanted, behind a variant and a location."""

    variant_id: bytes | None = None
    location_id: bytes | None = None
    after: tuple[bytes, bytes] | None = None


@asked_in("snapshot")
def costing(conn: Connection, org: int) -> Costing:
    """How far the log was valued, and the method."""
    kept, c = schema.COSTINGS, schema.stock_costing.c
    statement = select(*[c[name] for name in kept.columns]).where(c.org == org)
    row = conn.execute(statement).one_or_none()
    return Costing(org) if row is None else kept.readable_row(tuple(row))


@asked_in("snapshot")
def shelves(conn: Connection, org: int, wanted: ShelfFilter, limit: int) -> list[Valued]:
    """Up to `limit` shelves, by variant and location."""
    statement = Statement(conn)
    mark = statement.mark
    conditions, index = [f"s.org = {mark(org)}"], ""
    if wanted.variant_id is not None:
        conditions.append(f"s.variant_id = {mark(wanted.variant_id)}")
    if wanted.location_id is not None:
        conditions.append(f"s.location_id = {mark(wanted.location_id)}")
        index = "" if wanted.variant_id else statement.sql.by_index("shelf_values_at")
    if wanted.after is not None:
        conditions.append(f"(s.variant_id, s.location_id) > ({', '.join(map(mark, wanted.after))})")
    found = statement.fetch(
        "SELECT s.variant_id, s.location_id, s.quantity, s.value, c.currency "
        f"FROM shelf_values AS s{index} LEFT JOIN variant_costs AS c "
        f"ON c.org = s.org AND c.variant_id = s.variant_id WHERE {' AND '.join(conditions)} "
        f"ORDER BY s.variant_id, s.location_id LIMIT {mark(limit)}"
    )
    return list(map(_valued, found))


@asked_in("snapshot")
def variants(conn: Connection, org: int, after: bytes | None, limit: int) -> list[Valued]:
    """Up to `limit` variants behind an id: each with all its shelves together."""
    named = select(_shelves.variant_id).where(
        _shelves.org == org, _shelves.variant_id > (after or b"")
    )
    listed = named.distinct().order_by(_shelves.variant_id).limit(limit)
    ids = [variant_id for (variant_id,) in conn.execute(listed)]
    found = _selected().where(_shelves.org == org, _shelves.variant_id.in_(ids))
    summed: dict[bytes, Valued] = {}
    for row in conn.execute(found.order_by(_shelves.variant_id)):
        one, key = _valued(row)._replace(location_id=None), bytes(row.variant_id)
        known = summed.get(key)
        if known is not None:
            quantity = Quantity((known.quantity or 0) + (one.quantity or 0))
            one = one._replace(quantity=quantity, value=known.value + one.value)
        summed[key] = one
    return list(summed.values())


@asked_in("snapshot")
def totals(
    conn: Connection, org: int, after: tuple[bytes, str] | None, limit: int, *, by_location: bool
) -> list[Valued]:
    """Up to `limit` totals, a row for each currency: of locations, or of all of them together."""
    # No location has a smaller id than that of all of them together.
    where = _totals.location_id > EVERYWHERE if by_location else _totals.location_id == EVERYWHERE
    its = and_(_totals.org == org, where)
    statement = select(_totals.location_id, _totals.value, _totals.currency).where(its)
    if after is not None:
        statement = statement.where(_behind((_totals.location_id, _totals.currency), after))
    ordered = statement.order_by(_totals.org, _totals.location_id, _totals.currency).limit(limit)
    return [
        Valued(None, bytes(location_id) if by_location else None, None, int(value), currency)
        for location_id, value, currency in conn.execute(ordered)
    ]


def _behind(columns: tuple[Any, ...], values: tuple[Any, ...]) -> ColumnElement[bool]:
    """Whether a row comes behind these values, in the order of these columns."""
    known = [literal(one, column.type) for column, one in zip(columns, values, strict=True)]
    return tuple_(*columns) > tuple_(*known)


def _selected() -> Select[Any]:
    its = and_(_costs.org == _shelves.org, _costs.variant_id == _shelves.variant_id)
    return select(
        _shelves.variant_id, _shelves.location_id, _shelves.quantity, _shelves.value,
        _costs.currency,
    ).join_from(schema.shelf_values, schema.variant_costs, its, isouter=True)  # fmt: skip


def _valued(row: Any) -> Valued:
    variant_id, location_id, quantity, value, currency = row
    return Valued(bytes(variant_id), bytes(location_id), Quantity(quantity), value, currency)
