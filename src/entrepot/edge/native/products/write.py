"""Products in the words of the native API; pure."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec import Raw

from entrepot.core import ids, products
from entrepot.core.money import Amount
from entrepot.core.products import FullProduct, FullVariant
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ProductResult, Result
from entrepot.edge.native.orders.write import amount
from entrepot.edge.native.products import wire
from entrepot.edge.times import millis_text

encode = msgspec.json.Encoder().encode
NO_PRODUCT = Refusal(Reason.UNKNOWN_PRODUCT)


def tag(one: FullProduct) -> str:
    """The entity tag of a product."""
    return f'"{products.revision(one)}"'


def product(one: FullProduct) -> wire.Product:
    """A product."""
    told = one.product
    return wire.Product(
        ids.dashed(told.id), told.name, told.handle, told.description, told.image_url, told.type,
        told.custom_type, told.brand, told.category, told.vendor, cast("Any", told.status),
        _object(told.properties), told.version, millis_text(told.created_at),
        millis_text(told.updated_at), _moment(told.deleted_at), list(map(variant, one.variants)),
    )  # fmt: skip


def variant(one: FullVariant) -> wire.Variant:
    """A variant with all that is told of it."""
    it, told = one.variant, one.details
    return wire.Variant(
        ids.dashed(it.id), ids.dashed(it.item_id), it.sku, it.name, told.name, it.currency or None,
        _amount(it.price, it.currency), _amount(told.cost, it.currency), it.tracked, told.barcode,
        _measure(told.weight), _measure(told.length), _measure(told.width), _measure(told.height),
        told.unit_of_measure, told.sequence, told.image_url, _object(told.options),
        _object(told.properties), millis_text(it.created_at), millis_text(told.updated_at),
        _moment(it.deleted_at),
    )  # fmt: skip


def _amount(one: Amount | None, currency: str) -> str | None:
    return amount(one, currency) if one is not None and currency else None


def _measure(text: str | None) -> Raw | None:
    return None if text is None else Raw(text.encode())


def _object(text: str | None) -> Raw:
    return Raw(b"null" if text is None else text.encode())


def _moment(at: int | None) -> str | None:
    return None if at is None else millis_text(at)


def told(result: Result) -> tuple[str, bytes]:
    """The tag of the product that a command came to, and the product."""
    assert isinstance(result, ProductResult)
    return tag(result.product), encode(product(result.product))
