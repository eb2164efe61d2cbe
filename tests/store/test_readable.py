"""A row with a text that has to be JSON and is none is read without the text, and told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, select, update
from structlog.testing import capture_logs
from tests.store.altered_book import Book

from entrepot.core.attributing import Asked
from entrepot.core.between import Between
from entrepot.core.facets import Facets
from entrepot.core.ids import dashed
from entrepot.core.order_filter import OrderFilter
from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import write as konvo
from entrepot.edge.native.orders import write as native
from entrepot.edge.polinate.orders import write as polinate
from entrepot.edge.synq.orders import write as synq
from entrepot.store import schema
from entrepot.store.reading import attributions, event_log, queries, whole_orders
from entrepot.store.schema import readable
from entrepot.store.schema.conversion import Conversion, bounded, told_at
from entrepot.store.schema.table import is_time

BROKEN = '{"zipCode": "8'
KEPT = [
    (one, column.name) for one in vars(schema).values() if isinstance(one, Conversion)
    for column in one.table.columns if "json" in column.info
]  # fmt: skip
# Twice a damaged number: PostgreSQL keeps the places of an amount in 16 bits.
_DAMAGED = {"json": (BROKEN, BROKEN), "places": (1 << 46, 30_000), "time": (1 << 62, -(1 << 62))}


def _damaged(column: Any, engine: str) -> Any:
    kinds = [kind for kind in _DAMAGED if kind in column.info]
    if is_time(column.name):
        kinds.append("time")
    return _DAMAGED[kinds[0]][engine != "sqlite"] if kinds else None


OF_ORDERS = [
    (table, column.name) for table in (schema.orders, schema.order_lines)
    for column in table.columns if _damaged(column, "sqlite") is not None
]  # fmt: skip
_BESIDE = [kept.table for kept in (schema.PAYMENTS, schema.OPERATIONS, *schema.OF_SENT_ORDERS)]
WHO = Principal(1, b"o" * 16, b"t" * 16, "ADMIN")


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of the two engines have the same ids."""
    monkeypatch.setattr(readable, "_told", set())


@pytest.fixture(scope="module")
def book(module_database_url: str) -> Iterator[Book]:
    made = Book(module_database_url)
    yield made
    made.close()


def _spelled(value: Any) -> str:
    if isinstance(value, Conversion):
        value = value.table
    return str(getattr(value, "name", value))


@pytest.mark.parametrize(("kept", "column"), KEPT, ids=_spelled)
def test_every_row_can_be_read_without_a_text_that_cannot(
    book: Book, kept: Conversion[Any], column: str
) -> None:
    def look(conn: Connection) -> None:
        book.do(conn, f"UPDATE {kept.table.name} SET {column} = '{BROKEN}'")
        rows = [tuple(row) for row in conn.execute(select(kept.table))]
        with capture_logs() as logs:
            read = [kept.readable_row(row) for row in [*rows, *rows]]
        assert not any(BROKEN in map(str, one) for one in read)
        assert any(BROKEN in str(kept.from_row(row)) for row in rows), "writers leave it alone"
        instead = kept.table.c[column].info["json"]
        if not kept.table.c[column].nullable:
            assert all(instead in one for one in read)
        told = [line for line in logs if line["event"] == "book.unreadable"]
        assert len(told) == len(rows), "each row once"
        assert {(one["table"], one["column"]) for one in told} == {(kept.table.name, column)}
        assert "entrepot verify" in told[0]["remedy"]
        assert all("org" in one["row"] or "name" in one["row"] for one in told)

    book.see(look)


CONVERSIONS = {
    name: one for name, one in vars(schema).items() if isinstance(one, Conversion)
}  # fmt: skip
_SOUND: dict[str, Any] = {
    "BIGINT": 7,
    "SMALLINT": 2,
    "BOOLEAN": True,
    "BLOB": b"k" * 16,
    "TEXT": "t",
}
_OTHERS: tuple[Any, ...] = (b"\xffA\x00", "zebra", 5, 2.5, None)


def _sound_row(kept: Conversion[Any]) -> list[Any]:
    return [
        column.info["json"] if "json" in column.info else _SOUND[f"{column.type}"]
        for column in kept.table.columns
    ]


