"""The native API's shapes of goods."""

from __future__ import annotations

from typing import Annotated

import msgspec

from entrepot.edge import quantities
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.products.wire import Variant, VariantMembers
from entrepot.edge.native.values import Code, Count, Id, Money, VariantId, seen
from entrepot.edge.native.wire import Amount, Page, PageQuery, Time, Uuid

Sku = Annotated[str, seen(255)]
Name = Annotated[str, seen(1_000)]


class MakeVariant(VariantMembers, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /v1/variants: a product of one variant, of the same name.

    Of a variant that is not `tracked` nobody counts stock.
    """

    sku: Sku
    name: Name
    currency: Code
    price: Money
    tracked: bool = True


class ChangeVariant(VariantMembers, forbid_unknown_fields=True, kw_only=True):
    """The body of PATCH /v1/variants/{id}: what is left out stays. A `tracked` variant stays so."""

    name: Name | None = None  # type: ignore[assignment]  # null is what was left out
    currency: Code | None = None
    price: Money | None = None
    tracked: bool | None = None


class MakeLocation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/locations."""

    name: Name


class Adjust(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/stock/adjustments: by how much, or to how much.

    `unit_cost`, with its `currency`, is what a unit of goods that come in cost.
    """

    variant_id: VariantId
    location_id: Id
    reason: Annotated[str, seen(500)]
    delta: Count | None = None
    set_to: Count | None = None
    unit_cost: Money | None = None
    currency: Code | None = None


class VariantQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/variants."""

    sku: Sku | None = None
    limit: Limit = 50
    after: str | None = None


class LocationQuery(PageQuery):
    """The query of GET /v1/locations."""


class StockQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/stock."""

    variant_id: VariantId | None = None
    location_id: Id | None = None
    low: bool = False
    limit: Limit = 50
    after: str | None = None


class LedgerQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/stock/ledger."""

    variant_id: VariantId | None = None
    limit: Limit = 50
    after: str | None = None


class Location(msgspec.Struct):
    """A place that has stock."""

    id: Uuid
    name: str


class Level(msgspec.Struct):
    """Stock of a variant at a location; `free` is what no order has reserved."""

    variant_id: Uuid
    location_id: Uuid
    on_hand: quantities.Shown
    reserved: quantities.Shown
    free: quantities.Shown


class StockEntry(msgspec.Struct):
    """An entry of the ledger: by how much stock changed, and why. `unit_cost`: of goods that came
    in, if a cost was told of the variant.
    """

    id: Uuid
    variant_id: Uuid
    location_id: Uuid
    delta: quantities.Shown
    kind: str
    order_id: Uuid | None
    reason: str
    created_at: Time
    unit_cost: Amount | None


class VariantPage(Page[Variant]):
    """A page of variants, in the order of their ids."""


class LocationPage(Page[Location]):
    """A page of locations, in the order of their ids."""


class LevelPage(Page[Level]):
    """A page of stock levels."""


class StockEntryPage(Page[StockEntry]):
    """A page of the ledger, newest first."""
