"""Products: what an organization sells, each in one or more variants.

A variant that an order names first is the only variant of a product of its own. Nobody has told
anything of such a product: it has no row here, and `untold` says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.money import Amount
from entrepot.core.order import Variant
from entrepot.core.properties import parse

ACTIVE, DRAFT, ARCHIVED, DELETED = "active", "draft", "archived", "deleted"
STATUSES = (ACTIVE, DRAFT, ARCHIVED, DELETED)
# What the only variant of a product is called among the variants of its product.
DEFAULT = "Default"
VARIANTS_MAX = 500  # a product, deleted ones not counted
# The last place that a variant can have among the variants of its product.
SEQUENCE_MAX = 1_000_000


class Item(NamedTuple):
    """A product that is there: variants and lines of orders name it by its id.

    `name` is what the product was called when it was made.
    """

    org: int
    id: bytes
    name: str
    created_at: int


class Product(NamedTuple):
    """A product. Times are microseconds UTC; None stands for what nobody told."""

    org: int
    id: bytes
    name: str
    status: str  # one of STATUSES
    created_at: int
    updated_at: int
    version: int  # how many events it has
    handle: str | None = None  # a readable name that no other product of the organization has
    description: str | None = None
    image_url: str | None = None
    type: str | None = None
    custom_type: str | None = None
    brand: str | None = None
    brand_id: bytes | None = None
    category: str | None = None
    category_id: bytes | None = None
    vendor: str | None = None
    properties: str | None = None  # JSON text, merged deeply
    details: str | None = None  # JSON text of what only the sender's dialect knows
    deleted_at: int | None = None


class ProductHandle(NamedTuple):
    """The product that has a handle. A deleted product has none."""

    org: int
    handle: str
    product_id: bytes


class VariantDetails(NamedTuple):
    """What is told of a variant beyond what an order needs. No row: nobody told any of it.

    Measures are decimals as they were told, digit by digit.
    """

    org: int
    id: bytes  # the variant's
    updated_at: int
    name: str = DEFAULT  # what the variant is called among the variants of its product
    barcode: str | None = None
    cost: Amount | None = None  # in the variant's currency
    weight: str | None = None
    length: str | None = None
    width: str | None = None
    height: str | None = None
    unit_of_measure: str | None = None
    sequence: int | None = None  # its place among the variants of its product; None: the first
    image_url: str | None = None
    properties: str | None = None  # JSON text
    options: str | None = None  # JSON text: the value of each option, such as {"colour": "blue"}
    details: str | None = None  # JSON text of what only the sender's dialect knows


class FullVariant(NamedTuple):
    """A variant with all that is told of it."""

    variant: Variant
    details: VariantDetails


class FullProduct(NamedTuple):
    """A product with its variants, in their sequence; deleted ones are left out."""

    product: Product
    variants: tuple[FullVariant, ...]


ITEMS: Kind[Key, Item] = Kind("item", Item, by(Item, "org", "id"))
PRODUCTS: Kind[Key, Product] = Kind("product", Product, by(Product, "org", "id"), guard="version")
HANDLES: Kind[tuple[int, str], ProductHandle] = Kind(
    "product's handle", ProductHandle, by(ProductHandle, "org", "handle")
)
VARIANT_DETAILS: Kind[Key, VariantDetails] = Kind(
    "details of a variant", VariantDetails, by(VariantDetails, "org", "id"), guard="updated_at"
)


def title(product: str, variant: str) -> str:
    """What a line of an order calls a variant of a product, where the order does not say."""
    return product if variant == DEFAULT else f"{product} - {variant}"


def untold(item: Item, variants: Sequence[Variant]) -> Product:
    """The product of which nobody told anything: it is called as its only variant is."""
    name = variants[0].name if len(variants) == 1 else item.name
    return Product(item.org, item.id, name, ACTIVE, item.created_at, item.created_at, 0)


def undetailed(variant: Variant) -> VariantDetails:
    """The details of a variant of which nobody told any."""
    return VariantDetails(variant.org, variant.id, variant.created_at)


def told_object(text: str | None) -> dict[str, Any] | None:
    """A JSON object that is merged into what is there; None for what is emptied."""
    return None if text is None else parse(text)


def full(product: Product, told: Sequence[FullVariant]) -> FullProduct:
    """The product with those of its variants that are not deleted, in their sequence."""
    live = [one for one in told if one.variant.deleted_at is None]
    return FullProduct(product, tuple(sorted(live, key=_place)))


def place(details: VariantDetails) -> int:
    """The place of a variant among those of its product: the first one unless told."""
    return details.sequence or 1


def _place(one: FullVariant) -> tuple[int, bytes]:
    return place(one.details), one.variant.id


def revision(one: FullProduct) -> str:
    """The text that differs in every state of a product: its events' count, its last change, and
    of how many variants stock is counted. Stock of a variant is counted from its first adjustment
    on, which is no event of the product.
    """
    counted = sum([of.variant.tracked for of in one.variants])
    told = f"{one.product.version}-{one.product.updated_at:x}"
    return f"{told}-{counted}" if counted else told
