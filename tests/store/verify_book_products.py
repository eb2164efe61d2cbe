"""The part of the healthy book that is the catalogue: products with their variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.decide.stocking import ChangeVariant
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.money import Amount
from entrepot.core.results import ProductResult

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy

CENTS = Amount(950, 2)


def new(name: str, sku: str | None = None) -> NewVariant:
    said = {"name": name, "cost": Amount(5, 0), "weight": "0.25", "options": '{"size":"x"}'}
    return NewVariant(name, "EUR", CENTS, sku, said=said)


async def catalogued(book: Healthy) -> None:
    """A product that was changed, one that was deleted, and one that an adjustment made."""
    said = {"handle": "plate", "properties": '{"erp":{"no":1}}'}
    made = await _make(book, "plate", "Plate", said, new("Small", "PLATE-S"), new("Large"))
    small, large = made.made
    book.ids |= {"plate_small": small, "plate_large": large}
    await book.tell(
        AmendProduct(
            1, "polinate", made.product.product.id, {"name": "Dish"}, (new("Huge"),),
            (VariantChange("", small, {"price": Amount(10, 0), "sku": "DISH-S"}),), ((large, ""),),
        )
    )  # fmt: skip
    gone = await _make(book, "bowl", "Bowl", {"handle": "bowl", "status": "draft"}, new("Default"))
    await book.tell(AmendProduct(1, "native", gone.product.product.id, {"status": "deleted"}))
    await book.tell(ChangeVariant(1, "native", book.ids["hard_tee"], {"title": "Tee"}))


async def _make(
    book: Healthy, name: str, title: str, said: dict[str, object], *variants: NewVariant
) -> ProductResult:
    made = await book.tell(MakeProduct(1, "polinate", title, variants, said))
    assert isinstance(made, ProductResult)
    book.ids[name] = made.product.product.id
    return made
