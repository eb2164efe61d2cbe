"""Attributions against the orders and touches that they follow from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select

from entrepot.store import schema
from entrepot.store.verify.contacts import READER, is_read, number_of
from entrepot.store.verify.statements import Check

DAY: Final = 86_400_000_000
UNSOLD: Final = ("cancelled", "rejected", "failed", "deleted")

_credits, _touches = schema.attributions.c, schema.touches.c
_orders, _owned = schema.orders.c, schema.contact_orders.c
_ORDER = and_(_orders.org == _credits.org, _orders.id == _credits.order_id)
_TOUCH = and_(_touches.org == _credits.org, _touches.id == _credits.touch_id)
_OWN = and_(_owned.org == _credits.org, _owned.order_id == _credits.order_id)


def checks() -> Iterator[Check]:
    """All of them."""
    for broken in (_mains(), _early_or_late(), _of_another(), _main_is_latest(), _missing()):
        yield Check("ATTRIBUTIONS", broken)


def _made() -> ColumnElement[int]:
    """When an order was made, as its sender says, and never later than it arrived."""
    told = and_(_orders.made_at.is_not(None), _orders.made_at < _orders.created_at)
    return case((told, _orders.made_at), else_=_orders.created_at)


def _mains() -> Select[Any]:
    """Orders with attributions of which not exactly one is the main one."""
    mains = func.sum(case((_credits.type == "MAIN", 1), else_=0))
    told = select(_credits.org, _credits.order_id, mains.label("mains"))
    return told.group_by(_credits.org, _credits.order_id).having(mains != 1)


def _joined() -> Select[Any]:
    told = select(_credits.org, _credits.order_id, _credits.origin_id, _credits.type)
    found = told.join_from(schema.attributions, schema.orders, _ORDER)
    return found.join(schema.touches, _TOUCH).join(schema.contact_orders, _OWN, isouter=True)


def _early_or_late() -> Select[Any]:
    """Attributions by a touch behind the order, or before its window."""
    begin = _made() - _owned.window_days * DAY
    return _joined().where(or_(_touches.at > _made(), _touches.at < begin))


def _of_another() -> Select[Any]:
    """Attributions to another origin or contact than the touch has, of an order that another
    contact has, or of an order that brought nothing.
    """
    differs = or_(
        _touches.origin != _credits.origin, _touches.origin_id != _credits.origin_id,
        _touches.customer_id != _credits.customer_id, _owned.customer_id.is_(None),
        _owned.customer_id != _credits.customer_id,
    )  # fmt: skip
    return _joined().where(or_(differs, and_(_orders.stage.in_(UNSOLD), is_read())))


def _main_is_latest() -> Select[Any]:
    """Attributions that assist, although their touch is later than that of the main one."""
    main, first = schema.attributions.alias("main"), schema.touches.alias("first")
    same = and_(
        main.c.org == _credits.org, main.c.order_id == _credits.order_id, main.c.type == "MAIN"
    )
    its = and_(first.c.org == main.c.org, first.c.id == main.c.touch_id)
    found = _joined().join(main, same).join(first, its)
    return found.where(_credits.type == "ASSIST", _touches.at > first.c.at)


def _missing() -> Select[Any]:
    """Orders that were read, with a touch in their window whose origin has no credit."""
    event, sweep = schema.events.alias("t").c, schema.sweeps.alias("r").c
    come_to = sweep.reached_at >= number_of(event)
    reader = and_(sweep.org == event.org, sweep.kind == READER, come_to)
    heard = exists().where(event.org == _touches.org, event.subject_id == _touches.id, reader)
    credited = exists().where(
        _credits.org == _orders.org, _credits.order_id == _orders.id,
        _credits.origin == _touches.origin, _credits.origin_id == _touches.origin_id,
    )  # fmt: skip
    own = and_(_orders.org == _owned.org, _orders.id == _owned.order_id)
    met = and_(
        _touches.org == _owned.org, _touches.customer_id == _owned.customer_id,
        _touches.at <= _made(), _touches.at >= _made() - _owned.window_days * DAY,
    )  # fmt: skip
    told = select(_orders.org, _orders.id.label("order_id"), _touches.id.label("touch_id"))
    found = told.join_from(schema.touches, schema.contact_orders, _touches.org == _owned.org)
    found = found.join(schema.orders, own).where(met, heard, is_read(), not_(credited))
    return found.where(_orders.stage.not_in(UNSOLD))
