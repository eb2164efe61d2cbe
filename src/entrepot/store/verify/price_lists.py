"""Price lists and their entries, against what a list can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, and_, func, not_, or_, select

from entrepot.store import schema
from entrepot.store.verify.statements import Check

_LEAST: Final = -1_000_000  # a percentage has four places
_MOST: Final = 10_000_000
_lists, _entries = schema.item_lists.c, schema.item_list_entries.c
_default = schema.organizations.c.default_list


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("PRICE_LISTS", _lists_broken())
    yield Check("PRICE_LISTS", _entries_broken())
    yield Check("PRICE_LISTS", _assigned())


def _lists_broken() -> Select[Any]:
    event = schema.events.alias("e").c
    its = and_(event.org == _lists.org, event.subject_id == _lists.id)
    told = select(func.count()).where(its).correlate(schema.item_lists).scalar_subquery()
    is_default = _lists.id == _default
    right = and_(
        _lists.version.is_not(None), _lists.version == told, _lists.adjustment.is_not(None),
        _lists.adjustment.between(_LEAST, _MOST),
    )  # fmt: skip
    plain = and_(_lists.adjustment.is_(None), _lists.version.is_(None))
    broken = or_(and_(is_default, not_(plain)), and_(not_(is_default), not_(right)))
    return _joined(select(_lists.org, _lists.id.label("list_id")), schema.item_lists).where(broken)


def _entries_broken() -> Select[Any]:
    is_default = _entries.list_id == _default
    plain = and_(
        _entries.price_units.is_(None), _entries.currency.is_(None), _entries.removed_at.is_(None)
    )
    right = and_(
        _entries.currency.is_not(None), _entries.places.is_not(None),
        func.coalesce(_entries.price_units, 0) >= 0,
    )  # fmt: skip
    broken = or_(and_(is_default, not_(plain)), and_(not_(is_default), not_(right)))
    told = select(_entries.org, _entries.list_id, _entries.id.label("entry_id"))
    return _joined(told, schema.item_list_entries).where(broken)


def _assigned() -> Select[Any]:
    tied = schema.partnerships.c
    told = select(tied.org, tied.id.label("partnership_id"), tied.list_id)
    return _joined(told, schema.partnerships).where(tied.list_id == _default)


def _joined(told: Select[Any], table: Any) -> Select[Any]:
    organization = schema.organizations
    return told.join_from(table, organization, organization.c.org == table.c.org)
