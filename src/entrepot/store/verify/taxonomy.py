"""Categories, brands, attributes, groups of attributes and templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from entrepot.store import schema
from entrepot.store.verify.statements import Check

_taxa, _products = schema.taxa.c, schema.products.c


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("TAXONOMY", _misplaced())
    yield Check("TAXONOMY", _twice())
    yield Check("TAXONOMY", _untold())
    for column, kind in ((_products.category_id, "category"), (_products.brand_id, "brand")):
        yield Check("TAXONOMY", _mistaken(column, kind))


def _misplaced() -> Select[Any]:
    """What is not one step deeper than the category above it: so is some part of every circle."""
    above = schema.taxa.alias("above")
    its = and_(above.c.org == _taxa.org, above.c.id == _taxa.parent_id)
    told = select(_taxa.org, _taxa.id.label("taxon_id"), _taxa.depth)
    joined = told.outerjoin_from(schema.taxa, above, its)
    below = and_(
        _taxa.parent_id.is_not(None),
        or_(_taxa.kind != "category", above.c.kind != "category", _taxa.depth != above.c.depth + 1),
    )
    first = and_(_taxa.parent_id.is_(None), _taxa.depth != 0)
    return joined.where(or_(below, first))


def _twice() -> Select[Any]:
    """What has the slug of another one of its kind."""
    other = schema.taxa.alias("other").c
    same = [other[name] == _taxa[name] for name in ("org", "kind", "slug")]
    twin = exists().where(*same, other.id != _taxa.id)
    return select(_taxa.org, _taxa.id.label("taxon_id")).where(twin)


def _untold() -> Select[Any]:
    """What the log does not tell."""
    event = schema.events.alias("e").c
    its = and_(event.org == _taxa.org, event.subject_id == _taxa.id)
    there = select(func.count()).where(its).scalar_subquery()
    return select(_taxa.org, _taxa.id.label("taxon_id")).where(there != 1)


def _mistaken(column: ColumnElement[Any], kind: str) -> Select[Any]:
    """Products whose category is something else, or whose brand is."""
    its = and_(_taxa.org == _products.org, _taxa.id == column)
    told = select(_products.org, _products.id.label("product_id"), _taxa.kind)
    return told.join_from(schema.products, schema.taxa, its).where(_taxa.kind != kind)
