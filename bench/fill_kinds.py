"""Filling a book with any number of products, buyers, price lists, categories and the like.

One row of each kind is made through a server (bench/kinds_pattern.py). The difference of the book
before and after is copied: every row that is new, with fresh ids, keys, times and numbers of
events. A row that was changed, and is none of those that are told of here, stops the filling. The
copies lie evenly over the last year, in the order of their ids; the pattern itself is taken out.
`entrepot verify` finds nothing wrong with such a book.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import LargeBinary

from bench import fill_contacts, kinds_pattern, sample
from bench.fill import SAMPLE_MAX, Filled
from bench.fill_book import Book, open_book
from bench.fill_copy import YEAR
from bench.kinds_pattern import KEY
from bench.run import say
from entrepot.core import ids
from entrepot.core.costing import EVERYWHERE
from entrepot.store import schema
from entrepot.testing.server import Server

AT_ONCE = 5_000
TOLD_EVERY = 250_000
_MILLISECOND = 1_000
_NEVER_SWEPT = {"ENTREPOT_IDEMPOTENCY_DAYS": "off"}
# Rows of these tables are changed with the pattern's, once however many copies there are.
_CHANGED = frozenset({
    "installation", "item_lists", "order_counters", "processes", "stock_costing",
    "stock_settings", "sweeps",
})  # fmt: skip
# Rows of these tables are counted over the copies.
_COUNTED = frozenset({"list_tallies"})
# Columns that have the number of an event.
_NUMBERS = frozenset({("events", "number"), ("stock_movements", "number")})

Row = Sequence[Any]
Snapshot = dict[str, list[Any]]
# The values of a column in the copies with these numbers.
Make = Callable[["Batch"], Iterable[Any]]


class UnknownChange(Exception):
    """A pattern has changed a row of a table of which nothing is told here."""


class Batch:
    """Copies that are made at once: their numbers, keys, and ids by the pattern's."""

    def __init__(self, numbers: range, step: int, minted: list[bytes]) -> None:
        self.numbers = numbers
        self.keys = [KEY[:-7] + f"{number:07d}" for number in numbers]
        # Milliseconds come first in an id; a number behind them keeps copies of one time apart.
        apart, back = (step // _MILLISECOND << 80) + 1, YEAR // _MILLISECOND << 80
        self.ids = {
            old: [
                (first + number * apart).to_bytes(16, "big") for number in numbers
            ]
            for old in minted
            for first in [int.from_bytes(old, "big") - back]
        }  # fmt: skip


class Pattern:
    """The rows that are copied, and how many events are among them."""

    def __init__(self, before: Snapshot, after: Snapshot, rows: int) -> None:
        [hook] = before["webhooks"]
        self.webhook = hook[_at("webhooks", "id")]
        self.step = YEAR // rows // _MILLISECOND * _MILLISECOND
        known = {name: set(its) for name, its in before.items()}
        self.rows: Snapshot = {
            name: [row for row in its if row not in known[name]]
            for name, its in after.items()
            if name not in _CHANGED | _COUNTED
        }
        for name, new in self.rows.items():
            if len(after[name]) != len(before[name]) + len(new):
                raise UnknownChange(f"the pattern has changed a row of {name}")
        self.events = len(self.rows["events"])
        self.rows["item_lists"] = _new_lists(before, after)
        # The worth of all goods together is one row however many there are.
        where, totals = _at("value_totals", "location_id"), self.rows["value_totals"]
        self.rows["value_totals"] = [row for row in totals if row[where] != EVERYWHERE]
        [self.total] = [row for row in totals if row[where] == EVERYWHERE]
        self._begun = min(row[at] for row, at in self.of_events("at"))
        self._minted = self._ids(before)
        self.makers = [
            (name, row, self._of_row(name, row)) for name, its in self.rows.items() for row in its
        ]

    def of_events(self, column: str) -> list[tuple[Row, int]]:
        """The pattern's events, and the place of a column."""
        return [(row, _at("events", column)) for row in self.rows["events"]]

    def _ids(self, before: Snapshot) -> list[bytes]:
        """The ids that the pattern was the first to use, oldest first."""
        old = {value for its in before.values() for row in its for value in row
               if isinstance(value, bytes)}  # fmt: skip
        found = {
            bytes(row[at])
            for name, its in self.rows.items()
            for at, column in enumerate(schema.metadata.tables[name].columns)
            if isinstance(column.type, LargeBinary) and column.type.length == len(EVERYWHERE)
            for row in its
            if row[at] is not None and row[at] not in old
        }
        return sorted(found)

    def batch(self, numbers: range) -> Batch:
        """The copies with these numbers."""
        return Batch(numbers, self.step, self._minted)

    def _of_row(self, name: str, row: Row) -> list[Make]:
        columns = schema.metadata.tables[name].columns.keys()
        made = [self._make(name, *pair) for pair in zip(columns, row, strict=True)]
        if name == "events" and bytes(row[_at(name, "subject_id")]) not in self._minted:
            # Each copy tells once more of the same thing.
            seq = _at(name, "seq")
            made[seq] = _rising(row[seq], 1)
        return made

    def _make(self, name: str, column: str, value: Any) -> Make:
        if (name, column) in _NUMBERS:
            return _rising(value, self.events)
        if isinstance(value, bytes):
            return self._bytes(value)
        if isinstance(value, str):
            return self._text(value)
        if type(value) is int and self._begun - _MILLISECOND <= value < self._begun + YEAR:
            return _rising(value - YEAR, self.step)
        return lambda _: repeat(value)

    def _bytes(self, value: bytes) -> Make:
        if value in self._minted:
            return lambda batch: batch.ids[value]
        upside_down = _upside_down(value)
        if upside_down in self._minted:
            return lambda batch: map(_upside_down, batch.ids[upside_down])
        if KEY.encode() in value:
            inner = self._text(value.decode())
            return lambda batch: [text.encode() for text in inner(batch)]
        return lambda _: repeat(value)

    def _text(self, value: str) -> Make:
        """Texts with each hole filled: the key's, and those of ids in the spelling of events."""
        found: list[tuple[str, Make]] = [(KEY, lambda batch: batch.keys)]
        found += [(ids.dashed(old), _dashed(old)) for old in self._minted]
        parts: list[str | Make] = [value]
        for hole, make in found:
            parts = [piece for part in parts for piece in _split(part, hole, make)]
        if parts == [value]:
            return lambda _: repeat(value)

        def join(batch: Batch) -> Iterable[str]:
            columns = [repeat(part) if isinstance(part, str) else part(batch) for part in parts]
            return map("".join, zip(*columns, strict=False))

        return join


def _new_lists(before: Snapshot, after: Snapshot) -> list[Row]:
    at = _at("item_lists", "id")
    there = {row[at] for row in before["item_lists"]}
    return [row for row in after["item_lists"] if row[at] not in there]


def _split(part: str | Make, hole: str, make: Make) -> list[str | Make]:
    if not isinstance(part, str):
        return [part]
    first, *others = part.split(hole)
    return [first, *[piece for other in others for piece in (make, other)]]


def _rising(first: int, step: int) -> Make:
    return lambda batch: [first + step * number for number in batch.numbers]


def _dashed(old: bytes) -> Make:
    return lambda batch: map(ids.dashed, batch.ids[old])


def _upside_down(value: bytes) -> bytes:
    return bytes(0xFF - byte for byte in value)


def _at(table: str, column: str) -> int:
    return list(schema.metadata.tables[table].columns.keys()).index(column)


def fill(url: str, folder: Path, rows: int) -> Filled:
    """Fill the empty database at `url` with so many rows of each kind.

    `folder` is for the server that makes the pattern. Raises UnknownChange.
    """
    with (
        Server(url, folder, role="all", env=_NEVER_SWEPT) as server,
        httpx.Client(base_url=server.url, timeout=30) as http,
    ):
        placed = kinds_pattern.Placed(server, http)
        known = kinds_pattern.prepare(placed)
        before = sample.read(url)
        kinds_pattern.make(placed, known)
        code = server.terminate()
        assert code == 0, server.output()[-500:]
    begun = time.monotonic()
    pattern = Pattern(before, sample.read(url), rows)
    book = open_book(url)
    _take_out(book, pattern)
    for start in range(0, rows, AT_ONCE):
        _copy(book, pattern, pattern.batch(range(start, min(rows, start + AT_ONCE))))
        done = min(rows, start + AT_ONCE)
        if done % TOLD_EVERY == 0:
            say(f"filled {done:,} of {rows:,} rows of each kind")
    _close(book, pattern, rows)
    products = [bytes(row[0]) for row in book.run("SELECT id FROM products")]
    book.finish()
    drawn = random.Random(rows).sample(products, min(rows, SAMPLE_MAX))
    return Filled(url, folder, rows, drawn, time.monotonic() - begun, "of each kind")


def _take_out(book: Book, pattern: Pattern) -> None:
    book.begin()
    for name, row, _ in pattern.makers:
        keys = schema.metadata.tables[name].primary_key.columns.keys()
        where = " AND ".join(f"{key} = ?{mark}" for mark, key in enumerate(keys, 1))
        book.run(f"DELETE FROM {name} WHERE {where}", *[row[_at(name, key)] for key in keys])
    book.commit()


def _copy(book: Book, pattern: Pattern, batch: Batch) -> None:
    made: Snapshot = {}
    for name, _, makers in pattern.makers:
        columns = [make(batch) for make in makers]
        # A column without an end has the same value in each copy.
        rows = list(zip(batch.numbers, *columns, strict=False))
        made.setdefault(name, []).extend([row[1:] for row in rows])
    made["webhook_deliveries"] = _deliveries(pattern, batch)
    book.begin()
    for name, its in made.items():
        book.write(name, its)
    book.commit()


def _deliveries(pattern: Pattern, batch: Batch) -> list[Row]:
    """One delivery of each copy, of its first event, as if a webhook had got it at once."""
    first = min(pattern.rows["events"], key=lambda row: row[_at("events", "number")])
    made = {
        "org": first[_at("events", "org")], "webhook_id": pattern.webhook, "state": "delivered",
        "type": first[_at("events", "type")], "tries": 1, "status": 200, "error": None,
    }  # fmt: skip
    number, at = first[_at("events", "number")], first[_at("events", "at")] - YEAR
    ids_ = batch.ids[bytes(first[_at("events", "subject_id")])]
    columns = schema.webhook_deliveries.columns.keys()
    rows = []
    for copy, id_ in zip(batch.numbers, ids_, strict=True):
        moment = at + copy * pattern.step
        its = {
            **made, "number": number + copy * pattern.events, "id": id_,
            "created_at": moment, "updated_at": moment,
        }  # fmt: skip
        rows.append([its[name] for name in columns])
    return rows


def _close(book: Book, pattern: Pattern, rows: int) -> None:
    """Write the rows that stand once: counters, positions of the log's readers, tallies, totals."""
    more = rows - 1
    newest = max(row[at] for row, at in pattern.of_events("number")) + more * pattern.events
    book.begin()
    book.run("UPDATE order_counters SET events = ?1 WHERE orders = 0 AND events > 0", newest)
    book.run("UPDATE sweeps SET reached_at = ?1 WHERE kind IN ('contacts', 'search')", newest)
    book.run("UPDATE stock_costing SET reached = ?1", newest)
    book.run("UPDATE stock_settings SET watched = ?1", newest)
    book.run("UPDATE item_lists SET version = version + ?1 WHERE version > 1", more)
    total = str(int(pattern.total[_at("value_totals", "value")]) * rows)
    book.run("UPDATE value_totals SET value = ?1 WHERE location_id = ?2", total, EVERYWHERE)
    book.run("DELETE FROM list_tallies")
    fill_contacts.tally(book)
    book.commit()
