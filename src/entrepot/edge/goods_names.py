"""Names of goods, as all dialects look for them: a SKU or a title is one name, whoever tells it."""

from __future__ import annotations

from typing import Final

from entrepot.core.naming import spellings
from entrepot.edge import addresses

# The longest SKU that a variant can have, and the longest title that Synq takes.
_SKU_MAX: Final = 255
_TITLE_MAX: Final = 1_000
Name = tuple[str, str]


def name(kind: str, text: str) -> Name:
    """The name that the index has. A digest stands for a long title, and for what is too long to
    be the SKU of a variant.
    """
    if kind == "sku" and len(text) <= _SKU_MAX:
        return kind, text
    return addresses.indexed(kind, text)


def of_sku(sku: str | None) -> tuple[str, ...]:
    """Every value that the index may have for a SKU; none without a SKU."""
    names = () if sku is None else (name("sku", sku), *older("sku", sku))
    return tuple(value for _, value in names)


def older(kind: str, text: str) -> tuple[Name, ...]:
    """The names that the index may have beside: in another spelling of the same letters, and from
    before. Konvo told SKUs of more than 200 characters by their digest, and Synq told titles as
    they were.
    """
    others = tuple([name(kind, form) for form in spellings(text)[1:]])
    if len(text) <= addresses.NAME_MAX or len(text) > (_SKU_MAX if kind == "sku" else _TITLE_MAX):
        return others
    return (*others, addresses.indexed(kind, text) if kind == "sku" else (kind, text))
