"""Synq's shapes of faults, figures and the export of the catalogue. Sources in
docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from entrepot.edge.synq.wire import Moment, Uuid

Number = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number"})]


class Issue(msgspec.Struct):
    """Something that a product lacks. `created_at` is when the product was changed last."""

    id: Uuid
    product_id: Uuid
    variant_id: Uuid | None
    code: Literal["PRODUCT_WITHOUT_VARIANT", "VARIANT_WITHOUT_PRICE", "VARIANT_WITHOUT_SKU"]
    message: str
    created_at: Moment


class Lowest(msgspec.Struct):
    """A product of which little is there."""

    product_id: Uuid
    title: str
    quantity: Number


class Worth(msgspec.Struct):
    """The value of what is on hand, by its prices, in one currency."""

    currency: str
    amount: Number


class Stats(msgspec.Struct):
    """Figures of the catalogue. `complete` is false where there are too many shelves to count."""

    total_products: int
    low_stock_count: int
    out_of_stock_count: int
    inventory_value: list[Worth]
    lowest_stock: list[Lowest]
    complete: bool


class Exported(msgspec.Struct):
    """The address of the export."""

    status: str
    message: str
