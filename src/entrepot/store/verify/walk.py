"""Reading a whole table in the order of its primary key, a page at a time: memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, Table, literal, select, tuple_

PAGE = 1000

OrderKey = tuple[int, bytes]


AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
Fetch = Callable[[AnySelect], Sequence[AnyRow]]


def rows_of(
    fetch: Fetch, table: Table, page: int = PAGE, sound: ColumnElement[bool] | None = None
) -> Iterator[AnyRow]:
    """Every row of the table, by its primary key; where `sound` is given, those that fulfil it.

    `fetch` carries out the statement of one page.
    """
    keys = list(table.primary_key.columns)
    key_columns = [list(table.columns).index(key) for key in keys]
    first = select(table).order_by(*keys).limit(page)
    if sound is not None:
        first = first.where(sound)
    found = fetch(first)
    while found:
        yield from found
        if len(found) < page:
            return
        last = tuple_(
            *[literal(found[-1][i], k.type) for i, k in zip(key_columns, keys, strict=True)]
        )
        found = fetch(first.where(tuple_(*keys) > last))


class Beside:
    """The rows of a table that belong to orders, given out while the orders go by in key order.

    The table's first two columns are its order's key. Rows without an order are passed over.
    """

    def __init__(self, found: Iterator[AnyRow]) -> None:
        self._groups = groupby(found, key=_order_key)
        self._head: tuple[OrderKey, Iterator[AnyRow]] | None = None
        self._begun = False

    def of(self, key: OrderKey) -> list[AnyRow]:
        """The rows of this order; keys must rise from call to call."""
        if not self._begun:
            self._begun = True
            self._head = next(self._groups, None)
        while self._head is not None and self._head[0] < key:
            self._head = next(self._groups, None)
        if self._head is None or self._head[0] != key:
            return []
        return list(self._head[1])


def _order_key(row: AnyRow) -> OrderKey:
    return row[0], row[1]
