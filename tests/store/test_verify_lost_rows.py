"""A row that is gone, of every table in turn: the audit says so, or a sentence says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, func, select
from tests.store.altered_book import Book
from tests.store.verify_book import operation_key

from entrepot.store import schema, verify

# So many rows of a table are deleted, one at a time, evenly over the table.
ROWS = 12
TABLES = {table.name: table for table in schema.metadata.sorted_tables}
# Tables of which the program deletes rows by itself, or of which no other row tells what they had.
NEED_NOT_BE_THERE = {
    "announced_orders": "the row goes once the order is in the book",
    "buyer_contacts": "a customer's contacts can be taken away",
    "buyer_locations": "a customer's locations can be taken away",
    "credentials": "no event tells of a key that the command line has made",
    "customer_names": "a customer without names is found by the id of the book alone",
    "installation": "SECRET is asked before the audit, of which the secret is a part",
    "order_property_tallies": "a tally of 0 is as good as none",
    "order_spans": "a span of 0 orders is as good as none",
    "item_list_entries": "an entry that priced no line is told by the events of its list alone",
    "list_tallies": "a tally of 0 is as good as none",
    "jobs": "a step that waits for nobody can be done with",
    "order_notes": "a note has no event: no list of orders tells of notes",
    "organization_settings": "an organization that chose nothing has no row",
    "payment_operations": "a void that is only prepared is prepared anew, with the same key",
    "processes": "a process that ended takes its row along",
    "provider_accounts": "an account can be removed",
    "provider_notices": "notices that were heard are removed for their age",
    "purchase_drafts": "a draft is withdrawn when the shelf is full again",
    "reservations": "a released reservation claims nothing",
    "sweeps": "a reader of the log without a row begins at the beginning",
    "told_orders": "an order that could not be placed is tried anew when the shop tells it again",
    "variant_details": "a variant that an order named first has no details",
    "variant_names": "a variant that an order named first has names that no other row has",
    "webhook_deliveries": "old deliveries of a webhook are removed",
}


@pytest.fixture(scope="module")
def book(fresh_database: Callable[[str], str]) -> Iterator[Book]:
    made = Book(fresh_database("sqlite"))
    yield made
    made.close()


def _deletions(book: Book, table: str) -> list[str]:
    its = TABLES[table]
    counted = select(func.count()).select_from(its)
    count: int = book.see(lambda conn: conn.execute(counted).scalar_one())
    key = ", ".join(f'"{column.name}"' for column in its.primary_key.columns)
    step = max(1, count // ROWS)
    return [
        f"DELETE FROM {table} WHERE ({key}) IN "
        f"(SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {at})"
        for at in range(0, count, step)
    ]


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_gone_is_found(book: Book, table: str) -> None:
    def look(conn: Connection) -> bool:
        return verify.verify(conn, operation_key=operation_key).ok

    deletions = _deletions(book, table)
    assert deletions, "the healthy book has a row of every table"
    unseen = [one for one in deletions if book.altered(look, (one,))]
    assert (unseen != []) == (table in NEED_NOT_BE_THERE), unseen
