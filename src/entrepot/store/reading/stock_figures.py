"""Figures of an organization's stock: how much there is, and what it is worth. Nothing here writes.

They are counted when they are asked for, over at most LOOKED_AT shelves, so that the largest book
answers as soon as a medium one. An answer says whether it saw all shelves.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.money import Amount
from entrepot.core.quantity import ONE, PLACES, Quantity
from entrepot.store.engines.sql import Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import products
from entrepot.store.schema.conversion import bounded

LOOKED_AT = 20_000
# A variant of which no more whole units are there than this is low.
LOW = 19
LOWEST = 5


class Lowest(NamedTuple):
    """A product of which little is there."""

    product_id: bytes
    name: str
    on_hand: Quantity


class StockFigures(NamedTuple):
    """The figures. `worth` is on hand times price, by currency. `whole`: all shelves were seen."""

    products: int
    low: int
    out: int
    worth: dict[str, Amount]
    lowest: list[Lowest]
    whole: bool


@asked_in("long")
def figures(conn: Connection, org: int) -> StockFigures:
    """The figures of variants whose stock is counted and that are not deleted."""
    statement = Statement(conn)
    mark = statement.mark
    rows = statement.fetch(
        "SELECT v.id, v.item_id, v.currency, v.price_units, v.price_scale, s.on_hand "
        f"FROM (SELECT t.variant_id, t.on_hand FROM stock_levels AS t WHERE t.org = {mark(org)} "
        f"ORDER BY t.variant_id, t.location_id LIMIT {mark(LOOKED_AT)}) AS s "
        f"JOIN variants AS v ON v.org = {mark(org)} AND v.id = s.variant_id "
        "WHERE v.deleted_at IS NULL"
    )
    worth: dict[str, Amount] = {}
    by_variant: dict[bytes, int] = {}
    by_product: dict[bytes, int] = {}
    for id_, item_id, currency, units, scale, on_hand in rows:
        key, product = bytes(id_), bytes(item_id)
        by_variant[key] = by_variant.get(key, 0) + on_hand
        by_product[product] = by_product.get(product, 0) + on_hand
        if currency:
            price = Amount(units * on_hand, bounded(scale) + PLACES)
            worth[currency] = _added(worth.get(currency, Amount(0, 0)), price)
    stocks = by_variant.values()
    return StockFigures(
        products=_products(conn, org),
        low=sum(ONE <= one < (LOW + 1) * ONE for one in stocks),
        out=sum(one < ONE for one in stocks),
        worth=worth,
        lowest=_lowest(conn, org, by_product),
        whole=_shelves(conn, org) <= LOOKED_AT,
    )


def _lowest(conn: Connection, org: int, on_hand: dict[bytes, int]) -> list[Lowest]:
    """The products of which the least is there, by their own names."""
    ids = sorted(on_hand, key=lambda id_: (on_hand[id_], id_))[:LOWEST]
    names = {one.product.id: one.product.name for one in products.full(conn, org, ids)}
    return [Lowest(id_, names[id_], Quantity(on_hand[id_])) for id_ in ids]


def _shelves(conn: Connection, org: int) -> int:
    """How many shelves there are, as far as anybody asks."""
    statement = Statement(conn)
    mark = statement.mark
    return statement.scalar(
        f"SELECT count(*) FROM (SELECT 1 FROM stock_levels AS s WHERE s.org = {mark(org)} "
        f"LIMIT {mark(LOOKED_AT + 1)}) AS seen"
    )


def _added(one: Amount, other: Amount) -> Amount:
    scale = max(one.scale, other.scale)
    return Amount(one.at(scale) + other.at(scale), scale)


def _products(conn: Connection, org: int) -> int:
    """All products less the deleted ones, counted by their indexes."""
    statement = Statement(conn)
    mark = statement.mark
    return statement.scalar(
        f"SELECT (SELECT count(*) FROM items AS i WHERE i.org = {mark(org)}) - (SELECT count(*) "
        f"FROM products AS p WHERE p.org = {mark(org)} AND p.status = 'deleted')"
    )
