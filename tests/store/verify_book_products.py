"""The part of the healthy book that is the catalogue: products with their variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entrepot.core.bulk_jobs import IMPORT, SLICE
from entrepot.core.decide.bulk import ClaimBulkJob, FinishSlice, MakeBulkJob
from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.decide.illustrate import AddMedium
from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.decide.stocking import ChangeVariant
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.money import Amount
from entrepot.core.results import BulkJobResult, ProductResult, TaxonResult

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
    await _sorted(book)
    await book.tell(ChangeVariant(1, "native", book.ids["hard_tee"], {"title": "Tee"}))


async def _sorted(book: Healthy) -> None:
    """A product without a variant that is in a category and of a brand, with a picture; and a bulk
    job of which something is left.
    """
    brand = await book.tell(MakeTaxon(1, "synq", "brand", "Acme"))
    assert isinstance(brand, TaxonResult)
    said = {"category_id": book.ids["shirts"], "brand_id": brand.taxon.id}
    made = await book.tell(MakeProduct(1, "synq", "Shirt", (), said, bare=True))
    assert isinstance(made, ProductResult)
    book.ids |= {"acme": brand.taxon.id, "shirt": made.product.product.id}
    link = "https://cdn.example/plate.png"
    await book.tell(AddMedium(1, "synq", link, book.ids["plate"], book.ids["plate_small"]))
    job = await book.tell(MakeBulkJob(1, "synq", IMPORT, SLICE + 1, ("[]", "[]")))
    assert isinstance(job, BulkJobResult)
    book.ids["bulk_job"] = job.job.id
    await book.tell(ClaimBulkJob(1, job.job.id, 1, book.now()))
    await book.tell(FinishSlice(1, job.job.id, 2, 0, SLICE, (), 0))
    await book.tell(MakeBulkJob(1, "synq", IMPORT, 0, ()))


async def _make(
    book: Healthy, name: str, title: str, said: dict[str, object], *variants: NewVariant
) -> ProductResult:
    made = await book.tell(MakeProduct(1, "polinate", title, variants, said))
    assert isinstance(made, ProductResult)
    book.ids[name] = made.product.product.id
    return made