@pytest.mark.parametrize("name", CONVERSIONS)
def test_every_row_can_be_read_whatever_one_of_its_columns_holds(name: str) -> None:
    """A flipped bit makes a blob of a text in SQLite: lists had it, and answered 500."""
    kept = CONVERSIONS[name]
    sound = _sound_row(kept)
    with capture_logs() as logs:
        known = kept.readable_row(tuple(sound))
        assert known == kept.from_row(tuple(sound))
    assert not logs
    for at, column in enumerate(kept.table.columns):
        if "json" in column.info or "places" in column.info:
            continue
        for other in _OTHERS:
            fits = type(other) is type(sound[at]) or (other is None and column.nullable)
            fits = fits or (type(other) is int and f"{column.type}" == "BOOLEAN")
            row = (*sound[:at], other, *sound[at + 1 :])
            with capture_logs() as logs:
                read = kept.readable_row(row)
                again = kept.readable_row(row)
            assert read == again
            if fits:
                assert not logs
                assert read == kept.from_row(row)
                continue
            kinds = {type(one) for one in kept.to_row(read)}
            assert kinds <= {int, bool, str, bytes, type(None)}, column
            fitting = type(sound[at]) if type(sound[at]) is not bool else int
            now = kept.to_row(read)[at]
            assert isinstance(now, fitting) or (now is None and column.nullable), column


def test_every_sound_row_of_a_book_is_read_as_it_is(book: Book) -> None:
    """Both engines' drivers give the types that the columns say."""

    def look(conn: Connection) -> None:
        with capture_logs() as logs:
            for kept in CONVERSIONS.values():
                for row in conn.execute(select(kept.table)):
                    assert kept.readable_row(tuple(row)) == kept.from_row(tuple(row))
        assert not logs

    book.see(look)


def test_a_blob_in_the_place_of_a_text_is_read_as_the_text() -> None:
    kept, sound = schema.BROADCASTS, _sound_row(schema.BROADCASTS)
    at = kept.columns.index("name")
    with capture_logs() as logs:
        for blob, shown in ((b"Black Friday", "Black Friday"), (b"\xffA\x00", "\ufffdA")):
            assert kept.readable_row((*sound[:at], blob, *sound[at + 1 :])).name == shown
    assert [(line["table"], line["column"]) for line in logs] == [("broadcasts", "name")]


def test_types_of_rows_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "TYPES_MAX", 1)
    known, mended = readable.sound_types(schema.taxa)
    sound = tuple(_sound_row(schema.TAXA))
    at = next(at for at, one in enumerate(schema.taxa.columns) if one.nullable)
    for row in (sound, (*sound[:at], None, *sound[at + 1 :])):
        assert mended(row) == row
    assert known == {tuple(map(type, sound))}


@pytest.mark.parametrize("text", ["[1]", '"s"', "5", "true", " {}"])
def test_json_of_another_kind_is_unreadable_too(text: str) -> None:
    """`/broadcasts` of Konvo answered 500 where the kept audience was a list."""
    for kept, column, instead in (
        (schema.broadcasts, "audience", "null"), (schema.touches, "details", "{}"),
        (schema.orders, "address", None),
    ):  # fmt: skip
        with capture_logs():
            read = readable.reader(kept)
            assert read(text, column, tuple(kept.columns.keys())) == instead
            assert read("{}", column, tuple(kept.columns.keys())) == "{}"
    with capture_logs():
        read = readable.reader(schema.invoices)
        assert read("{}", "lines", tuple(schema.invoices.columns.keys())) == "[]"


def _bodies(conn: Connection) -> list[bytes]:
    """What each dialect answers of a list of orders."""
    page = queries.page(conn, 1, OrderFilter(), limit=100, offset=0)
    whole = [whole_orders.whole_order(conn, 1, one.id, 0) for one in page.orders]
    return [
        synq.page_answer(page.orders, 100, 0, WHO).body,
        polinate.page_answer(page, 1, 100).body,
        konvo.found(page.orders, {}, page.total, WHO).body,
        *(native.order_answer(one).body for one in whole),
    ]


@pytest.mark.parametrize(("table", "column"), OF_ORDERS, ids=_spelled)
def test_a_damaged_order_keeps_nobody_from_the_list(book: Book, table: Any, column: str) -> None:
    def look(conn: Connection) -> None:
        its = table.c.id if table is schema.orders else table.c.order_id
        damaged = _damaged(table.c[column], conn.dialect.name)
        conn.execute(update(table).where(its == book.ids["mirrored"]).values({column: damaged}))
        bodies = _bodies(conn)
        assert all(dashed(book.ids["mirrored"]) in str(json.loads(one)) for one in bodies[:1])
        for one in bodies:
            json.loads(one)

    book.see(look)


