"""The native API's price lists into commands; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from entrepot.core import products
from entrepot.core.decide.price import DraftEntry, MakePriceList, PriceListPaths
from entrepot.core.decide.reprice import AmendPriceList, EntryChange
from entrepot.core.expected import Expected
from entrepot.edge import currency
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.price_lists import wire
from entrepot.edge.native.values import object_text

PARTS = ("name", "adjustment", "properties", "entries", "customers")


def make_price_list(told: wire.MakePriceList, org: int) -> MakePriceList:
    """The command."""
    return MakePriceList(
        org, NAME, told.name, _new(told.entries, "entries"),
        tuple(one.raw for one in told.customers),
        0 if told.adjustment is None else told.adjustment.units,
        object_text(told.properties), currency.SMALLEST,
    )  # fmt: skip


def amend_price_list(
    told: wire.AmendPriceList, list_id: bytes, org: int, expected: Expected
) -> AmendPriceList:
    """The command."""
    said: dict[str, Any] = {}
    if told.name is not UNSET:
        said["name"] = told.name
    if told.adjustment is not UNSET:
        said["adjustment"] = told.adjustment.units
    if told.properties is not UNSET:
        said["properties"] = products.told_object(object_text(told.properties))
    entries = wire.EntryChanges() if told.entries is UNSET else told.entries
    customers = wire.CustomerChanges() if told.customers is UNSET else told.customers
    return AmendPriceList(
        org, NAME, list_id, said,
        add=_new(entries.add, "entries.add"),
        change=tuple(
            EntryChange(f"entries.change[{at}]", one.variant_id.raw, _said(one))
            for at, one in enumerate(entries.change)
        ),
        remove=tuple(
            (one.raw, f"entries.remove[{at}]") for at, one in enumerate(entries.remove)
        ),
        customers=tuple(one.raw for one in customers.add),
        without=tuple(one.raw for one in customers.remove),
        expected=expected,
        places=currency.SMALLEST,
        paths=PriceListPaths(partnerships="customers.add"),
    )  # fmt: skip


def _new(listed: Iterable[wire.NewEntry], where: str) -> tuple[DraftEntry, ...]:
    return tuple(
        DraftEntry(
            f"{where}[{at}]", one.variant_id.raw,
            None if one.price is None else one.price.amount,
            None if one.currency is None else one.currency.text,
        )
        for at, one in enumerate(listed)
    )  # fmt: skip


def _said(one: wire.EntryChange) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if one.price is not UNSET:
        said["price"] = None if one.price is None else one.price.amount
    if one.currency is not UNSET:
        said["currency"] = one.currency.text
    return said
