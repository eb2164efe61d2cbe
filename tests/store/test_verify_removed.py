"""The negative control of each invariant: without its check nothing reports its breaks as such."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection
from tests.store.altered_book import Book
from tests.store.test_verify import BREAKS
from tests.store.verify_book import operation_key
from tests.store.verify_breaks import Break
from tests.store.verify_removed import checking, found_without


@pytest.fixture(scope="module")
def sqlite_book(fresh_database: Callable[[str], str]) -> Iterator[Book]:
    made = Book(fresh_database("sqlite"))
    yield made
    made.close()


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.invariant}: {one.name}")
def test_a_break_is_found_by_its_own_invariant_alone(sqlite_book: Book, one: Break) -> None:
    checking(one.invariant)  # found and kept while no part of the audit is replaced

    def look(conn: Connection) -> set[str]:
        return found_without(one.invariant, conn, operation_key=operation_key)

    found = sqlite_book.altered(look, one.statements, one.loosened)
    assert one.invariant not in found