@pytest.mark.parametrize(
    "table", [*_BESIDE, schema.order_lines, schema.customers, schema.jobs], ids=_spelled
)
def test_rows_that_are_gone_keep_nobody_from_the_list(book: Book, table: Table) -> None:
    """An operation whose payment was gone made the native list answer 500."""

    def look(conn: Connection) -> None:
        before = _bodies(conn)
        assert conn.execute(delete(table).where(table.c.org == 1)).rowcount > 0
        for one in _bodies(conn):
            json.loads(one)
        assert len(_bodies(conn)) == len(before)

    book.see(look)


@pytest.mark.parametrize("facet", Facets._fields)
def test_an_order_that_no_word_is_true_of_is_left_out(book: Book, facet: str) -> None:
    """A flipped bit in a word of an order made every list of orders answer 500."""

    def look(conn: Connection) -> None:
        gone = book.ids["mirrored"]
        before = _bodies(conn)
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        else:
            conn.exec_driver_sql(f"ALTER TABLE orders DROP CONSTRAINT {facet}_known")
        its = update(schema.orders).where(schema.orders.c.id == gone)
        conn.execute(its.values({facet: "zaid"}))
        with capture_logs() as logs:
            bodies = _bodies(conn)
            _bodies(conn)
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
        assert len(bodies) == len(before) - 1
        for one in bodies:
            json.loads(one)
            assert dashed(gone) not in str(one)
        told = [(line["column"], line["row"]) for line in logs]
        assert told == [(facet, {"org": 1, "id": gone.hex()})]

    book.see(look)


def test_an_attribution_whose_order_is_gone_keeps_nobody_from_the_list(book: Book) -> None:
    def look(conn: Connection) -> None:
        asked = (conn, 1, Asked(), Between())
        listed, _ = attributions.page(*asked, limit=10, offset=0)
        gone = listed[0].attribution.order_id
        conn.execute(delete(schema.orders).where(schema.orders.c.id == gone))
        left, _ = attributions.page(*asked, limit=10, offset=0)
        assert left == [one for one in listed if one.attribution.order_id != gone]

    book.see(look)


def test_an_event_that_cannot_be_read_keeps_nobody_from_the_log(book: Book) -> None:
    def look(conn: Connection) -> None:
        book.do(conn, f"UPDATE events SET body = '{BROKEN}' WHERE subject_id = :mirrored")
        found = event_log.after(conn, 1, 0, 1_000)
        assert all(isinstance(json.loads(one.body), dict) for one in found)

    book.see(look)


def test_what_is_no_text_is_unreadable_too() -> None:
    read = readable.reader(schema.orders)
    row = tuple(schema.orders.columns.keys())
    with capture_logs():
        for one in (b"{}", 7, "", "{} {}", '"\ud800"'):
            assert read(one, "address", row) is None
        assert read('{"a": [1, 2.50]}', "address", row) == '{"a": [1, 2.50]}'


def test_the_memory_of_what_was_told_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "TOLD_MAX", 3)
    read = readable.reader(schema.orders)
    with capture_logs() as logs:
        for number in range(10):
            read("x", "address", (number, b"o" * 16))
    assert len(logs) == 10
    assert len(readable._told) <= 3


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ((1250, 2, 2), (1250, 2)),
        ((125_000, 4, 2), (1250, 2)),
        ((1250, 2, 4), (125_000, 4)),
        # One of the two scales is damaged, and the other says nothing of the number.
        ((1250, 99, 2), (1250, 99)),
        ((1250, 2, -99), (1250, 2)),
    ],
)
def test_a_damaged_total_is_shown_as_it_is_kept(
    kept: tuple[int, int, int], shown: tuple[int, int]
) -> None:
    assert told_at(*kept) == shown


@pytest.mark.parametrize(
    ("places", "read"), [(10, 10), (-3, -3), (1 << 46, 99), (-(1 << 46), -99), ("two", 99)]
)
def test_nobody_computes_with_the_places_of_a_damaged_amount_for_ever(
    places: int | str, read: int
) -> None:
    assert bounded(places) == read
