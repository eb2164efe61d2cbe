"""Rows to core values and back, pure. Column orders are fixed here once for every statement."""

from __future__ import annotations

import hashlib
from typing import Any

from entrepot.core.facets import Facets
from entrepot.core.money import Amount, rescale
from entrepot.core.order import (
    Attempt,
    Customer,
    Event,
    Job,
    Level,
    Line,
    Order,
    Reservation,
    StockEntry,
    StoredAnswer,
    Variant,
)
from entrepot.core.words import Words
from entrepot.store import schema

Row = tuple[Any, ...]

# Characters of a property's path or value that an index entry holds. PostgreSQL takes entries of
# 2,704 bytes; two such texts of four-byte characters fit beside the ids.
INDEXED_MAX = 250


def _columns(table: Any) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


ORDER = _columns(schema.orders)
LINE = _columns(schema.order_lines)
VARIANT = _columns(schema.variants)
CUSTOMER = _columns(schema.customers)
LEVEL = _columns(schema.stock_levels)
ENTRY = _columns(schema.stock_entries)
RESERVATION = _columns(schema.reservations)
ATTEMPT = _columns(schema.payment_attempts)
CLAIM = _columns(schema.payment_claims)
JOB = _columns(schema.jobs)
EVENT = _columns(schema.events)
ANSWER = _columns(schema.idempotency_keys)
PROPERTY = _columns(schema.order_properties)


def order(row: Row, lines: tuple[Line, ...] = ()) -> Order:
    """The order of a row in the order of ORDER."""
    scale = row[15]
    return Order._make((
        row[0], row[1], row[2], bool(row[3]), Facets(*row[4:8]), Words(*row[8:14]), row[14],
        Amount(row[16], scale), Amount(rescaled(row[20], scale, row[21]), row[21]),
        row[22], row[23], row[24],
        Amount(row[17], scale), Amount(row[18], scale), Amount(row[19], scale),
        *row[25:56], bool(row[56]), bool(row[57]), row[58], lines,
        row[59],
    ))  # fmt: skip


def rescaled(units: int, scale: int, to: int) -> int:
    """Units at another scale, exactly: a total is kept at the finest one and told at its own."""
    return int(units * 10 ** (to - scale) if to >= scale else units // 10 ** (scale - to))


def order_row(o: Order) -> Row:
    """The row of an order, its amounts at their finest common scale."""
    amounts = (o.subtotal, o.discount, o.shipping, o.tax, o.total)
    scale = max([one.scale for one in amounts])
    return (
        *o[:4], *o.facets, *o.words, o.currency, scale,
        *[units if own == scale else rescale(units, own, scale) for units, own in amounts],
        o.total.scale, *o[9:12], *o[15:48], o.version, o.number,
    )  # fmt: skip


def line(row: Row) -> tuple[int, bytes, Line]:
    """Organization, order id and line of a row in the order of LINE."""
    return (
        row[0],
        row[1],
        Line._make(
            (
                *row[2:13],
                row[13],
                Amount(row[14], row[15]),
                Amount(row[16], row[17]),
                bool(row[18]),
                *row[19:23],
            )
        ),
    )


def line_row(org: int, order_id: bytes, ln: Line) -> Row:
    """The row of a line."""
    return (org, order_id, *ln[:12], *ln.price, *ln.cost, *ln[14:])


def variant(row: Row) -> Variant:
    """The variant of a row in the order of VARIANT."""
    return Variant._make((*row[:7], Amount(row[7], row[8]), bool(row[9]), row[10]))


def variant_row(v: Variant) -> Row:
    """The row of a variant."""
    return (*v[:7], *v.price, v.tracked, v.created_at)


def customer(row: Row) -> Customer:
    """The customer of a row in the order of CUSTOMER."""
    return Customer(*row)


def level(row: Row) -> Level:
    """The level of a row in the order of LEVEL."""
    return Level._make((*row[:6], bool(row[6])))


def reservation(row: Row) -> Reservation:
    """The reservation of a row in the order of RESERVATION."""
    return Reservation(*row)


def attempt(row: Row) -> Attempt:
    """The attempt of a row in the order of ATTEMPT."""
    return Attempt._make((*row[:7], Amount(row[7], row[8]), *row[9:]))


def attempt_row(a: Attempt) -> Row:
    """The row of an attempt."""
    return (*a[:7], *a.amount, *a[8:])


def job(row: Row) -> Job:
    """The job of a row in the order of JOB."""
    return Job(*row)


def event(row: Row) -> Event:
    """The event of a row in the order of EVENT."""
    return Event(*row)


def entry(row: Row) -> StockEntry:
    """The ledger entry of a row in the order of ENTRY."""
    return StockEntry(*row)


def answer(row: Row) -> StoredAnswer:
    """The stored answer of a row in the order of ANSWER."""
    return StoredAnswer._make((*row[:5], bytes(row[5]), *row[6:]))


def indexed(text: str) -> str:
    """A property's path or value as its index holds it: a digest stands for a long one."""
    if len(text) <= INDEXED_MAX:
        return text
    return "#" + hashlib.sha256(text.encode()).hexdigest()
