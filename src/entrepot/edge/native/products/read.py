"""The native API's products into commands; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from entrepot.core import products
from entrepot.core.decide.product import AmendProduct, MakeProduct, ProductPaths
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.expected import Expected
from entrepot.edge.access import Principal
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.products import wire
from entrepot.edge.native.values import object_text

_ROOT = (
    "handle", "description", "image_url", "type", "custom_type", "brand", "category", "vendor",
)  # fmt: skip
# Members of a variant, and what the core calls them.
_PLAIN = {
    "sku": "sku", "name": "title", "variant_name": "name", "barcode": "barcode",
    "unit_of_measure": "unit_of_measure", "sequence": "sequence", "image_url": "image_url",
    "tracked": "tracked",
}  # fmt: skip
_MEASURES = ("weight", "length", "width", "height")
_TOLD = wire.VariantMembers.__struct_fields__
_CHANGED = (*_TOLD, "currency", "price", "tracked")
_PATHS = ProductPaths(variants="variants.add", deleted="variants.remove")


def make_product(body: wire.MakeProduct, principal: Principal) -> MakeProduct:
    """The command."""
    said = {name: value for name in _ROOT if (value := getattr(body, name)) is not None}
    said["status"] = body.status
    if body.properties is not None:
        said["properties"] = object_text(body.properties)
    variants = tuple(
        new_variant(one, f"variants[{index}]") for index, one in enumerate(body.variants)
    )
    return MakeProduct(principal.org, NAME, body.name, variants, said)


def amend_product(
    body: wire.AmendProduct,
    product_id: bytes,
    principal: Principal,
    expected: Expected,
) -> AmendProduct:
    """The command. Variants are removed, then changed, then added."""
    said = {
        name: value
        for name in ("name", "status", *_ROOT)
        if (value := getattr(body, name)) is not UNSET
    }
    if body.properties is not UNSET:
        said["properties"] = products.told_object(object_text(body.properties))
    changes = wire.VariantChanges() if body.variants is UNSET else body.variants
    return AmendProduct(
        principal.org, NAME, product_id, said,
        make=tuple(
            new_variant(one, f"variants.add[{index}]") for index, one in enumerate(changes.add)
        ),
        change=tuple(
            VariantChange(f"variants.change[{index}]", one.id.raw, variant_members(one, _CHANGED))
            for index, one in enumerate(changes.change)
        ),
        delete=tuple(
            (one.raw, f"variants.remove[{index}]") for index, one in enumerate(changes.remove)
        ),
        expected=expected,
        paths=_PATHS,
    )  # fmt: skip


def new_variant(told: wire.NewVariant, where: str) -> NewVariant:
    """A variant to make."""
    said = variant_members(told, _TOLD)
    of_variant = {name: said.pop(name, None) for name in ("sku", "title")}
    return NewVariant(
        where, told.currency.text, told.price.amount, tracked=told.tracked,
        said={name: value for name, value in said.items() if value is not None}, **of_variant,
    )  # fmt: skip


def variant_members(told: msgspec.Struct, names: Iterable[str]) -> dict[str, Any]:
    """Those of the members that are told of a variant, as the core calls them. Objects are merged
    deeply.
    """
    said: dict[str, Any] = {}
    for name in names:
        value = getattr(told, name)
        if value is UNSET:
            continue
        if name in _PLAIN:
            said[_PLAIN[name]] = value
        elif name in _MEASURES:
            said[name] = None if value is None else value.text
        elif name in ("price", "cost"):
            said[name] = None if value is None else value.amount
        elif name == "currency":
            said[name] = value.text
        elif name == "options":
            said[name] = value
        else:
            said[name] = products.told_object(object_text(value))
    return said
