"""Writing invoices, what their lists are searched by, and the tallies of these lists.

A new invoice has its number and its time from the counter (counters.py). Lists of invoices go by
the numbers. Tallies say how many invoices of a range of numbers have a status, a property, or both.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from entrepot.core.facts import Facts
from entrepot.core.invoices import Invoice
from entrepot.core.properties import parse
from entrepot.store import schema
from entrepot.store.engines.sql import Row
from entrepot.store.writing import counters, list_tallies
from entrepot.store.writing.list_tallies import INVOICE_PROPERTIES, INVOICES, NO_KEY, Placed
from entrepot.store.writing.properties import paths
from entrepot.store.writing.writes import Writes, made

_KEY_BYTES = 16
_PROPERTY = ("org", "invoice_id", "key")


def write(conn: Connection, writes: Writes, facts: Facts) -> None:
    """Write the invoices that the batch made and changed."""
    rows = counters.invoiced(facts)
    if rows is None:
        return
    kept, now, base = schema.INVOICES, rows.now, rows.base
    changed = made(
        sorted(rows.dirty), lambda key: (*kept.values(now[key]), *kept.guarding(base[key]))
    )
    writes.update(kept.table, kept.sets, kept.guarded_key, changed)
    new = made([now[key] for key in sorted(rows.new)], kept.to_row)
    writes.insert(kept.table, kept.columns, new, given=counters.BILLED)
    counted: Counter[Placed] = Counter()
    stale: list[Row] = []
    fresh: list[Row] = []
    for key in (*rows.new, *rows.dirty):
        after, before = now[key], base.get(key)
        _count(counted, after, 1)
        if before is not None:
            _count(counted, before, -1)
        had = set() if before is None else keys_of(before)
        has = keys_of(after)
        stale += [(*key, one) for one in had - has]
        fresh += [(*key, one) for one in has - had]
    writes.delete(schema.invoice_properties, _PROPERTY, sorted(stale), guarded=False)
    writes.insert(schema.invoice_properties, _PROPERTY, sorted(fresh))
    list_tallies.by_number(conn, writes, counted)


def _count(counted: Counter[Placed], one: Invoice, more: int) -> None:
    for word in ("", one.status):
        counted[one.org, INVOICES, word, NO_KEY, one.number] += more
        for key in keys_of(one):
            counted[one.org, INVOICE_PROPERTIES, word, key, one.number] += more


def keys_of(one: Invoice) -> set[bytes]:
    """The keys of each path of an invoice's properties, and of each value at a path."""
    return set(_keys(one.properties)) if one.properties else set()


def _keys(text: str) -> Iterator[bytes]:
    for path, value in paths(parse(text)):
        yield key_of(path)
        yield key_of(path, value)


def key_of(path: str, value: str = "") -> bytes:
    """The key of a path with any value, or with this one, both as `paths` gives them."""
    return hashlib.sha256(f"{path}\0{value}".encode()).digest()[:_KEY_BYTES]
