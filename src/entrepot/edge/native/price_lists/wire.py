"""The native API's shapes of price lists and their entries."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.price_lists import ENTRIES_MAX, PARTNERSHIPS_MAX
from entrepot.edge.native.values import Code, CustomerId, Money, Object, Percent, VariantId, seen
from entrepot.edge.native.wire import FreeObject, Page, PageQuery, Time, Uuid

Name = Annotated[str, seen(255)]
Customers = Annotated[list[CustomerId], Meta(max_length=PARTNERSHIPS_MAX)]
Shown = Annotated[str, Meta(description="A decimal; -10 is 10 % less", examples=["-10"])]
Price = Annotated[str, Meta(description="An amount with a point", examples=["12.50"])]


# ------------------------------------------------------------------ what is sent


class NewEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The price of a variant on the list. Without a price the variant's own applies, without a
    currency the variant's own is meant.
    """

    variant_id: VariantId
    price: Money | None = None
    currency: Code | None = None


class EntryChange(msgspec.Struct, forbid_unknown_fields=True):
    """Another price of a variant: what is left out stays, null is the variant's own price."""

    variant_id: VariantId
    price: Money | None | UnsetType = UNSET
    currency: Code | UnsetType = UNSET


class MakePriceList(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/price-lists. `adjustment` is a percentage that is added to each price.
    `customers` have this list from now on.
    """

    name: Name
    entries: Annotated[list[NewEntry], Meta(min_length=1, max_length=ENTRIES_MAX)]
    adjustment: Percent | None = None
    customers: Customers = []
    properties: Object | None = None


class EntryChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of entries: removed, then changed, then added. `remove` names variants."""

    add: Annotated[list[NewEntry], Meta(max_length=ENTRIES_MAX)] = []
    change: Annotated[list[EntryChange], Meta(max_length=ENTRIES_MAX)] = []
    remove: Annotated[list[VariantId], Meta(max_length=ENTRIES_MAX)] = []


class CustomerChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Customers who get the list, and customers who have the default list again."""

    add: Customers = []
    remove: Customers = []


class AmendPriceList(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/price-lists/{id}: what is left out stays. Properties are merged
    deeply.
    """

    name: Name | UnsetType = UNSET
    adjustment: Percent | UnsetType = UNSET
    properties: Object | None | UnsetType = UNSET
    entries: EntryChanges | UnsetType = UNSET
    customers: CustomerChanges | UnsetType = UNSET


class PriceListQuery(PageQuery):
    """The query of a list of price lists, and of one of their entries."""


# ------------------------------------------------------------------ what is answered


class PriceList(msgspec.Struct):
    """A price list. Its entries are listed by themselves."""

    id: Uuid
    name: str
    adjustment: Shown
    properties: FreeObject
    created_at: Time
    updated_at: Time


class PriceListPage(Page[PriceList]):
    """A page of price lists, in descending order of their ids."""


class PriceEntry(msgspec.Struct):
    """An entry. `price` is null where the variant's own price applies. `unit_price` is what a line
    without a price gets: the price with the list's percentage; null where the variant is priced in
    another currency by now.
    """

    id: Uuid
    variant_id: Uuid
    sku: str | None
    price: Price | None
    currency: str
    unit_price: Price | None


class PriceEntryPage(Page[PriceEntry]):
    """A page of entries, in the order of their variants' ids."""
