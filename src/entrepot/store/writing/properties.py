"""Writing the free JSON of orders a second time, path by path, so that lists can search it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from entrepot.core.facts import Facts
from entrepot.core.properties import parse, scalar
from entrepot.pace import paced
from entrepot.store import schema
from entrepot.store.engines.sql import Row
from entrepot.store.writing import counters, tallies
from entrepot.store.writing.writes import Writes

# Characters of a property's path or value that an index entry holds. PostgreSQL takes entries of
# 2,704 bytes; two such texts of four-byte characters fit beside the ids.
INDEXED_MAX = 250
_COLUMNS = tuple(column.name for column in schema.order_properties.columns)
_KEY = ("org", "order_id", "path", "value")


def write(writes: Writes, facts: Facts) -> None:
    """Write the paths and values that orders got, and delete those that they had."""
    orders = facts.orders
    stale: list[Row] = []
    fresh: list[Row] = []
    added: list[Row] = []
    tallied: Counter[tallies.Pair] = Counter()
    for key in (*orders.new, *orders.dirty):
        order, base = orders.now[key], orders.base.get(key)
        before = None if base is None else base.properties
        if before == order.properties:
            continue
        # Only what differs: a small change of an order with many properties is a small write.
        had, has = _pairs(before), _pairs(order.properties)
        stale.extend((*key, *pair) for pair in paced(had - has))
        own = added if base is None else fresh
        own.extend((*key, *pair, order.number) for pair in paced(has - had))
        tallies.count_pairs(tallied, order.org, had, has)
    writes.delete(schema.order_properties, _KEY, stale, guarded=False)
    writes.insert(schema.order_properties, _COLUMNS, added, given=counters.NUMBERED)
    writes.insert(schema.order_properties, _COLUMNS, fresh, apart=True)
    tallies.properties(writes, tallied)


def _pairs(properties: str | None) -> set[tuple[str, str]]:
    return set(paced(paths(parse(properties)))) if properties else set()


def paths(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (dot path, value) of a JSON object: `=` and the text of a scalar, `{` of the rest.

    Both as their index holds them: a digest stands for a long one.
    """
    return ((indexed(path), indexed(text)) for path, text in _paths(value, ""))


def _paths(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        path = prefix + key
        text = scalar(inner)
        if text is not None:
            yield path, f"={text}"
        else:
            yield path, "{"
            if isinstance(inner, dict):
                yield from _paths(inner, path + ".")


def indexed(text: str) -> str:
    """A property's path or value as its index holds it: a digest stands for a long one."""
    if len(text) <= INDEXED_MAX:
        return text
    return "#" + hashlib.sha256(text.encode()).hexdigest()
