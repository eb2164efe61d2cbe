"""The rows that one request left in the book, and any number of batches of rows just like them.

A batch is as large and as well ordered as what the product wrote, but collides with nothing.
"""

from __future__ import annotations

import dataclasses
import random
import string
from collections.abc import Iterator
from typing import Any

import uuid_utils
from sqlalchemy import BigInteger, Table, Text

from bench import book
from entrepot.store.schema import metadata

Rows = list[tuple[Any, ...]]
Book = dict[str, Rows]
Batch = list[tuple[Table, Rows]]

APART = 1_000  # microseconds from one batch to the next
_LETTERS = string.ascii_lowercase + string.digits


@dataclasses.dataclass(frozen=True)
class Sample:
    """New rows of each table, and what of them has to be another in each batch."""

    tables: Batch
    ids: frozenset[bytes]
    texts: frozenset[str]
    spans: dict[tuple[str, int], int]

    def batches(self, seed: int = 1) -> Iterator[Batch]:
        """Batches without end: other ids, keys, numbers and times, each in its key's order."""
        chance = random.Random(seed)
        number = 0
        while True:
            number += 1
            names: dict[Any, Any] = {old: uuid_utils.uuid7().bytes for old in sorted(self.ids)}
            names |= {old: _like(old, chance) for old in sorted(self.texts)}
            yield [
                (table, self._renewed(table, rows, names, number)) for table, rows in self.tables
            ]

    def _renewed(self, table: Table, rows: Rows, names: dict[Any, Any], number: int) -> Rows:
        columns = list(table.columns)
        steps = [
            APART if column.name.endswith("_at") or column.name == "at"
            else self.spans.get((table.name, place), 0)
            for place, column in enumerate(columns)
        ]  # fmt: skip
        fresh = [
            tuple(
                value + step * number if step and value is not None else names.get(value, value)
                for value, step in zip(row, steps, strict=True)
            )
            for row in rows
        ]
        key = [columns.index(column) for column in table.primary_key.columns]
        return sorted(fresh, key=lambda row: [row[place] for place in key])


def read(url: str) -> Book:
    """Every row of every table of the book, by the table's name."""
    found = {}
    for table in metadata.tables.values():
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        found[table.name] = book.rows(url, f"SELECT {names} FROM {table.name}")
    return found


def between(before: Book, after: Book, orders: int) -> Sample:
    """The difference between two looks at tables that grew with the orders."""
    tables: Batch = []
    ids: set[bytes] = set()
    texts: set[str] = set()
    spans: dict[tuple[str, int], int] = {}
    known = {value for rows in before.values() for row in rows for value in row if _is_id(value)}
    for table in metadata.tables.values():
        old = set(before[table.name])
        new = [row for row in after[table.name] if row not in old]
        if len(new) < orders:
            continue
        tables.append((table, new))
        ids.update(value for row in new for value in row if _is_id(value) and value not in known)
        for place in _keyed(table):
            there, here = {row[place] for row in old}, {row[place] for row in new}
            kind = table.columns[list(table.columns)[place].name].type
            if isinstance(kind, Text):
                texts.update(here - there - {None})
            elif isinstance(kind, BigInteger) and len(here) >= orders:
                spans[table.name, place] = max(here) - min(here) + 1
    return Sample(tables, frozenset(ids), frozenset(texts), spans)


def _keyed(table: Table) -> list[int]:
    """Positions of the columns that an index or a constraint holds."""
    indexed = {column.name for index in table.indexes for column in index.columns}
    indexed |= {
        column.name
        for constraint in table.constraints
        for column in getattr(constraint, "columns", ())
        if hasattr(constraint, "columns")
    }
    return [place for place, column in enumerate(table.columns) if column.name in indexed]


def _is_id(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == 16


def _like(text: str, chance: random.Random) -> str:
    return "".join(chance.choices(_LETTERS, k=len(text)))
