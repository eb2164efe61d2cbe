"""Polinate's shapes of price lists. No page shows them: all of it is our choice."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core.price_lists import ENTRIES_MAX, PARTNERSHIPS_MAX
from entrepot.edge.polinate.orders.wire import Code, Id, Properties, Text

_DECIMAL = {"type": ["string", "number"], "description": "Decimal as string, or a number"}
# An amount or a percentage stays text until it is read with every digit.
Decimal = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_DECIMAL)]
_Name = Annotated[Text, msgspec.Meta(min_length=1)]


class ItemList(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A list. `currency` is that of entries that say none; else it is their variant's.

    `percentageAdjustment` is added to each price: -10 is 10 % less.
    """

    name: _Name
    currency: Code | None = None
    percentage_adjustment: Decimal | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET


class Entry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The price of a variant on the list. Without a price the variant's own applies."""

    item_variant_id: Id
    price: Decimal | UnsetType = UNSET
    currency: Code | None = None


class CreatePricing(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of POST /api/v1/pricing."""

    item_list: ItemList
    entries: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=ENTRIES_MAX)]
    partnership_ids: Annotated[list[Id], msgspec.Meta(max_length=PARTNERSHIPS_MAX)] | None = None


class PricingCreated(msgspec.Struct, rename="camel"):
    """The list that was made, with the ids of its entries in the order of the request."""

    success: bool
    item_list_id: str
    entry_ids: list[str]
