"""What is asked about products, among twins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from entrepot.core.products import FullProduct
from entrepot.store import schema
from entrepot.store.keeping import costing
from entrepot.store.reading import (
    bulk_jobs,
    goods,
    media,
    price_lists,
    products,
    stock_figures,
    stock_settings,
    taxonomy,
    valuation,
)
from entrepot.store.reading.products import Page, Wanted
from entrepot.store.reading.valuation import ShelfFilter
from entrepot.store.writing.writes import Writes

Ids = dict[str, bytes]
ORG = 1
_WANTED = (
    Wanted(), Wanted(status="active"), Wanted(status="deleted"), Wanted(handle="plate"),
    Wanted(skus=("DISH-S",)), Wanted(skus=("none", "MUG"), handle="plate"), Wanted(b"\1" * 16),
)  # fmt: skip


def _pages(conn: Connection, _: Ids) -> list[Page]:
    return [products.page(conn, ORG, wanted, limit) for wanted in _WANTED for limit in (1, 9)]


def _full(conn: Connection, ids: Ids) -> list[FullProduct]:
    named = [ids["plate"], ids["bowl"], b"\5" * 16]
    return sorted(products.full(conn, ORG, named), key=lambda one: one.product.id)


def _newest(conn: Connection, _: Ids) -> list[list[FullProduct]]:
    return [products.newest(conn, ORG, limit) for limit in (2, 9)]


def _behind(conn: Connection, ids: Ids) -> list[list[FullProduct] | None]:
    asked = (ids["plate"], ids["bowl"], b"\5" * 16)
    return [products.changed_before(conn, ORG, after, 9) for after in asked]


def _valued(conn: Connection, ids: Ids) -> list[Any]:
    asked = (
        ShelfFilter(), ShelfFilter(ids["hard_mug"]), ShelfFilter(None, ids["hard_place"]),
        ShelfFilter(after=(ids["hard_mug"], ids["hard_place"])),
    )  # fmt: skip
    return [valuation.shelves(conn, ORG, one, 9) for one in asked]


def _totals(conn: Connection, _: Ids) -> list[Any]:
    return [valuation.totals(conn, ORG, None, 9, by_location=one) for one in (True, False)]


def value_anew(conn: Connection, _: Ids) -> None:
    """Value the beginning of the log once more."""
    for name in (
        "line_costs", "shelf_values", "stock_costing", "stock_layers", "stock_movements",
        "value_totals",
    ):  # fmt: skip
        table = getattr(schema, name)
        conn.execute(delete(table).where(table.c.org == ORG))
    e = schema.events.c
    told = select(e.number).where(e.org == ORG, e.type.in_(costing.MOVING)).order_by(e.number)
    writes = Writes()
    costing.value(conn, ORG, list(conn.execute(told).scalars())[:-2], writes)
    writes.run(conn)


ASKED_PRODUCTS = {
    "stock_settings.run": lambda conn, _: stock_settings.run(conn, ORG),
    "valuation.costing": lambda conn, _: valuation.costing(conn, ORG),
    "valuation.shelves": _valued,
    "valuation.totals": _totals,
    "valuation.variants": lambda conn, _: valuation.variants(conn, ORG, None, 9),
    "products.detailed": lambda conn, _: products.detailed(
        conn, ORG, goods.variants(conn, ORG, None, 9)
    ),
    "products.full": _full,
    "products.newest": _newest,
    "products.changed_before": _behind,
    "products.page": _pages,
    "products.product": lambda conn, ids: products.product(conn, ORG, ids["plate"]),
    "stock_figures.figures": lambda conn, _: stock_figures.figures(conn, ORG),
    "taxonomy.listed": lambda conn, ids: [
        taxonomy.listed(conn, ORG, "category", after, 9) for after in (None, ids["clothes"])
    ],
    "bulk_jobs.job": lambda conn, ids: bulk_jobs.job(conn, ORG, ids["bulk_job"]),
    "bulk_jobs.listed": lambda conn, _: bulk_jobs.listed(conn, ORG, "BULK_IMPORT", None, 9),
    "bulk_jobs.next_slice": lambda conn, ids: [bulk_jobs.next_slice(conn, ORG, ids["bulk_job"])],
    "media.listed": lambda conn, ids: [
        media.listed(conn, ORG, 9, product_id=product, variant_id=variant)
        for product in (None, ids["plate"])
        for variant in (None, ids["plate_small"])
    ],
    "price_lists.price_list": lambda conn, ids: [
        price_lists.price_list(conn, ORG, ids[name]) for name in ("list", "plate")
    ],
    "price_lists.listed": lambda conn, ids: [
        price_lists.listed(conn, ORG, after, 9) for after in (None, ids["list"])
    ],
    "price_lists.entries": lambda conn, ids: [
        price_lists.entries(conn, ORG, ids["list"], after, 9) for after in (None, ids["hard_mug"])
    ],
    "products.variant": lambda conn, ids: products.variant(conn, ORG, ids["plate_small"]),
}
