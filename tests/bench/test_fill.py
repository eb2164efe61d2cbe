"""A filled book is one that the product could have written; nothing of an order is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from bench.fill import Filled, fill
from bench.fill_rules import UnknownColumn, checked
from bench.requests import KEY, synq
from sqlalchemy import BigInteger, Column, MetaData, Table
from tests.conftest import ENGINES

from bench import book, reading, reading_beside, reading_search
from entrepot.store import schema
from entrepot.testing.server import Server

ORDERS = 1_300


@pytest.fixture(scope="module", params=ENGINES)
def filled(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Filled:
    return fill(fresh_database(request.param), tmp_path_factory.mktemp("filled"), ORDERS)


def test_verify_finds_nothing_wrong_with_a_filled_book(filled: Filled) -> None:
    filled.server().verify()


def test_it_has_as_many_orders_as_wanted_numbered_in_the_order_of_their_ids(filled: Filled) -> None:
    found = book.rows(filled.url, "SELECT id, number, created_at FROM orders ORDER BY id")
    assert [row[1] for row in found] == list(range(1, ORDERS + 1))
    times = [row[2] for row in found]
    assert times == sorted(times)
    assert {bytes(row[0]) for row in found} == set(filled.sample)


def test_no_two_copies_share_what_tells_orders_apart(filled: Filled) -> None:
    for table, column in (
        ("orders", "coalesce(idempotency_key, sender_id)"),
        ("payment_operations", "provider_reference"),
        ("payment_claims", "reference"),
        ("customer_names", "value"),
        ("idempotency_keys", "body"),
    ):
        [(rows, values)] = book.rows(
            filled.url,
            f"SELECT count(*), count(DISTINCT {column}) FROM {table} WHERE {column} IS NOT NULL",
        )
        assert rows == values > 0, f"{table}.{column}"
    texts = "SELECT count(*) FROM orders WHERE coalesce(idempotency_key, sender_id) LIKE 'pattern%'"
    assert book.orders(filled.url) == ORDERS
    assert book.rows(filled.url, texts) == [(0,)]


def test_every_reading_is_answered_and_the_filters_match_what_they_say(filled: Filled) -> None:
    with filled.server() as server:
        parts = (reading, reading_beside, reading_search)
        asked = [one for part in parts for one in part.every(filled, server)]
        totals = {one.name: one.total(server.url) for one in asked}
        _place(server)
    lists = {name: total for name, total in totals.items() if total and " list, " in name}
    counts = {name.rpartition(", ")[2]: total for name, total in lists.items()}
    assert counts[f"newest {reading.FEW}"] == reading.FEW
    assert counts["newest half"] == ORDERS // 2
    assert 0 < counts[f"latest {reading.FEW}"] <= reading.FEW
    assert 0 < counts["propertyValue of few"] < ORDERS // 5
    invoices = book.rows(filled.url, "SELECT count(*) FROM invoices")[0][0]
    artefacts = [
        totals[f"Polinate invoices, hasArtefact{one}"] or 0 for one in (" of some", "=false")
    ]
    assert sum(artefacts) == totals["Polinate invoices, first page"] == invoices > ORDERS // 2
    assert all(artefacts)
    some, most = (counts[f"propertyExists{rest}"] for rest in (" of some", "=false of most"))
    assert some + most == ORDERS


def _place(server: Server) -> None:
    """One more order finds its number, its stock and its place."""
    request = synq(server.credentials)
    body = request.order.replace(KEY, "one-more")
    headers = {**request.headers, "Content-Type": "application/json"}
    answer = httpx.post(server.url + request.path, content=body, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text
    assert book.rows(server.database_url, "SELECT max(number) FROM orders") == [(ORDERS + 1,)]


def test_a_column_that_no_rule_speaks_of_stops_the_filling() -> None:
    tables = [table.to_metadata(MetaData()) for table in schema.metadata.sorted_tables]
    assert checked(tables) == checked()
    [orders] = [table for table in tables if table.name == "orders"]
    orders.append_column(Column("colour", BigInteger))
    with pytest.raises(UnknownColumn, match=r"column orders\.colour"):
        checked(tables)


def test_a_table_that_no_rule_speaks_of_stops_the_filling() -> None:
    strange = Table("order_colours", MetaData(), Column("org", BigInteger, primary_key=True))
    with pytest.raises(UnknownColumn, match="table order_colours"):
        checked([*schema.metadata.sorted_tables, strange])
    without = [table for table in schema.metadata.sorted_tables if table.name != "reservations"]
    with pytest.raises(UnknownColumn, match="table reservations"):
        checked(without)
