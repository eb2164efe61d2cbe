"""Price lists: prices of variants for the customers to whom a list is assigned.

A list has one entry a variant. An entry that is removed stays for the lines that were placed with
it, and prices nothing. The organization's default list applies to a customer without a list, and
has every variant at the variant's own price.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.money import Amount, rescale, stripped
from entrepot.core.order import Variant

ENTRIES_MAX = 10_000
PARTNERSHIPS_MAX = 1_000
# The decimal places of a percentage, and its bounds in units of these places.
PERCENT_PLACES = 4
PERCENT_LEAST, PERCENT_MOST = -100 * 10**PERCENT_PLACES, 1_000 * 10**PERCENT_PLACES
PERCENTAGE: Final = f"a decimal from -100 to 1000 with at most {PERCENT_PLACES} places"
_WHOLE = 100 * 10**PERCENT_PLACES

EntryKey = tuple[int, bytes, bytes]  # organization, list, variant


class PriceList(NamedTuple):
    """A list. `adjustment` is a percentage in units of its four places: -100000 is 10 % less.

    `version` counts its events.
    """

    org: int
    id: bytes
    name: str
    adjustment: int
    properties: str | None  # JSON text
    created_at: int
    updated_at: int
    version: int


class ListEntry(NamedTuple):
    """The price of a variant on a list. Without a price the variant's own price applies, which the
    list adjusts. `places` are the decimal places of the currency's smallest unit.
    """

    org: int
    list_id: bytes
    variant_id: bytes
    id: bytes
    price: Amount | None
    currency: str
    places: int
    removed_at: int | None = None


class Priced(NamedTuple):
    """A price, its currency, and the entry that gives it."""

    price: Amount
    currency: str
    entry_id: bytes


PRICE_LISTS: Kind[Key, PriceList] = Kind(
    "price list", PriceList, by(PriceList, "org", "id"), guard="version"
)
LIST_ENTRIES: Kind[EntryKey, ListEntry] = Kind(
    "list entry", ListEntry, by(ListEntry, "org", "list_id", "variant_id")
)


def adjusted(price: Amount, adjustment: int, places: int) -> Amount:
    """The price changed by a percentage: exact, and then rounded once, half to even, to `places`.

    A price that is not adjusted stays as it is, at whatever scale. So does that of a damaged row,
    which is no price.
    """
    if not adjustment or price.scale < 0:
        return price
    scale = price.scale + PERCENT_PLACES + 2
    return Amount(rescale(price.units * (_WHOLE + adjustment), scale, places), places)


def resolved(entry: ListEntry, of: PriceList, variant: Variant) -> Priced | None:
    """The price of a variant by an entry: first the entry's price, then the list's percentage.

    None where the entry has no price and the variant is priced in another currency by now.
    """
    price = entry.price
    if price is None:
        if variant.currency != entry.currency:
            return None
        price = variant.price
    return Priced(adjusted(price, of.adjustment, entry.places), entry.currency, entry.id)


def revision(of: PriceList) -> str:
    """The text that differs in every state of a list: its events' count and its last change."""
    return f"{of.version}-{of.updated_at:x}"


def percent_text(adjustment: int) -> str:
    """A percentage as a decimal without zeros at the end: -10, 2.5."""
    return Amount(*stripped(adjustment, PERCENT_PLACES)).text()


def percentage(amount: Amount) -> int | None:
    """A percentage in units of its places; None for one that no list can have."""
    if amount.scale > PERCENT_PLACES:
        return None
    units: int = amount.at(PERCENT_PLACES)
    return units if PERCENT_LEAST <= units <= PERCENT_MOST else None
