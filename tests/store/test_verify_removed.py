"""The negative control of each invariant: without its check nothing reports its breaks as such."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.store.altered_book import Book
from tests.store.test_verify import BREAKS
from tests.store.verify_book import operation_key
from tests.store.verify_breaks import Break
from tests.store.verify_removed import checking, found_without

from entrepot.testing.server import sqlite_url


@pytest.fixture(scope="module")
def sqlite_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    made = Book(sqlite_url(Path(tmp_path_factory.mktemp("removed"))))
    yield made
    made.close()


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.invariant}: {one.name}")
def test_a_break_is_found_by_its_own_invariant_alone(sqlite_book: Book, one: Break) -> None:
    checking(one.invariant)  # found and kept while no part of the audit is replaced

    def look(conn: Connection) -> set[str]:
        return found_without(one.invariant, conn, operation_key=operation_key)

    found = sqlite_book.altered(look, one.statements, one.loosened)
    assert one.invariant not in found
