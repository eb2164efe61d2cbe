"""Goods leave and come back through the writer: what is kept, and what comes of many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select
from tests.quantities import much, units
from tests.writer.test_first_step import Desk, a_desk

from entrepot.clock import new_id, now
from entrepot.core import decide as decisions
from entrepot.core import kinds
from entrepot.core.commands import DraftLine, LineChange, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import ReceiveReturn, TakeBack
from entrepot.core.facts import Facts
from entrepot.core.kinds import Kind
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import Decision, OrderResult
from entrepot.core.shipments import Carriage, Part
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.sql import Conflict
from entrepot.store.verify import verify
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load

NOBODY = Carriage()
TRIES = 64
QUANTITIES = {"quantity", "shipped", "on_hand", "reserved", "delta"}


async def confirmed(desk: Desk, quantity: int) -> Order:
    """An order without a payment: of the stocked variant, and of one that nobody counts."""
    wanted = desk.shop.order(None, quantity)
    loose = DraftLine(
        "items[1]", VariantRef(names=(("sku", "loose"),)), much(quantity), Amount(100, 2), "EUR"
    )
    placed = (await desk.do(wanted._replace(lines=(*wanted.lines, loose)))).result
    assert isinstance(placed, OrderResult)
    return placed.order


def shipping(order: Order, *quantities: int, carriage: Carriage = NOBODY) -> ShipOrder:
    parts = tuple(
        Part(line.id, much(n)) for line, n in zip(order.lines, quantities, strict=False) if n
    )
    return ShipOrder(order.org, "native", order.id, parts or None, carriage)


def counted(column: Any, value: Any) -> Any:
    """A quantity as people count it; another value as it is."""
    return units(value) if column.name in QUANTITIES else value


async def rows(database: Database, table: Any, *names: str) -> list[tuple[Any, ...]]:
    columns = [table.c[name] for name in names]
    statement = select(*columns).order_by(*table.primary_key)

    def work(conn: Connection) -> list[tuple[Any, ...]]:
        return [tuple(map(counted, columns, row)) for row in conn.execute(statement)]

    return await database.read(work)


async def is_sound(database: Database) -> None:
    report = await database.read(verify)
    assert report.violations == []


async def test_goods_that_leave_in_parts_are_kept_so(database: Database) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 4)
    carriage = Carriage("DHL", "00340", "https://dhl.example/00340")
    first = (await desk.do(shipping(order, 3, carriage=carriage))).result
    assert isinstance(first, OrderResult)
    assert first.order.facets.fulfilment == "partially_shipped"
    assert await rows(database, schema.reservations, "state", "quantity", "shipped") == [
        ("committed", 4, 3)
    ]
    assert await rows(database, schema.stock_levels, "on_hand", "reserved") == [(6, 1)]
    # The committed rows are read again: the line cannot go below what left.
    [line, loose] = order.lines
    lower = LineChange("lines[0]", line.id, much(2))
    refused = (
        await desk.do(AmendOrder(order.org, "polinate", order.id, update_lines=(lower,)))
    ).result
    assert isinstance(refused, Refusal)
    assert "3 were shipped, 2 wanted" in refused.sentence
    too_much = (await desk.do(shipping(order, 2))).result
    assert isinstance(too_much, Refusal)
    assert "1 of 4 are left, 2 wanted" in too_much.sentence
    words = (("polinate_status", "DELIVERED"),)
    last = (await desk.do(AmendOrder(order.org, "polinate", order.id, words=words))).result
    assert isinstance(last, OrderResult)
    assert await rows(database, schema.shipments, "number", "carrier", "tracking_number") == [
        (1, "DHL", "00340"), (2, None, None),
    ]  # fmt: skip
    assert await rows(database, schema.shipments, "tracking_url") == [(carriage.tracking_url,)] * 2
    assert await rows(database, schema.shipment_lines, "number", "line_id", "quantity") == [
        (1, line.id, 3), (2, line.id, 1), (2, loose.id, 4),
    ]  # fmt: skip
    assert await rows(database, schema.stock_levels, "on_hand", "reserved") == [(5, 0)]
    sent = await rows(database, schema.events, "type", "source")
    assert [one for one in sent if one[0] == "goods.shipped"] == [
        ("goods.shipped", "native"), ("goods.shipped", "polinate"),
    ]  # fmt: skip
    await is_sound(database)


async def test_commands_of_one_batch_see_what_the_ones_before_them_shipped(
    database: Database,
) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 3)
    told = await asyncio.gather(*[desk.do(shipping(order, 2, 2)) for _ in range(2)])
    assert [isinstance(outcome.result, OrderResult) for outcome in told] == [True, False]
    assert await rows(database, schema.reservations, "shipped") == [(2,)]
    await is_sound(database)


async def test_goods_that_come_back_are_kept_so(database: Database) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 4)
    await desk.do(shipping(order))
    [line, loose] = order.lines
    some = (Part(line.id, much(3)), Part(loose.id, much(1)))
    first = (await desk.do(TakeBack(order.org, "native", order.id, some))).result
    assert isinstance(first, OrderResult)
    assert first.order.facets.returns == "partial"
    last = (await desk.do(TakeBack(order.org, "native", order.id, restock=False))).result
    assert isinstance(last, OrderResult)
    assert last.order.facets.returns == "returned"
    here = line.location_id
    assert await rows(
        database, schema.return_lines, "number", "line_id", "quantity", "restocked", "location_id"
    ) == [
        (1, line.id, 3, True, here), (1, loose.id, 1, True, None),
        (2, line.id, 1, False, None), (2, loose.id, 3, False, None),
    ]  # fmt: skip
    assert await rows(database, schema.stock_levels, "on_hand", "reserved") == [(8, 0)]
    entries = await rows(database, schema.stock_entries, "kind", "delta")
    assert entries == [("adjustment", 9), ("sale", -4), ("return", 3)]
    assert await rows(database, schema.returns, "number") == [(1,), (2,)]
    await is_sound(database)


async def test_goods_come_back_to_another_shelf(database: Database) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 4)
    await desk.do(shipping(order))
    there = new_id()
    unknown = TakeBack(order.org, "native", order.id, location_id=there)
    refused = (await desk.do(unknown)).result
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.UNKNOWN_LOCATION
    await desk.do(
        AdjustStock(order.org, order.lines[0].variant_id, there, much(1), "a second shelf")
    )
    assert isinstance((await desk.do(unknown)).result, OrderResult)
    levels = await rows(database, schema.stock_levels, "location_id", "on_hand")
    assert dict(levels) == {order.lines[0].location_id: 5, there: 5}
    await is_sound(database)


async def test_what_was_decided_before_another_shipped_is_not_written(database: Database) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 3)
    late, needs, facts = shipping(order, 2), Needs(), Facts(now(), new_id)
    decisions.add_needs(late, needs)
    await database.read(lambda conn: load(conn, needs, facts, lock=False))
    decision = decisions.decide(late, facts)
    assert isinstance(decision, Decision)
    facts.absorb(decision.changes)
    await desk.do(shipping(order, 2))
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))
    assert await rows(database, schema.reservations, "shipped") == [(2,)]
    again = (await desk.do(late)).result
    assert isinstance(again, Refusal)
    assert "1 of 3 are left, 2 wanted" in again.sentence


@pytest.mark.parametrize("kind", [kinds.ORDERS, kinds.RESERVATIONS])
async def test_each_guard_alone_keeps_out_what_was_decided_before(
    database: Database, kind: Kind[Any, Any]
) -> None:
    """Of a late shipment the row of one kind is written, and no other row that could be in the way:
    the number of the event, say.
    """
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 3)
    late, needs, facts = shipping(order, 2), Needs(), Facts(now(), new_id)
    decisions.add_needs(late, needs)
    await database.read(lambda conn: load(conn, needs, facts, lock=False))
    decision = decisions.decide(late, facts)
    assert isinstance(decision, Decision)
    facts.absorb(decision.changes)
    alone, rows_of = Facts(now(), new_id), facts.of(kind)
    alone.orgs = facts.orgs
    alone.of(kind).read(rows_of.base.values())
    [changed] = rows_of.dirty
    alone.of(kind).put(rows_of.now[changed])
    await desk.do(shipping(order, 1))
    before = await rows(database, schema.orders, "version")
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, alone))
    assert await rows(database, schema.reservations, "shipped") == [(1,)]
    assert await rows(database, schema.orders, "version") == before


async def test_shipments_arrive_by_their_ids(database: Database) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 4)
    parcels = []
    for quantity in (3, 1):
        sent = (await desk.do(shipping(order, quantity, 2))).result
        assert isinstance(sent, OrderResult)
        assert sent.sent is not None
        parcels.append(sent.sent.shipment)
    for shipment in parcels:
        told = (await desk.do(DeliverShipment(order.org, "native", shipment.id))).result
        assert isinstance(told, OrderResult)
    assert told.order.facets.fulfilment == "delivered"
    kept = await rows(database, schema.shipments, "id", "state", "delivered_at")
    assert [row[:2] for row in kept] == [(one.id, "delivered") for one in parcels]
    assert told.order.delivered_at == kept[1][2]
    unknown = (await desk.do(DeliverShipment(order.org, "native", new_id()))).result
    assert isinstance(unknown, Refusal)
    assert unknown.reason is Reason.UNKNOWN_SHIPMENT
    # An id of another organization is not known.
    strange = (await desk.do(DeliverShipment(order.org + 1, "native", parcels[0].id))).result
    assert isinstance(strange, Refusal)
    assert unknown.reason is strange.reason
    done = (await desk.do(CompleteOrder(order.org, "native", order.id))).result
    assert isinstance(done, OrderResult)
    assert done.order.facets.stage == "completed"
    await is_sound(database)


async def test_the_last_shipments_arrive_in_any_order(desks: tuple[Desk, Desk]) -> None:
    """Each of two processes says that one parcel arrived; the order is delivered all the same."""
    order = await confirmed(desks[0], 4)
    parcels = []
    for quantity in (2, 2):
        sent = (await desks[0].do(shipping(order, quantity, quantity))).result
        assert isinstance(sent, OrderResult)
        assert sent.sent is not None
        parcels.append(sent.sent.shipment.id)
    tries = [
        desks[n % 2].do(DeliverShipment(order.org, "native", parcels[n % 2])) for n in range(TRIES)
    ]
    outcomes = [outcome.result for outcome in await asyncio.gather(*tries)]
    assert all(isinstance(result, OrderResult) for result in outcomes)
    database = desks[0].database
    assert await rows(database, schema.orders, "fulfilment") == [("delivered",)]
    told = await rows(database, schema.events, "type")
    assert told.count(("goods.delivered",)) == 2
    await is_sound(database)


async def test_a_return_is_named_by_its_id_to_its_end(database: Database) -> None:
    desk = await a_desk(database, 9)
    order = await confirmed(desk, 4)
    await desk.do(shipping(order))
    [line, loose] = order.lines
    asked = (await desk.do(RequestReturn(order.org, "native", order.id, reason="too small"))).result
    assert isinstance(asked, OrderResult)
    assert asked.back is not None
    id_ = asked.back.one.id
    assert await rows(database, schema.return_lines, "quantity", "restocked") == [
        (4, None), (4, None),
    ]  # fmt: skip
    await is_sound(database)
    assert isinstance((await desk.do(ApproveReturn(order.org, "native", id_))).result, OrderResult)
    strange = (await desk.do(ReceiveReturn(order.org + 1, "native", id_))).result
    assert isinstance(strange, Refusal)
    assert strange.reason is Reason.UNKNOWN_RETURN
    there = new_id()
    await desk.do(AdjustStock(order.org, line.variant_id, there, much(1), "a second shelf"))
    came = (await desk.do(ReceiveReturn(order.org, "native", id_, location_id=there))).result
    assert isinstance(came, OrderResult)
    assert came.order.facets.returns == "returned"
    columns = ("id", "state", "reason", "requested_at", "approved_at", "returned_at")
    [kept] = await rows(database, schema.returns, *columns)
    assert kept[:3] == (id_, "received", "too small")
    assert all(kept[3:])
    assert await rows(database, schema.return_lines, "line_id", "restocked", "location_id") == [
        (line.id, True, there), (loose.id, True, None),
    ]  # fmt: skip
    late = (await desk.do(RefuseReturn(order.org, "native", id_))).result
    assert isinstance(late, Refusal)
    assert late.reason is Reason.ILLEGAL_MOVE
    await is_sound(database)


async def test_the_last_part_is_asked_back_once_however_many_ask(
    desks: tuple[Desk, Desk],
) -> None:
    order = await confirmed(desks[0], 3)
    await desks[0].do(shipping(order))
    part = (Part(order.lines[0].id, much(2)),)
    ask = RequestReturn(order.org, "native", order.id, part)
    tries = [desks[n % 2].do(ask) for n in range(TRIES)]
    outcomes = [outcome.result for outcome in await asyncio.gather(*tries)]
    [done] = [result for result in outcomes if isinstance(result, OrderResult)]
    assert done.back is not None
    receive = ReceiveReturn(order.org, "native", done.back.one.id)
    tries = [desks[n % 2].do(receive) for n in range(TRIES)]
    outcomes = [outcome.result for outcome in await asyncio.gather(*tries)]
    # Each is answered with the return; the goods lie on the shelf once.
    assert all(isinstance(result, OrderResult) for result in outcomes)
    database = desks[0].database
    assert await rows(database, schema.return_lines, "quantity", "restocked") == [(2, True)]
    assert await rows(database, schema.stock_levels, "on_hand", "reserved") == [(99, 0)]
    await is_sound(database)


@pytest_asyncio.fixture
async def desks(database_url: str, database: Database) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two writers on one book; on PostgreSQL each has a database of its own, as processes have."""
    one = await a_desk(database, 100)
    other = open_database(database_url) if database.dialect == "postgresql" else database
    yield one, Desk(other, one.shop)
    if other is not database:
        await other.close()


