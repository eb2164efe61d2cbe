"""Goods and shelves of an organization, for the operator's commands."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, func, or_, select

from entrepot.core.money import Amount
from entrepot.core.quantity import ONE, Quantity
from entrepot.store import schema
from entrepot.store.schema.conversion import bounded


class ListedVariant(NamedTuple):
    """A variant of the catalogue with what is on hand of it."""

    id: bytes
    sku: str
    price: Amount
    currency: str
    on_hand: Quantity


def listed_variants(conn: Connection, org: int) -> list[ListedVariant]:
    """The organization's variants that have a SKU, oldest first, with their stock."""
    v, levels = schema.variants.c, schema.stock_levels.c

    def summed(part: ColumnElement[int]) -> ScalarSelect[int]:
        its_levels = and_(levels.org == v.org, levels.variant_id == v.id)
        return select(func.coalesce(func.sum(part), 0)).where(its_levels).scalar_subquery()

    # Units and fractions apart: a sum over several locations may be more than 63 bits hold.
    units, rest = summed(levels.on_hand // ONE), summed(levels.on_hand % ONE)
    statement = (
        select(v.id, v.sku, v.price_units, v.price_scale, v.currency, units, rest)
        .where(v.org == org, v.sku.is_not(None))
        .order_by(v.id)
    )
    return [
        ListedVariant(
            row[0],
            row[1],
            Amount(row[2], bounded(row[3])),
            row[4],
            Quantity(int(row[5]) * ONE + int(row[6])),
        )
        for row in conn.execute(statement)
    ]


class Shelf(NamedTuple):
    """A variant at a location of which more is reserved than there is."""

    variant_id: bytes
    sku: str | None
    location_id: bytes
    location: str
    on_hand: Quantity
    reserved: Quantity


def oversold(conn: Connection, org: int) -> list[Shelf]:
    """The organization's shelves that HARD allocation does not allow."""
    level, v, location = schema.stock_levels.c, schema.variants.c, schema.locations.c
    its_variant = and_(v.org == level.org, v.id == level.variant_id)
    its_place = and_(location.org == level.org, location.id == level.location_id)
    statement = (
        select(
            level.variant_id, v.sku, level.location_id, location.name, level.on_hand, level.reserved
        )
        .join_from(schema.stock_levels, schema.variants, its_variant)
        .join(schema.locations, its_place)
        .where(level.org == org, or_(level.reserved > level.on_hand, level.on_hand < 0))
        .order_by(v.sku, level.variant_id, level.location_id)
    )
    return [Shelf._make(row) for row in conn.execute(statement)]
