"""Partnerships against the events that they count, and buyers against what they may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, not_, select

from entrepot.core import events
from entrepot.store import schema
from entrepot.store.verify.contacts import READER, number_of
from entrepot.store.verify.statements import Check

_tied, _buyers, _contacts = schema.partnerships.c, schema.buyers.c, schema.buyer_contacts.c
_BUYER = (_contacts.org, _contacts.customer_id.label("buyer_id"), _contacts.kind)


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("PARTNERSHIPS", _miscounted())
    yield Check("PARTNERSHIPS", _without())
    yield Check("BUYERS", _several(_contacts.is_primary))
    same = (_contacts.org, _contacts.customer_id, _contacts.kind, _contacts.compared)
    yield Check("BUYERS", _repeated(*same))
    yield Check("BUYERS", _no_contact())


def _miscounted() -> Select[Any]:
    """Partnerships that have not as many events as they say."""
    event = schema.events.alias("e").c
    its = and_(
        event.org == _tied.org, event.subject_id == _tied.id, event.subject == events.CUSTOMER
    )
    there = select(func.count()).where(its).scalar_subquery()
    found = select(_tied.org, _tied.id.label("customer_id"), _tied.version)
    return found.where(_tied.version != there)


def _without() -> Select[Any]:
    """Events of customers who have no partnership."""
    event = schema.events.c
    kept = exists().where(_tied.org == event.org, _tied.id == event.subject_id)
    found = select(event.org, event.subject_id.label("customer_id"), event.seq)
    return found.where(event.subject == events.CUSTOMER, not_(kept))


def _several(condition: Any) -> Select[Any]:
    """Buyers with more than one contact of a kind for which this holds."""
    found = select(*_BUYER, func.count().label("primary")).where(condition)
    return found.group_by(*_BUYER).having(func.count() > 1)


def _repeated(*same: Any) -> Select[Any]:
    """Buyers who have an address twice. The address is not shown."""
    found = select(*_BUYER, func.count().label("times"))
    return found.group_by(*same).having(func.count() > 1)


def _no_contact() -> Select[Any]:
    """Buyers whom the reader of the log came to, and who are no contact."""
    event, sweep, contact = (
        schema.events.alias("e").c,
        schema.sweeps.alias("s").c,
        schema.contacts.c,
    )
    reader = and_(
        sweep.org == event.org, sweep.kind == READER, sweep.reached_at >= number_of(event)
    )
    read = exists().where(event.org == _buyers.org, event.subject_id == _buyers.id, reader)
    kept = exists().where(contact.org == _buyers.org, contact.id == _buyers.id)
    found = select(_buyers.org, _buyers.id.label("buyer_id"), literal("contacts").label("of"))
    return found.where(read, not_(kept))
