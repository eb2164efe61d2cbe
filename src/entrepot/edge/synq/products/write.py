"""Products and variants in Synq's words; pure."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.core import ids
from entrepot.core.money import Amount
from entrepot.core.products import FullProduct, FullVariant, Product
from entrepot.core.properties import parse
from entrepot.core.refusal import Refusal
from entrepot.core.results import ProductResult, Result
from entrepot.edge.access import Principal
from entrepot.edge.synq.products import wire
from entrepot.edge.synq.products.read import DETAILS
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
_NULL = msgspec.Raw(b"null")


def listed(one: FullProduct) -> wire.Listed:
    """A product of the list."""
    product = one.product
    return wire.Listed(
        ids.dashed(product.id), product.name, product.category, product.status.upper(),
        seconds_text(product.updated_at),
    )  # fmt: skip


def product(one: FullProduct, principal: Principal) -> wire.Product:
    """The full record of a product."""
    known = one.product
    details = _details(known)
    return wire.Product(
        id=ids.dashed(known.id),
        org_id=ids.dashed_often(principal.org_id),
        tenant_id=ids.dashed_often(principal.tenant_id),
        title=known.name,
        description=known.description,
        status=known.status.upper(),
        product_type_id=None,
        created_by=None,
        updated_by=None,
        created_at=seconds_text(known.created_at),
        updated_at=seconds_text(known.updated_at),
        deleted_at=None if known.deleted_at is None else seconds_text(known.deleted_at),
        category=known.category,
        category_id=_dashed(known.category_id),
        brand=known.brand,
        brand_id=_dashed(known.brand_id),
        data_quality_score=None,
        variants=[variant(each, principal) for each in one.variants],
        **details,
    )


def variant(one: FullVariant, principal: Principal) -> wire.Variant:
    """A variant."""
    known, details = one.variant, one.details
    priced = bool(known.currency)
    return wire.Variant(
        id=ids.dashed(known.id),
        org_id=ids.dashed_often(principal.org_id),
        tenant_id=ids.dashed_often(principal.tenant_id),
        product_id=ids.dashed(known.item_id),
        title=known.name,
        sku=known.sku,
        barcode=details.barcode,
        price=known.price.text() if priced else None,
        currency=known.currency if priced else None,
        cost_price=_text(details.cost),
        option_values=_NULL if details.options is None else msgspec.Raw(details.options.encode()),
        data_quality_score=None,
        created_at=seconds_text(known.created_at),
        updated_at=seconds_text(details.updated_at),
    )


def changed(principal: Principal, request_id: str, status: int = 200) -> Written:
    """How the making and the change of a product are answered: with the product."""

    def answer(result: ProductResult) -> Answer:
        return Answer(status, encode(product(result.product, principal)))

    return written(refusal_answer, request_id, ProductResult, answer)


def deleted(request_id: str) -> Written:
    """How a deletion is answered: with nothing."""

    def answer(result: Result | Refusal) -> Answer:
        return (
            refusal_answer(result, request_id) if isinstance(result, Refusal) else Answer(204, b"")
        )

    return answer


def variant_made(principal: Principal, request_id: str) -> Written:
    """How the making of a variant is answered: with the variant."""

    def answer(result: ProductResult) -> Answer:
        [made] = [one for one in result.product.variants if one.variant.id in result.made]
        return Answer(200, encode(variant(made, principal)))

    return written(refusal_answer, request_id, ProductResult, answer)


def _details(known: Product) -> dict[str, Any]:
    """The members that Synq alone knows."""
    told = parse(known.details or "{}")
    return {name: told.get(name) for name in DETAILS}


def _dashed(id_: bytes | None) -> str | None:
    return None if id_ is None else ids.dashed(id_)


def _text(amount: Amount | None) -> str | None:
    return None if amount is None else amount.text()
