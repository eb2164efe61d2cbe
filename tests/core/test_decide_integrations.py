"""Connections, and what they tell: orders are placed once, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.core.book import LOOSE, ORG, Book
from tests.quantities import much

from entrepot.core import events
from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.decide.connect import Connect, SwitchConnection
from entrepot.core.decide.hear import Heard, KeepHeard, ReceiveOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.integrations import CONNECTIONS, CONNECTIONS_MAX, TOLD_ORDERS, Connection
from entrepot.core.money import Amount
from entrepot.core.order import Event
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ConnectionResult, HeardResult, OrderResult

NAME, SHOP_ID = "conn-1", "shop-1"


def connect(name: str = NAME, provider: str = "shopify", category: str = "commerce") -> Connect:
    return Connect(ORG, "synq", name, provider, category)


def connected(book: Book) -> Connection:
    result = book.done(connect())
    assert isinstance(result, ConnectionResult)
    return result.connection


def told(
    connection: Connection, digest: bytes = b"a", *, variant: bytes = LOOSE, fault: str = ""
) -> ReceiveOrder:
    line = DraftLine("data.line_items[0]", VariantRef(variant), much(2), Amount(1250, 2), "EUR")
    said = {"payment_provider": "stripe", "payment_reference": SHOP_ID, "external_id": SHOP_ID}
    placing = PlaceOrder(ORG, "synq", "EUR", (line,), places=2, said=said, paid_elsewhere=True)
    heard = Heard(connection.name, "accounting.order.created", SHOP_ID)
    return ReceiveOrder(
        ORG, "synq", heard, connection.id, SHOP_ID, digest, None if fault else placing, fault
    )


def heard(book: Book) -> list[Event]:
    return [one for one in book.facts.events if one.type == events.WEBHOOK_RECEIVED]


def row(book: Book, connection: Connection) -> Any:
    return book.facts.of(TOLD_ORDERS)[ORG, connection.id, SHOP_ID]


def test_a_connection_is_made_once_and_told_each_time_that_it_changes() -> None:
    book = Book()
    first = connected(book)
    assert connected(book) == first
    now = book.done(connect(provider="amazon", category="accounting"))
    assert isinstance(now, ConnectionResult)
    assert now.connection.id == first.id
    assert now.connection.version == 2
    types = [event.type for event in book.facts.events]
    assert types == [events.INTEGRATION_CONNECTED] * 2
    paused = book.done(SwitchConnection(ORG, "operator", NAME, active=False))
    assert isinstance(paused, ConnectionResult)
    assert paused.connection.status == "PAUSED"
    resumed = connected(book)
    assert (resumed.status, resumed.version) == ("ACTIVE", 4)


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (connect(name=" "), "connection_id"),
        (connect(name="a\x00b"), "connection_id"),
        (connect(name="x" * 256), "connection_id"),
        (connect(provider=""), "provider"),
        (connect(category="crm"), "category"),
    ],
)
def test_what_is_no_connection(command: Connect, field: str) -> None:
    refusal = Book().judge(command)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.INVALID, field)


def test_a_connection_is_one_organizations() -> None:
    book = Book()
    book.facts.connected[NAME] = ORG + 1
    refusal = book.judge(connect())
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.DUPLICATE_ENTRY
    book.facts.connected[NAME] = ORG
    connected(book)


def test_blanks_around_a_name_are_no_part_of_it() -> None:
    book = Book()
    first = connected(book)
    again = book.done(connect(name=f" {NAME} "))
    assert isinstance(again, ConnectionResult)
    assert again.connection == first
    book.facts.connected["theirs"] = ORG + 1
    refusal = book.judge(connect(name=" theirs "))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.DUPLICATE_ENTRY


def test_a_connection_that_was_made_with_blanks_stays_known_by_its_name() -> None:
    book = Book()
    old = Connection(ORG, " c", b"o" * 16, "amazon", "commerce", "PAUSED", 1, 0, 0)
    book.facts.of(CONNECTIONS).read([old])
    for name, known in ((" c", old), ("c ", None)):
        result = book.done(connect(name=name))
        assert isinstance(result, ConnectionResult)
        assert (result.connection.id == old.id) is (known is old)
        assert result.connection.name == (name if known else "c")


def test_an_organization_has_so_many_connections() -> None:
    book = Book()
    book.facts.of(CONNECTIONS).read(
        [Connection(ORG, f"c-{n}", b"%16d" % n, "x", "commerce", "ACTIVE", 1, 0, 0)
         for n in range(CONNECTIONS_MAX)]
    )  # fmt: skip
    refusal = book.judge(connect())
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.ILLEGAL_MOVE
    assert isinstance(book.judge(connect(name="c-7")), Refusal) is False


def test_an_order_is_placed_once_and_nobody_is_asked_for_money() -> None:
    book = Book()
    connection = connected(book)
    result = book.done(told(connection))
    assert isinstance(result, OrderResult)
    order = result.order
    assert (order.facets.payment, order.payment_provider) == ("none", "stripe")
    assert order.total == Amount(2500, 2)
    assert row(book, connection).order_id == order.id
    again = book.done(told(connection)._replace(placing=None))
    assert again == HeardResult("repeated")
    assert len(book.facts.orders) == 1
    assert heard(book) == []


def test_what_a_shop_changes_later_is_told_and_changes_nothing() -> None:
    book = Book()
    connection = connected(book)
    book.done(told(connection))
    before = dict(book.facts.orders)
    for _ in range(2):
        assert book.done(told(connection, b"b")) == HeardResult("repeated")
    assert dict(book.facts.orders) == before
    [event] = heard(book)
    assert json.loads(event.body) == {
        "connection_id": NAME, "event": "accounting.order.created", "external_id": SHOP_ID,
        "outcome": "repeated",
    }  # fmt: skip


def test_an_order_that_cannot_be_placed_is_kept_and_told_and_tried_anew() -> None:
    book = Book()
    connection = connected(book)
    for _ in range(2):
        result = book.done(told(connection, fault="no line"))
        assert result == HeardResult("rejected", "no line")
    unknown = book.done(told(connection, b"b", variant=b"?" * 16))
    assert isinstance(unknown, HeardResult)
    assert "data.line_items[0].variant_id" in unknown.fault
    assert [json.loads(one.body)["reason"] for one in heard(book)] == ["no line", unknown.fault]
    assert row(book, connection).order_id is None
    placed = book.done(told(connection, b"c"))
    assert isinstance(placed, OrderResult)
    assert (row(book, connection).order_id, row(book, connection).fault) == (placed.order.id, None)


def test_a_rejection_is_no_answer_for_good() -> None:
    book = Book()
    decision = book.judge(told(connected(book), fault="no line"))
    assert not isinstance(decision, Refusal)
    assert not decision.settled


def test_a_connection_that_is_paused_or_unknown_brings_nothing() -> None:
    book = Book()
    connection = connected(book)
    book.done(SwitchConnection(ORG, "operator", NAME, active=False))
    stranger = connection._replace(name="nobody")
    for command in (
        told(connection), told(stranger), KeepHeard(ORG, "synq", Heard(NAME, "item.created")),
    ):  # fmt: skip
        refusal = book.judge(command)
        assert isinstance(refusal, Refusal)
        assert refusal.reason is Reason.FORBIDDEN
    unknown = book.judge(SwitchConnection(ORG, "operator", "nobody", active=True))
    assert isinstance(unknown, Refusal)


def test_everything_else_is_told_in_the_log() -> None:
    book = Book()
    connection = connected(book)
    said = '{"id":"i-1","price":1.50}'
    book.done(KeepHeard(ORG, "synq", Heard(NAME, "item.created", "i-1", said)))
    [event] = heard(book)
    assert event.subject_id == connection.id
    assert '"data":{"id":"i-1","price":1.50},"outcome":"kept"' in event.body
