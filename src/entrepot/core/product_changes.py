"""What changed of a product and its variants, from what to what, as the product's events tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from entrepot.core.changed import Changed, differing, places, told
from entrepot.core.ids import dashed
from entrepot.core.order import Variant
from entrepot.core.products import FullProduct, FullVariant, Product, VariantDetails

# Members that only serve the program, or that the event tells otherwise.
_UNTOLD: Final = frozenset({
    "org", "id", "item_id", "entry_id", "created_at", "updated_at", "deleted_at", "version",
})  # fmt: skip
_PRODUCT = places(Product._fields, _UNTOLD)
# What lines call the variant is its title here: `name` is its name among its product's variants.
_VARIANT = tuple(
    (at, "title" if name == "name" else name) for at, name in places(Variant._fields, _UNTOLD)
)
_DETAILS = places(VariantDetails._fields, _UNTOLD)


def whole(product: FullProduct) -> dict[str, Any]:
    """A new product with its variants, by the members that have a value."""
    variants = {dashed(one.variant.id): _whole(one) for one in product.variants}
    return {**told(_PRODUCT, product.product), "variants": variants}


def changed(
    before: FullProduct, after: Product, now: Mapping[bytes, FullVariant]
) -> dict[str, Any]:
    """The members that differ, each with both values; `variants` by their ids, and `prices` once
    more by themselves. Empty where nothing differs.
    """
    found: dict[str, Any] = {}
    if members := differing(_PRODUCT, before.product, after):
        found["changed"] = members
    known = {one.variant.id: one for one in before.variants}
    variants: dict[str, Any] = {}
    prices: list[dict[str, Any]] = []
    for id_, one in now.items():
        old = known.get(id_)
        if old == one:
            continue
        variants[dashed(id_)] = _difference(old, one)
        if old is not None and one.variant.deleted_at is None and _price(old) != _price(one):
            prices.append({"variant_id": dashed(id_), "from": _price(old), "to": _price(one)})
    if variants:
        found["variants"] = variants
    if prices:
        found["prices"] = prices
    return found


def _difference(old: FullVariant | None, new: FullVariant) -> Changed | list[Any]:
    if old is None:
        return [None, _whole(new)]
    if new.variant.deleted_at is not None:
        return [_whole(old), None]
    return {
        **differing(_VARIANT, old.variant, new.variant),
        **differing(_DETAILS, old.details, new.details),
    }


def _whole(one: FullVariant) -> Changed:
    return {**told(_VARIANT, one.variant), **told(_DETAILS, one.details)}


def _price(one: FullVariant) -> dict[str, str] | None:
    variant = one.variant
    if not variant.currency:
        return None
    return {"price": variant.price.text(), "currency": variant.currency}
