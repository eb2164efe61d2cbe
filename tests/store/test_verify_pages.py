"""A damaged page of PostgreSQL: it is reported, the rest is asked, and there is no traceback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection
from tests.store.verify_book import healthy_book, operation_key

from entrepot.store.engines.opening import open_database
from entrepot.store.verify import verify
from entrepot.testing.postgres import Postgres

PAGE = 8192


class Damage(NamedTuple):
    """Damage to the first pages of tables and indexes; an empty content cuts a file off."""

    relations: tuple[str, ...]
    content: bytes
    amcheck: bool = False


OVERWRITTEN = b"\xa5" * PAGE
INDEXES = ("jobs_due", "order_lines_pkey", "customer_names_pkey")
NAMED = (
    Damage(("orders", "order_lines", "customers", "idempotency_keys"), OVERWRITTEN),
    Damage(INDEXES, OVERWRITTEN),
    Damage(("events", "jobs_due"), b""),
    Damage(("customers", "orders_number"), OVERWRITTEN, amcheck=True),
)
EMPTIED = Damage(("order_lines",), bytes(PAGE))


class Books:
    """Copies of a healthy book on a server of its own, one for each damage."""

    def __init__(self) -> None:
        self.server = Postgres(durable=False)
        self.server.start()
        self._made = self.server.create()
        asyncio.run(self._fill())
        self.healthy = self.copy()
        self.damaged = {one: self.copy(amcheck=one.amcheck) for one in (*NAMED, EMPTIED)}
        files = [
            (self._file(url, name), one.content)
            for one, url in self.damaged.items()
            for name in one.relations
        ]
        # Files are written while the server rests, so that it has none of their pages.
        self.server.sql("CHECKPOINT")
        self.server.crash()
        for file, content in files:
            with file.open("r+b") as opened:
                opened.write(content)
                if not content:
                    opened.truncate()
        self.server.start_again()

    async def _fill(self) -> None:
        database = open_database(self._made)
        await healthy_book(database)
        await database.close()

    def copy(self, *, amcheck: bool = False) -> str:
        """The URL of a copy of the healthy book."""
        url = self.server.create(self._made)
        if amcheck:
            self.do(url, "CREATE SCHEMA checks; CREATE EXTENSION amcheck SCHEMA checks")
        return url

    def do(self, url: str, statement: str) -> str:
        """Run a statement as the server's owner."""
        return self.server.sql(statement, url.rpartition("/")[2]).strip()

    def _file(self, url: str, relation: str) -> Path:
        return self.server.data / self.do(url, f"SELECT pg_relation_filepath('{relation}')")


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    made = Books()
    yield made
    made.server.stop()


def found(url: str) -> dict[str, list[dict[str, Any]]]:
    """The witnesses of each invariant that does not hold."""

    def work(conn: Connection) -> dict[str, list[dict[str, Any]]]:
        report = verify(conn, operation_key=operation_key)
        return {one.invariant: one.witnesses for one in report.violations}

    async def ask() -> dict[str, list[dict[str, Any]]]:
        database = open_database(url)
        try:
            return await database.read(work)
        finally:
            await database.close()

    return asyncio.run(ask())


def test_a_healthy_book_is_clean_with_and_without_amcheck(books: Books) -> None:
    assert found(books.healthy) == {}
    assert found(books.copy(amcheck=True)) == {}


@pytest.mark.parametrize("one", NAMED, ids=lambda one: " ".join(one.relations))
def test_a_page_that_cannot_be_read_is_named(books: Books, one: Damage) -> None:
    witnesses = found(books.damaged[one])["DAMAGE"]
    named = " ".join(f"{witness} " for witness in map(str, witnesses))
    assert [name for name in one.relations if name not in named] == [], witnesses


def test_rows_of_a_page_that_was_emptied_are_missed(books: Books) -> None:
    assert "SUBTOTAL" in found(books.damaged[EMPTIED])


def test_an_index_without_some_of_the_rows_is_named(books: Books) -> None:
    url = books.copy()
    ready = "UPDATE pg_index SET indisready = {} WHERE indexrelid = 'orders_number'::regclass"
    books.do(url, ready.format("false"))
    # A row that is written anew stands where the index does not know of it.
    books.do(url, "ALTER TABLE orders SET (fillfactor = 10); UPDATE orders SET reason = reason")
    books.do(url, ready.format("true"))
    books.do(url, "VACUUM (INDEX_CLEANUP off) orders")
    witnesses = found(url)["DAMAGE"]
    assert any(one.get("index") == "orders_number" for one in witnesses), witnesses


def test_a_text_that_is_no_json_is_named_and_hides_nothing_else(books: Books) -> None:
    url = books.copy()
    books.do(url, "UPDATE orders SET metadata = 'a' WHERE number = 1")
    books.do(url, "UPDATE order_lines SET details = '{' WHERE number = 2")
    books.do(url, "UPDATE orders SET subtotal = subtotal + 1 WHERE number = 2")
    broken = found(url)
    assert set(broken) >= {"DAMAGE", "SUBTOTAL"}
    told = {(one["table"], one["wrong_type"]) for one in broken["DAMAGE"]}
    assert told == {("orders", "metadata"), ("order_lines", "details")}
    assert {one["org"] for one in broken["SUBTOTAL"]} == {1, 2}
