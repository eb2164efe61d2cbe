"""Invoices against their orders and their counter, and the tallies of their lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, and_, exists, func, literal, not_, or_, select, true, union_all

from entrepot.store import schema
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.searchable import searched
from entrepot.store.verify.statements import Check

_ROWS_AT_ONCE: Final = 500
_KEY_BYTES: Final = 16
_AMOUNTS: Final = ("scale", "subtotal", "discount", "shipping", "tax", "total")
_made, _orders, _counters = schema.invoices.c, schema.orders.c, schema.order_counters.c
_keys = schema.invoice_properties.c


def checks() -> Iterator[Check]:
    """All of them that a statement can ask."""
    yield Check("INVOICE_NUMBERS", _numbers())
    yield Check("INVOICES", _summed())
    yield Check("INVOICES", _as_ordered())
    yield Check("INVOICES", _untold())
    yield Check("INVOICES", _twice())


def listed() -> Iterator[tuple[Any, ...]]:
    """The lists by number: table, condition, number from 0; list, word and key of the tally."""
    number, same = _made.number - 1, and_(_keys.org == _made.org, _keys.invoice_id == _made.id)
    for word in (literal(""), _made.status):
        yield schema.invoices, true(), number, literal("invoices"), word, literal(b"")
        yield schema.invoices, same, number, literal("invoice_properties"), word, _keys.key


def _numbers() -> Select[Any]:
    """Organizations whose invoices are not numbered from 1 to what their counter says."""
    numbered = select(
        _made.org, literal(0).label("counted"), func.count().label("invoices"),
        func.count(_made.number.distinct()).label("numbers"),
        func.min(_made.number).label("first"), func.max(_made.number).label("last"),
    ).group_by(_made.org)  # fmt: skip
    none = [literal(0).label(name) for name in ("invoices", "numbers", "first", "last")]
    counted = select(_counters.org, _counters.invoices.label("counted"), *none)
    both = union_all(numbered, counted).subquery()
    sums = {name: func.sum(both.c[name]) for name in ("counted", "invoices", "numbers", "last")}
    first = func.sum(both.c.first)
    dense = and_(
        *(sums["invoices"] == sums[name] for name in ("counted", "numbers", "last")),
        or_(first == 1, sums["invoices"] == 0),
    )
    shown = [column.label(name) for name, column in sums.items()]
    return select(both.c.org, *shown).group_by(both.c.org).having(not_(dense))


def _summed() -> Select[Any]:
    """Invoices whose total is not their subtotal, less discount, plus shipping and tax."""
    total = _made.subtotal - _made.discount + _made.shipping + _made.tax
    told = select(_made.org, _made.id.label("invoice_id"), _made.number)
    return told.where(total != _made.total)


def _as_ordered() -> Select[Any]:
    """Invoices with other figures than their order, which was not amended since they were made."""
    event, first = schema.events.alias("e").c, schema.events.alias("f").c
    made_at = select(first.number).where(first.org == _made.org, first.subject_id == _made.id)
    made_at = made_at.where(first.seq == 1).correlate(schema.invoices)
    amended = exists().where(
        event.org == _made.org, event.subject_id == _made.order_id,
        event.type == "order.amended", event.number + 0 > made_at.scalar_subquery(),
    )  # fmt: skip
    archived = schema.order_archives.c
    gone = exists().where(archived.org == _made.org, archived.order_id == _made.order_id)
    other = [_made[name] != _orders[name] for name in _AMOUNTS]
    other += [_made.currency != _orders.currency, _made.customer_id != _orders.customer_id]
    same = and_(_orders.org == _made.org, _orders.id == _made.order_id)
    told = select(_made.org, _made.id.label("invoice_id"), _made.order_id)
    joined = told.join_from(schema.invoices, schema.orders, same)
    return joined.where(or_(*other), not_(amended), not_(gone))


def _untold() -> Select[Any]:
    """Invoices that have not as many events as their version says."""
    event = schema.events.alias("e").c
    its = and_(event.org == _made.org, event.subject_id == _made.id)
    there = select(func.count()).where(its).scalar_subquery()
    told = select(_made.org, _made.id.label("invoice_id"), _made.version)
    return told.where(_made.version != there)


def _twice() -> Select[Any]:
    """Orders with more than one invoice, or with one although another system runs them."""
    same = and_(_orders.org == _made.org, _orders.id == _made.order_id)
    told = select(_made.org, _made.order_id, func.count().label("invoices"))
    joined = told.join_from(schema.invoices, schema.orders, same)
    grouped = joined.group_by(_made.org, _made.order_id, _orders.managed)
    return grouped.having(or_(func.count() > 1, not_(_orders.managed)))


def check_properties(asking: Asking) -> None:
    """Compare the rows by which lists search with the properties of each invoice."""
    for (org,) in asking.conn.execute(select(_made.org).distinct()).all():
        last = b""
        while part := asking.conn.execute(_after(org, last)).all():
            kept: dict[bytes, set[bytes]] = {}
            of_part = and_(_keys.org == org, _keys.invoice_id.between(part[0].id, part[-1].id))
            for id_, key in asking.conn.execute(select(_keys.invoice_id, _keys.key).where(of_part)):
                kept.setdefault(bytes(id_), set()).add(bytes(key))
            for id_, properties in part:
                if kept.get(bytes(id_), set()) != _expected(properties):
                    asking.findings.add("PROPERTIES", org=org, invoice=bytes(id_))
            last = bytes(part[-1].id)


def _after(org: int, last: bytes) -> Select[Any]:
    told = select(_made.id, _made.properties).where(_made.org == org, _made.id > last)
    return told.order_by(_made.id).limit(_ROWS_AT_ONCE)


def _expected(properties: str | None) -> set[bytes]:
    try:
        return set(_searched(properties or "{}"))
    except (ValueError, AttributeError):
        return {b"what is no object"}


def _searched(text: str) -> Iterator[bytes]:
    for path, value in searched(text):
        for told in ("", value):
            yield hashlib.sha256(f"{path}\0{told}".encode()).digest()[:_KEY_BYTES]