async def test_the_last_part_leaves_once_however_many_ship_it(desks: tuple[Desk, Desk]) -> None:
    """A process's own tries are judged one after the other, those of two meet at the rows."""
    for quantity, loose in ((1, 0), (0, 1)):
        order = await confirmed(desks[0], 3)
        parts = (2 * quantity, 2 * loose)
        assert isinstance((await desks[0].do(shipping(order, *parts))).result, OrderResult)
        tries = [desks[n % 2].do(shipping(order, quantity, loose)) for n in range(TRIES)]
        outcomes = [outcome.result for outcome in await asyncio.gather(*tries)]
        done = [result for result in outcomes if isinstance(result, OrderResult)]
        assert len(done) == 1
        reasons = {result.reason for result in outcomes if isinstance(result, Refusal)}
        assert reasons == {Reason.ILLEGAL_MOVE}
    database = desks[0].database
    assert await rows(database, schema.reservations, "shipped") == [(3,), (0,)]
    assert await rows(database, schema.stock_levels, "on_hand", "reserved") == [(97, 3)]
    sent = await rows(database, schema.shipment_lines, "quantity")
    assert sorted(sent) == [(1,), (1,), (2,), (2,)]
    await is_sound(database)


async def test_the_last_part_comes_back_once_however_many_take_it(
    desks: tuple[Desk, Desk],
) -> None:
    order = await confirmed(desks[0], 3)
    await desks[0].do(shipping(order))
    back = TakeBack(order.org, "native", order.id, (Part(order.lines[0].id, much(3)),))
    tries = [desks[n % 2].do(back) for n in range(TRIES)]
    outcomes = [outcome.result for outcome in await asyncio.gather(*tries)]
    assert len([result for result in outcomes if isinstance(result, OrderResult)]) == 1
    database = desks[0].database
    assert await rows(database, schema.return_lines, "quantity") == [(3,)]
    assert await rows(database, schema.stock_levels, "on_hand", "reserved") == [(100, 0)]
    await is_sound(database)
