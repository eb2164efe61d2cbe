"""Contacts against the customers and orders that they follow from, and the tallies of their lists.

What the reader of the log has not come to yet is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from entrepot.core.touches import ADDRESS
from entrepot.store import schema
from entrepot.store.verify import invoices, own_reading
from entrepot.store.verify.statements import Check

READER: Final = "contacts"
_DROPPER: Final = "addresses"  # the walk over old addresses
_contacts, _owned, _terms = schema.contacts.c, schema.contact_orders.c, schema.contact_terms.c
_orders, _touches, _clickers = schema.orders.c, schema.touches.c, schema.click_contacts.c


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("CONTACTS", _of_others())
    yield Check("CONTACTS", _without_contact())
    yield Check("CONTACTS", _miscounted(_contacts.orders, schema.contact_orders))
    yield Check("CONTACTS", _other_terms())
    yield Check("CONTACTS", _dated())
    for broken in _clicked():
        yield Check("TOUCHES", broken)
    yield Check("TOUCHES", _addressed())
    yield Check("BROADCASTS", _untold())
    yield Check("TALLIES", _tallied())


def number_of(event: Any) -> ColumnElement[int]:
    """The number of an event, as no index finds it: SQLite would look through all numbers of the
    organization for each row, rather than through the few events of the row's subject.
    """
    number: ColumnElement[int] = event.number + 0
    return number


def is_read() -> ColumnElement[bool]:
    """Whether the reader has come to all events of an order."""
    event, sweep = schema.events.alias("e").c, schema.sweeps.alias("s").c
    its = and_(event.org == _orders.org, event.subject_id == _orders.id)
    reader = and_(sweep.org == _orders.org, sweep.kind == READER)
    reached = select(sweep.reached_at).where(reader).correlate(schema.orders).scalar_subquery()
    return and_(
        exists().where(its, number_of(event) <= reached),
        not_(exists().where(its, number_of(event) > func.coalesce(reached, 0))),
    )


def _of_others() -> Select[Any]:
    """Orders that are kept with another contact than their customer."""
    same = and_(_orders.org == _owned.org, _orders.id == _owned.order_id)
    told = select(_owned.org, _owned.order_id, _owned.customer_id)
    return told.join_from(schema.contact_orders, schema.orders, same).where(
        _orders.customer_id != _owned.customer_id, is_read()
    )


def _without_contact() -> Select[Any]:
    """Orders of a customer who is no contact with them."""
    kept = exists().where(_owned.org == _orders.org, _owned.order_id == _orders.id)
    organization = schema.organizations.c
    guest = exists().where(
        organization.org == _orders.org, organization.guest_id == _orders.customer_id
    )
    told = select(_orders.org, _orders.id.label("order_id"), _orders.customer_id)
    return told.where(not_(kept), not_(guest), is_read())


def _miscounted(said: ColumnElement[int], table: Any) -> Select[Any]:
    """Contacts that say another number of rows than the table has of them."""
    its = and_(table.c.org == _contacts.org, table.c.customer_id == _contacts.id)
    there = select(func.count()).where(its).scalar_subquery()
    told = select(_contacts.org, _contacts.id.label("contact_id"), literal(table.name).label("of"))
    return told.where(said != there)


def _other_terms() -> Select[Any]:
    """Contacts that say another number of terms than the table has of them: one sum is taken from
    the other. No index finds the terms of one contact.
    """
    feeds = func.length(_contacts.terms) - func.length(func.replace(_contacts.terms, "\n", ""))
    said = case((_contacts.terms == "", 0), else_=feeds + 1)
    there = select(_terms.org, _terms.customer_id, literal(-1))
    both = union_all(
        select(_contacts.org, _contacts.id.label("contact_id"), said.label("n")), there
    ).subquery()
    left = func.sum(both.c.n)
    told = select(both.c.org, both.c.contact_id, literal("contact_terms").label("of"))
    return told.group_by(both.c.org, both.c.contact_id).having(left != 0)


def _dated() -> Select[Any]:
    """Contacts that were changed before they were made."""
    told = select(_contacts.org, _contacts.id.label("contact_id"), _contacts.created_at)
    return told.where(_contacts.updated_at < _contacts.created_at)


def _untold() -> Select[Any]:
    """Broadcasts that have not as many events as they say, or count less than nothing."""
    told, event = schema.broadcasts.c, schema.events.alias("e").c
    its = and_(event.org == told.org, event.subject_id == told.id)
    there = select(func.count()).where(its).scalar_subquery()
    fewest = [name < 0 for name in (told.sent, told.delivered, told.failed, told.opened)]
    found = select(told.org, told.id.label("broadcast_id"), told.version)
    return found.where(or_(told.version != there, *fewest))


def _listed() -> Iterator[tuple[Any, ...]]:
    """The lists by time: table, condition, time; list, word and key of the tally."""
    none, nothing, all_ = literal(b""), literal(""), true()
    for name, at in (
        ("contacts", _contacts.created_at),
        ("contacts_updated", _contacts.updated_at),
    ):
        yield schema.contacts, all_, at, literal(name), nothing, none
    told = schema.broadcasts.c
    for name, at in (("broadcasts", told.created_at), ("broadcasts_updated", told.updated_at)):
        yield schema.broadcasts, all_, at, literal(name), nothing, none
    clicked, where = _touches.kind == "click", _touches.country + " " + _touches.resource_id
    for name, word, key in (
        ("clicks", nothing, none), ("clicks", nothing, _touches.origin_id),
        ("click_countries", where, _touches.origin_id),
    ):  # fmt: skip
        yield schema.touches, clicked, _touches.at, literal(name), word, key
    credit = schema.attributions.c
    both = credit.type + " " + credit.origin
    for word in (nothing, credit.type, credit.origin, both):
        yield schema.attributions, all_, credit.created_at, literal("attributions"), word, none
    for word in (nothing, credit.type):
        key = credit.origin_id
        yield schema.attributions, all_, credit.created_at, literal("attributions"), word, key
    zero = _clickers.origin_id != b""  # of no time: all of them
    yield (
        schema.click_contacts,
        zero,
        literal(0, BigInteger),
        literal("clickers"),
        nothing,
        _clickers.origin_id,
    )


def _clicked() -> Iterator[Select[Any]]:
    """Contacts who count as clickers without a click, and clicks that were read of no clicker."""
    same = and_(
        _touches.org == _clickers.org, _touches.origin_id == _clickers.origin_id,
        _touches.customer_id == _clickers.customer_id,
    )  # fmt: skip
    of_clicker = (_clickers.org, _clickers.origin_id, _clickers.customer_id)
    # All clicks are listed once: no index would find those of each clicker.
    clicks = select(_touches.org, _touches.origin_id, _touches.customer_id)
    listed = clicks.where(_touches.kind == "click")
    yield select(*of_clicker).where(tuple_(*of_clicker).not_in(listed))
    event, sweep = schema.events.alias("e").c, schema.sweeps.alias("s").c
    come_to = sweep.reached_at >= number_of(event)
    reader = and_(sweep.org == event.org, sweep.kind == READER, come_to)
    read = exists().where(event.org == _touches.org, event.subject_id == _touches.id, reader)
    missing = select(_touches.org, _touches.id.label("touch_id"), _touches.origin_id)
    yield missing.where(_touches.kind == "click", read, not_(exists().where(same)))
    its = exists().where(event.org == _touches.org, event.subject_id == _touches.id)
    yield select(_touches.org, _touches.id.label("touch_id")).where(not_(its))


def _addressed() -> Select[Any]:
    """Touches to which the walk over old addresses came, and that have theirs."""
    sweep = schema.sweeps.c
    its = and_(sweep.org == _touches.org, sweep.kind == _DROPPER, sweep.reached >= _touches.id)
    told = select(_touches.org, _touches.id.label("touch_id"))
    told = told.join_from(schema.touches, schema.sweeps, its)
    return told.where(_touches.details.contains(f'"{ADDRESS}":', autoescape=True))


def _slot(at: Any, size: int) -> ColumnElement[int]:
    """The slot of a time, or the span of a number. A division of SQL leads towards zero: a time
    before 1970, which the sender of a touch may tell, is in the slot below.
    """
    into = (at % size + size) % size
    slot: ColumnElement[int] = (at - into) // size
    return slot


def _tallied() -> Select[Any]:
    """Slots whose tally is not the number of rows of the list with a time in them."""
    t = schema.list_tallies.c
    names = ("org", "list", "word", "key", "level", "slot")
    counted = [select(*[t[name] for name in names], t.counted.label("n"))]
    lists = [(own_reading.SLOT_SIZES, one) for one in _listed()]
    lists += [(own_reading.SPAN_SIZES, one) for one in invoices.listed()]
    for sizes, (table, where, at, *key_) in lists:
        for level, size in enumerate(sizes):
            slot = _slot(at, size)
            its = select(table.c.org, *key_, literal(level), slot, -func.count())
            grouped = [one for one in (*key_, slot) if isinstance(one, ColumnElement)]
            counted.append(its.where(where).group_by(table.c.org, *grouped))
    both = union_all(*counted).subquery()
    key = [both.c[name] for name in names]
    left = func.sum(both.c.n)
    told = select(both.c.org, both.c.list, both.c.level, both.c.slot, left.label("rows_too_many"))
    return told.group_by(*key).having(left != 0)
