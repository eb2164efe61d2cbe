"""Products against their events, their variants and their handles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, and_, exists, func, not_, or_, select, tuple_

from entrepot.core.events import PRODUCT
from entrepot.core.products import DELETED
from entrepot.store import schema
from entrepot.store.verify.statements import Check

_NAME: Final = "PRODUCTS"
_products, _handles = schema.products.c, schema.product_handles.c
_variants, _entries = schema.variants.c, schema.item_list_entries.c
_deleted = _products.status == DELETED


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check(_NAME, _untold())
    yield Check(_NAME, _misdated())
    yield Check(_NAME, _without_variant())
    yield Check(_NAME, _without_handle())
    yield Check(_NAME, _lost_handles())
    yield Check(_NAME, _off_the_list())
    yield Check(_NAME, _lost_skus())
    yield Check(_NAME, _without_product())


def _found(*more: Any) -> Select[Any]:
    return select(_products.org, _products.id.label("product_id"), *more)


def _untold() -> Select[Any]:
    """Products that have not as many events as their version says."""
    event = schema.events.alias("e").c
    its = and_(event.org == _products.org, event.subject_id == _products.id)
    there = select(func.count()).where(its).scalar_subquery()
    return _found(_products.version).where(_products.version != there)


def _misdated() -> Select[Any]:
    """Products with the wrong times."""
    ended = _products.deleted_at.is_not(None)
    early = _products.updated_at < _products.created_at
    told = _found(_products.status, _products.created_at, _products.updated_at)
    return told.where(or_(early, and_(_deleted, not_(ended)), and_(not_(_deleted), ended)))


def _without_variant() -> Select[Any]:
    """Products of which nothing can be sold, and deleted ones of which something can."""
    # The products of variants are listed once: no index would find the variants of each.
    of_variants = select(_variants.org, _variants.item_id)
    product = tuple_(_products.org, _products.id)
    live = product.in_(of_variants.where(_variants.deleted_at.is_(None)))
    # A product that never had a variant waits for its first one.
    lost = and_(not_(_deleted), not_(live), product.in_(of_variants))
    wrong = or_(and_(_deleted, live), lost)
    return _found(_products.status).where(wrong)


def _without_handle() -> Select[Any]:
    """Products whose handle leads to no product, or to another one."""
    its = and_(
        _handles.org == _products.org,
        _handles.handle == _products.handle,
        _handles.product_id == _products.id,
    )
    lost = and_(_products.handle.is_not(None), not_(_deleted), not_(exists().where(its)))
    return _found(_products.handle).where(lost)


def _lost_handles() -> Select[Any]:
    """Handles that the product does not say, or says no more."""
    same = and_(_products.org == _handles.org, _products.id == _handles.product_id)
    differs = or_(_products.handle.is_distinct_from(_handles.handle), _deleted)
    told = _found(_handles.handle).join_from(schema.product_handles, schema.products, same)
    return told.where(differs)


def _off_the_list() -> Select[Any]:
    """Variants whose entry is not on the default list of the organization."""
    its = and_(_entries.org == _variants.org, _entries.id == _variants.entry_id)
    organization = schema.organizations.c
    told = (
        select(_variants.org, _variants.id.label("variant_id"), _entries.list_id)
        .join_from(schema.variants, schema.item_list_entries, its)
        .join(schema.organizations, organization.org == _variants.org)
    )
    return told.where(_entries.list_id != organization.default_list)


def _lost_skus() -> Select[Any]:
    """Variants whose SKU leads to no variant, or to another one: the next line with the SKU would
    make a variant anew.

    A variant that an order named first may have a SKU that it is not found by.
    """
    name, detail = schema.variant_names.c, schema.variant_details.c
    its = and_(
        name.org == _variants.org, name.kind == "sku", name.value == _variants.sku,
        name.variant_id == _variants.id,
    )  # fmt: skip
    told = exists().where(detail.org == _variants.org, detail.id == _variants.id)
    lost = and_(
        _variants.sku.is_not(None), _variants.deleted_at.is_(None), not_(exists().where(its))
    )
    return select(_variants.org, _variants.id.label("variant_id")).where(told, lost)


def _without_product() -> Select[Any]:
    """Events of a product that the catalogue knows nothing of."""
    event = schema.events.c
    its = exists().where(_products.org == event.org, _products.id == event.subject_id)
    told = select(event.org, event.subject_id.label("product_id"))
    return told.where(event.subject == PRODUCT, event.seq == 1, not_(its))
