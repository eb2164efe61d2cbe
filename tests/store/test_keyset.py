"""Pages of orders by a cursor, and the orders that a text may mean."""

from __future__ import annotations

import pytest
from tests.asked import assert_goes_by_index, listen, plan_of
from tests.store.test_conformance import NOW, an_order, an_organization, new_id, store, written
from tests.store.test_order_names import OURS, _told

from entrepot.core import ids
from entrepot.core.changes import Changes
from entrepot.core.facets import Facets
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.store.engine import Database
from entrepot.store.engines import sql
from entrepot.store.reading import keyset, span_walk
from entrepot.store.writing import order_names, spans

ORDERS = 300


async def kept(database: Database, made: list[Order]) -> None:
    """Keep the orders. They are numbered in the order of their ids."""
    every = Changes(Facts(NOW, new_id))
    every.orders.put_all(made)
    await store(database, every, needs=Needs(orgs={one.org for one in made}))


async def test_a_page_ends_after_so_many_orders_and_the_next_one_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = await an_organization(database)
    made = [
        an_order(
            org.org, org.guest_id, lines=(), properties=None, id=new_id(),
            origin="konvo" if number % 50 == 1 else "synq",
            facets=Facets("failed" if number == 7 else "placed"), parked=number == 9,
        )
        for number in range(1, ORDERS + 1)
    ]  # fmt: skip
    await kept(database, made)
    monkeypatch.setattr(keyset, "LOOKED_AT", spans.SIZES[0])
    monkeypatch.setattr(span_walk, "SPANS_AT_ONCE", 1)

    async def pages(limit: int, **wanted: object) -> list[list[int]]:
        found, before = [], None
        while True:
            asked = OrderFilter(before=before, **wanted)  # type: ignore[arg-type]
            page = await database.read(
                lambda conn, asked=asked: keyset.find(conn, org.org, asked, limit)
            )
            found.append(page.numbers)
            if page.after is None:
                return found
            assert before is None or page.after < before
            before = page.after

    every = await pages(70)
    assert max(len(one) for one in every) == 70
    assert [number for page in every for number in page] == list(range(ORDERS, 0, -1))
    konvo = await pages(4, origins=("konvo",))
    assert [number for page in konvo for number in page] == [251, 201, 151, 101, 51, 1]
    assert len(konvo) > 2, "a page ends before it is full"
    needy = await pages(5, stuck_since=NOW)
    assert [number for page in needy for number in page] == [9, 7]
    failed = await pages(5, stages=("failed",))
    assert failed == [[7]]
    assert await pages(2, customer_id=new_id(), payments=("paid",)) == [[]] * len(konvo)


async def test_the_orders_that_need_somebody(database: Database) -> None:
    org = await an_organization(database)
    stands = [
        {"parked": True}, {"facets": Facets("failed")}, {"updated_at": NOW - 10},
        {"updated_at": NOW - 10, "managed": False}, {"facets": Facets("confirmed")}, {},
    ]  # fmt: skip
    for more in stands:
        one = an_order(org.org, org.guest_id, lines=(), created_at=NOW - 20, id=new_id(), **more)
        await store(database, written(one), needs=Needs(orgs={org.org}))
    await database.write(
        lambda conn: sql.fetch(
            conn, f"UPDATE orders SET updated_at = {NOW} WHERE number IN (5, 6) RETURNING id", ()
        )
    )
    asked = OrderFilter(stuck_since=NOW)
    found = await database.read(lambda conn: keyset.find(conn, org.org, asked, 10))
    assert found.after is None
    assert {1, 2} <= set(found.numbers) <= {1, 2, 3}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (ids.dashed(OURS), ["ours"]), (f"ord_{OURS.hex()}", ["ours"]),
        ("ord_123", ["konvo", "source"]), ("SHOP-1", ["shadow", "shop"]),
        ("s-1", ["shadow", "shop"]), ("PO-1", ["reference"]), ("#1059", ["name"]),
        ("#7", None), ("7", None), ("#99", []), ("99", []), ("x" * 255, ["mimic"]),
        ("", []), ("\x00", []), ("z" * 501, []), ("0", []), ("#0", []), ("9" * 30, []),
    ],
)  # fmt: skip
async def test_who_is_called_so(database: Database, text: str, meant: list[str] | None) -> None:
    org = await an_organization(database)
    other = await an_organization(database, "Other")
    told = _told(org.org, org.guest_id)
    await kept(database, list(told.values()))
    names = {one.id: name for name, one in told.items()}

    async def called(number: int) -> list[order_names.Named]:
        return await database.read_one(lambda conn: order_names.called(conn, number, text))

    found = await called(org.org)
    if meant is None:  # a number: one order has it, others are called so by their shop
        assert len(found) == 1
        assert found[0].number == 7
    else:
        assert sorted(names[one.id] for one in found) == meant
    assert await called(other.org) == []


async def test_a_look_at_who_is_called_so_does_not_scan(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = await an_organization(database)
    await kept(
        database,
        [an_order(org.org, org.guest_id, lines=(), id=new_id(), sender_id=f"{n}",
                  external_id=f"e{n}", external_reference=f"r{n}", external_name=f"n{n}")
         for n in range(ORDERS)],
    )  # fmt: skip
    said: list[tuple[str, tuple[object, ...]]] = []
    listen(monkeypatch, lambda statement, parameters: said.append((statement, parameters)))
    await database.read(lambda conn: order_names.called(conn, org.org, "1042"))
    monkeypatch.undo()
    [(statement, parameters)] = said

    plan = await database.write(lambda conn: plan_of(conn, statement, parameters, "orders"))
    assert_goes_by_index(
        plan, "number", "sender_id", "external_id", "external_reference", "external_name"
    )
