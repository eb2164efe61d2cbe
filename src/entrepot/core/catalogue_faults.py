"""What a product lacks before it can be sold from every dialect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from entrepot.core.products import FullProduct

NO_VARIANT, NO_PRICE, NO_SKU = (
    "PRODUCT_WITHOUT_VARIANT", "VARIANT_WITHOUT_PRICE", "VARIANT_WITHOUT_SKU",
)  # fmt: skip
SENTENCES: Final = {
    NO_VARIANT: "The product has no variant: nothing of it can be sold.",
    NO_PRICE: "The variant has no price: an order of it has to say one.",
    NO_SKU: "The variant has no SKU: other systems cannot name it.",
}


class CatalogueFault(NamedTuple):
    """Something that is missing. `at` is when the product was changed last, microseconds UTC."""

    code: str
    product_id: bytes
    variant_id: bytes | None
    at: int


def faults(one: FullProduct) -> Iterator[CatalogueFault]:
    """What is missing of a product and of its variants."""
    product, at = one.product, one.product.updated_at
    if not one.variants:
        yield CatalogueFault(NO_VARIANT, product.id, None, at)
    for variant in [each.variant for each in one.variants]:
        if not variant.currency:
            yield CatalogueFault(NO_PRICE, product.id, variant.id, at)
        if not variant.sku:
            yield CatalogueFault(NO_SKU, product.id, variant.id, at)
