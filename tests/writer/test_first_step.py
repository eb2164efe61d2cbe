"""Stock is reserved with the order, and a step is settled without looking the order up again."""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert, select
from tests.asked import listen
from tests.factories import Shop, open_shop
from tests.quantities import much
from tests.writer.taking import Taking
from tests.writer.test_writer import Watched

from entrepot.clock import new_id, now
from entrepot.core.commands import Command, DraftLine, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.hold import HoldOrder
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.facts import Facts
from entrepot.core.order import Job
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.core.seen import Seen
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.writing import writes
from entrepot.writer.envelope import Answer, Envelope, Outcome
from entrepot.writer.writer import Writer


class Desk:
    """A shop behind a writer that reserves at once, and what it handed to the pipeline."""

    def __init__(self, database: Database, shop: Shop) -> None:
        self.database, self.shop = Watched(database), shop
        hooks = Taking(now)
        self.handed = hooks.handed
        self.writer = Writer(self.database, now=now, new_id=new_id, hooks=hooks)

    async def do(self, command: Command) -> Outcome:
        return await self.writer.submit(Envelope(command))

    async def column(self, table: Any, name: str) -> list[Any]:
        def work(conn: Connection) -> list[Any]:
            return list(conn.execute(select(table.c[name]).order_by(*table.primary_key)).scalars())

        return await self.database.read(work)

    async def settle(self, job: Job, seen: Seen | None, reference: str = "pi") -> Outcome:
        assert job.order_id is not None
        command = SettlePayment(
            job.org, job.order_id, job.id, job.fence, "authorized", "", reference
        )
        return await self.writer.submit(Envelope(command, seen=seen))


async def a_desk(database: Database, on_hand: int) -> Desk:
    desk = Desk(database, await database.write(open_shop))
    await desk.do(desk.shop.stocked(on_hand))
    return desk


async def test_an_order_is_placed_and_reserved_in_one_transaction(database: Database) -> None:
    desk = await a_desk(database, 5)
    before = desk.database.writes
    outcome = await desk.do(desk.shop.order(quantity=2))
    assert desk.database.writes == before + 1
    assert isinstance(outcome.result, OrderResult)
    # The client that placed the order is answered with the order as placed.
    assert outcome.result.order.facets.stage == "placed"
    told = await desk.column(schema.events, "type")
    assert told == ["stock.adjusted", "order.placed", "stock.reserved"]
    assert await desk.column(schema.stock_levels, "reserved") == [much(2)]
    assert await desk.column(schema.reservations, "state") == ["held"]
    assert await desk.column(schema.payment_operations, "state") == ["prepared"]
    assert await desk.column(schema.jobs, "kind") == ["authorise"]
    [(job, seen)] = desk.handed
    assert job.kind == "authorise"
    assert seen is not None
    assert (seen.order.version, seen.order.number, len(seen.reservations)) == (2, 1, 1)


async def test_batches_leave_nothing_to_the_collector_of_cycles(database: Database) -> None:
    """A collection holds the event loop up for as long as there is much of it."""
    desk = await a_desk(database, 5)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            await desk.do(desk.shop.order(quantity=2))
        for job, seen in desk.handed:
            await desk.settle(job, seen)
            assert isinstance((await desk.settle(job, None)).result, Refusal)
        desk.handed.clear()
        assert not [one for one in gc.get_objects() if isinstance(one, Facts)]
    finally:
        gc.enable()


async def test_who_comes_first_gets_the_last_piece(database: Database) -> None:
    desk = await a_desk(database, 1)

    def told(number: int) -> Envelope:
        return Envelope(
            desk.shop.order(external_name=f"{number:02}"), answer=lambda _: Answer(1, b"")
        )

    await desk.writer.submit_all([told(number) for number in range(20)])

    def work(conn: Connection) -> list[tuple[str, str]]:
        c = schema.orders.c
        found = conn.execute(select(c.external_name, c.stage, c.reason)).all()
        return sorted((row[0], row[1], row[2]) for row in found)

    first, *others = await desk.database.read(work)
    assert first == ("00", "placed", None)
    assert {other[1:] for other in others} == {("failed", "out_of_stock")}


async def test_an_order_without_a_payment_is_confirmed_at_once(database: Database) -> None:
    desk = await a_desk(database, 5)
    await desk.do(desk.shop.order(reference=None))
    assert await desk.column(schema.orders, "stage") == ["confirmed"]
    assert await desk.column(schema.reservations, "state") == ["committed"]
    assert await desk.column(schema.jobs, "kind") == []
    assert desk.handed == []


async def test_a_step_that_is_stopped_is_handed_to_nobody(database: Database) -> None:
    """Though another command of its batch may take steps up, whose fences rise as well."""
    desk = await a_desk(database, 5)
    placed = [(await desk.do(desk.shop.order(reference))).result for reference in ("one", "two")]
    held, ended = [one.order for one in placed if isinstance(one, OrderResult)]
    words = (("synq", "cancelled"),)
    before = desk.database.writes
    outcomes = await asyncio.gather(
        desk.do(HoldOrder(held.org, "native", held.id)),
        desk.do(AmendOrder(ended.org, "synq", ended.id, words=words)),
    )
    assert desk.database.writes == before + 1
    assert all(isinstance(outcome.result, OrderResult) for outcome in outcomes)
    assert [job.order_id for job, _ in desk.handed] == [held.id, ended.id]
    assert "stopped" in await desk.column(schema.jobs, "state")


