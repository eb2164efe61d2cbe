"""The terms by which orders are searched, against the orders, by code of the audit's own.

What the walk that keeps the terms has not come to yet is no fault.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import select

from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.verify.asking import Asking, sentence
from entrepot.store.verify.values import Sound
from entrepot.store.verify.walk import PAGE, AnyRow, AnySelect, Beside, rows_of

READER: Final = "search"
AMENDED: Final = "order.amended"
_NAMES: Final = (
    "sender_id", "external_id", "external_reference", "external_name", "payment_reference",
)  # fmt: skip
_OTHERS: Final = ("first_name", "last_name", "email", "phone")
_LONG, _WORDS, _FEW_DIGITS, _COUNTRY = 100, 20, 5, 3
_orders, _lines, _events = schema.orders.c, schema.order_lines.c, schema.events.c


def check_terms(asking: Asking, sound: Sound) -> None:
    """Compare the terms of each order with what the order says, in the order of the numbers."""
    if sound.keys() & {"orders", "order_lines", "order_terms", "sweeps"}:
        return  # values of other types than their columns' are reported, and cannot be compared
    sweep = schema.sweeps.c
    read = select(sweep.org, sweep.horizon, sweep.reached_at).where(sweep.kind == READER)
    reached = {row[0]: (row[1], row[2]) for row in asking.conn.execute(read)}

    def fetch(page: AnySelect) -> Sequence[AnyRow]:
        return asking.conn.execute(page).all()

    kept = Beside(rows_of(fetch, schema.order_terms))
    for page in _by_number(asking):
        wanted: set[sql.Row] = {(one.org, one.id) for one in page}
        columns = ("org", "order_id", "sku")
        found = sql.select(asking.conn, schema.order_lines, columns[:2], wanted, columns)
        skus: dict[tuple[int, bytes], list[str | None]] = {}
        for org, order_id, sku in found:
            skus.setdefault((org, bytes(order_id)), []).append(sku)
        for one in page:
            its = {bytes(row[2]) for row in kept.of((one.org, one.number))}
            _compare(asking, one, skus.get((one.org, bytes(one.id)), []), its, reached)


def _by_number(asking: Asking) -> Iterator[Sequence[Any]]:
    """All orders, a page at a time, by organization and number."""
    columns = [_orders[name] for name in ("org", "number", "id", *_NAMES, *_OTHERS)]
    first = select(*columns).order_by(_orders.org, _orders.number).limit(PAGE)
    org = number = -1
    while found := asking.conn.execute(
        first.where((_orders.org > org) | ((_orders.org == org) & (_orders.number > number)))
    ).all():
        yield found
        org, number = found[-1].org, found[-1].number


def _compare(
    asking: Asking, order: Any, skus: list[str | None], kept: set[bytes],
    reached: dict[int, tuple[int, int]],
) -> None:  # fmt: skip
    horizon, event = reached.get(order.org, (0, 0))
    try:
        expected = set(_said(order, skus)) if order.number <= horizon else set()
    except (AttributeError, TypeError, ValueError) as error:
        asking.findings.add("DAMAGE", org=order.org, order=order.id, why=sentence(error))
        return
    if kept == expected or (order.number <= horizon and _is_amended(asking, order, event)):
        return
    # Terms are personal: only their numbers are told.
    asking.findings.add(
        "SEARCH", org=order.org, order=order.id, missing=len(expected - kept),
        too_many=len(kept - expected),
    )  # fmt: skip


def _is_amended(asking: Asking, order: Any, event: int) -> bool:
    """Whether the order was amended after this event. The number is not looked for by an index."""
    its = (_events.org == order.org, _events.subject_id == order.id, _events.type == AMENDED)
    later = select(_events.seq).where(*its, _events.number + 0 > event).limit(1)
    return asking.conn.execute(later).first() is not None


def _said(order: Any, skus: list[str | None]) -> Iterator[bytes]:
    """The terms of an order, as docs/adr/0063 says them."""
    for name in (*[getattr(order, column) for column in _NAMES], *skus):
        if name:
            plain = _folded(name)
            if len(plain) > _LONG:
                plain = "#" + hashlib.sha256(plain.encode()).hexdigest()
            yield b"\x01" + plain.encode()
    for texts in ((order.first_name, order.last_name), (order.email,)):
        words = [word for text in texts if text for word in _folded(text).split(" ") if word]
        for word in words[:_WORDS]:
            yield word[:_LONG].encode()
    digits = "".join(sign for sign in order.phone or "" if sign in "0123456789")
    for start in range(_COUNTRY + 1):
        if len(digits) >= start + _FEW_DIGITS:
            yield b"\x02" + digits[start : start + _LONG].encode()


def _folded(text: str) -> str:
    """In small letters, composed, with one blank where blanks are."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    return " ".join(composed.split())
