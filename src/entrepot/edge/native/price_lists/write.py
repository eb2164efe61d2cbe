"""Price lists in the words of the native API; pure."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.core import price_lists
from entrepot.core.ids import dashed
from entrepot.core.order import Variant
from entrepot.core.price_lists import ListEntry
from entrepot.core.price_lists import PriceList as Kept
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import PriceListResult, Result
from entrepot.edge.native.price_lists import wire
from entrepot.edge.times import millis_text

NO_PRICE_LIST = Refusal(Reason.UNKNOWN_PRICE_LIST)
encode = msgspec.json.Encoder().encode


def price_list(one: Kept) -> wire.PriceList:
    """A list without its entries."""
    return wire.PriceList(
        dashed(one.id), one.name, price_lists.percent_text(one.adjustment),
        Raw((one.properties or "null").encode()), millis_text(one.created_at),
        millis_text(one.updated_at),
    )  # fmt: skip


def entry(one: ListEntry, of: Kept, variant: Variant) -> wire.PriceEntry:
    """An entry, with what a line gets by it."""
    found = price_lists.resolved(one, of, variant)
    return wire.PriceEntry(
        dashed(one.id), dashed(one.variant_id), variant.sku,
        None if one.price is None else one.price.text(), one.currency,
        None if found is None else found.price.text(),
    )  # fmt: skip


def tag(one: Kept) -> str:
    """The entity tag of a list; entries and who has the list make no other one by themselves."""
    return f'"{price_lists.revision(one)}"'


def told(result: Result) -> tuple[str, bytes]:
    """The tag of the list that a command came to, and the list."""
    assert isinstance(result, PriceListResult)
    return tag(result.price_list), encode(price_list(result.price_list))