async def test_a_process_without_a_pipeline_leaves_the_stock_to_others(database: Database) -> None:
    desk = await a_desk(database, 5)
    elsewhere = Writer(desk.database, now=now, new_id=new_id)
    await elsewhere.submit(Envelope(desk.shop.order()))
    assert await desk.column(schema.events, "type") == ["stock.adjusted", "order.placed"]
    assert await desk.column(schema.jobs, "kind") == ["reserve"]


async def test_stock_that_was_not_looked_at_is_left_to_the_pipeline(
    database: Database, monkeypatch: Any
) -> None:
    desk = await a_desk(database, 5)
    monkeypatch.setattr(
        "entrepot.writer.batch.shelved", lambda *_: [(None, (1, b"?" * 16, b"?" * 16))]
    )
    await desk.do(desk.shop.order())
    assert await desk.column(schema.jobs, "kind") == ["reserve"]
    assert await desk.column(schema.orders, "stage") == ["placed"]


async def test_a_seen_order_is_settled_without_being_read(
    database: Database, monkeypatch: Any
) -> None:
    desk = await a_desk(database, 5)
    await desk.do(desk.shop.order())
    [(job, seen)] = desk.handed
    asked: list[str] = []
    listen(monkeypatch, lambda statement, _values: asked.append(statement))
    await desk.settle(job, seen)
    # The organization's counter is asked for the commit's time, which it is raised for.
    assert [said for said in asked if not said.startswith("INSERT INTO order_counters")] == []
    assert await desk.column(schema.orders, "stage") == ["confirmed"]
    assert await desk.column(schema.orders, "number") == [1]
    assert await desk.column(schema.reservations, "state") == ["committed"]
    assert await desk.column(schema.payment_operations, "state") == ["done"]
    assert await desk.column(schema.jobs, "kind") == []


async def test_what_was_seen_may_be_out_of_date(database: Database) -> None:
    """The order was cancelled meanwhile: the money goes back, as if the book had been asked."""
    desk = await a_desk(database, 5)
    await desk.do(desk.shop.order())
    [(job, seen)] = desk.handed
    assert job.order_id is not None
    words = (("polinate_phase", "CANCELLED"),)
    await desk.do(AmendOrder(desk.shop.org, "polinate", job.order_id, words=words))
    outcome = await desk.settle(job, seen)
    assert not isinstance(outcome.result, Refusal)
    assert await desk.column(schema.orders, "stage") == ["cancelled"]
    assert await desk.column(schema.payment_operations, "state") == ["done", "prepared"]
    assert await desk.column(schema.jobs, "kind") == ["void"]
    assert await desk.column(schema.stock_levels, "reserved") == [much(0)]


async def test_a_step_that_somebody_else_took_over_settles_nothing(database: Database) -> None:
    desk = await a_desk(database, 5)
    await desk.do(desk.shop.order())
    [(job, seen)] = desk.handed

    def take(conn: Connection) -> None:
        writes.update(
            conn, schema.jobs, ("fence",), ("org", "id"), [(job.fence + 1, job.org, job.id)]
        )

    await database.write(take)
    outcome = await desk.settle(job, seen)
    assert isinstance(outcome.result, Refusal)
    assert outcome.result.reason is Reason.STALE_LEASE
    assert await desk.column(schema.orders, "stage") == ["placed"]
    assert await desk.column(schema.payment_operations, "state") == ["prepared"]


async def test_a_step_is_settled_once_however_often_it_is_seen(database: Database) -> None:
    desk = await a_desk(database, 5)
    await desk.do(desk.shop.order())
    [(job, seen)] = desk.handed
    await desk.settle(job, seen)
    outcome = await desk.settle(job, seen, "another")
    assert isinstance(outcome.result, Refusal)
    assert outcome.result.reason is Reason.STALE_LEASE
    assert await desk.column(schema.payment_operations, "provider_reference") == ["pi"]


async def test_a_line_that_comes_later_claims_stock_where_it_stands(database: Database) -> None:
    """At a location that it names, not at the default one, whose level nobody has looked at yet."""
    desk = Desk(database, await database.write(partial(open_shop, variants=2)))
    await desk.do(desk.shop.stocked(5))
    org, [_, variant] = desk.shop.org, desk.shop.variants
    elsewhere = new_id()
    made = insert(schema.locations).values(org=org, id=elsewhere, name="Elsewhere")
    await database.write(lambda conn: conn.execute(made))
    await desk.do(AdjustStock(org, variant, elsewhere, much(3), "opening"))
    placed = (await desk.do(desk.shop.order(reference=None))).result
    assert isinstance(placed, OrderResult)
    line = DraftLine("items[1]", VariantRef(variant_id=variant), much(2), location_id=elsewhere)
    outcome = await desk.do(AmendOrder(org, "native", placed.order.id, create_lines=(line,)))
    assert isinstance(outcome.result, OrderResult)
    assert sorted(await desk.column(schema.stock_levels, "reserved")) == [much(1), much(2)]
