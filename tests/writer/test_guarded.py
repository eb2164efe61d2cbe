"""PostgreSQL without locks: what a batch went by has to be so still when it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from sqlalchemy import Connection, update
from sqlalchemy.util import await_only
from tests.factories import open_shop
from tests.quantities import much
from tests.writer.test_first_step import Desk
from tests.writer.test_keys import made

from entrepot.core.commands import CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.keys import MakeKey, RevokeKey
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.engines.sql import sql_of
from entrepot.store.keeping import migrate
from entrepot.writer import batch, writer
from entrepot.writer.envelope import Envelope
from entrepot.writer.queues import Limits

TURNS = 50  # of the event loop, in which whatever may begin has begun


class Processes(NamedTuple):
    """Two processes on one book, each with a writer of its own."""

    one: Desk
    other: Desk


@pytest_asyncio.fixture(params=["postgres", "pooled"])
async def two(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> AsyncIterator[Processes]:
    url = fresh_database(request.param)
    databases: list[Database] = [PostgresDatabase(url), PostgresDatabase(url)]
    await migrate.upgrade(databases[0])
    shop = await databases[0].write(open_shop)
    yield Processes(*[Desk(database, shop) for database in databases])
    for database in databases:
        await database.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, Any]], None]:
    """Have something happen after the next batch was decided, before it is written."""
    coming: list[Coroutine[Any, Any, Any]] = []
    real = batch.flush

    def flush(conn: Connection, facts: Facts, *dated: Any) -> None:
        if coming:
            await_only(coming.pop())
        real(conn, facts, *dated)

    monkeypatch.setattr(batch, "flush", flush)
    return coming.append


def array(org: int, name: str, title: str, orders: int = Limits().batch_max) -> MirrorOrders:
    """As many orders as a batch holds, of one thing."""
    line = DraftLine("items[0]", VariantRef(names=(("title", title),)), much(1), Amount(1, 2))
    draft = OrderDraft("[0]", "", b"d" * 16, "EUR", Amount(1, 2), (line,), CustomerRef(), (), {})
    drafts = [draft._replace(sender_id=f"{name}-{number}") for number in range(orders)]
    return MirrorOrders(org, "konvo", tuple(drafts))


async def test_stock_that_came_meanwhile_is_sold(two: Processes, meanwhile: Any) -> None:
    """The level was too low to reserve anything, so that the batch does not change it."""
    await two.one.do(two.one.shop.stocked(1))
    meanwhile(two.other.do(two.one.shop.stocked(5)))
    await two.one.do(two.one.shop.order(quantity=2))
    assert await two.one.column(schema.orders, "stage") == ["placed"]
    assert await two.one.column(schema.stock_levels, "reserved") == [much(2)]


async def test_the_last_piece_is_sold_once(two: Processes, meanwhile: Any) -> None:
    await two.one.do(two.one.shop.stocked(1))
    meanwhile(two.other.do(two.one.shop.order()))
    await two.one.do(two.one.shop.order())
    assert sorted(await two.one.column(schema.orders, "stage")) == ["failed", "placed"]
    assert sorted(await two.one.column(schema.orders, "number")) == [1, 2]
    assert await two.one.column(schema.stock_levels, "reserved") == [much(1)]


async def test_two_processes_sell_from_one_shelf_at_once(two: Processes, meanwhile: Any) -> None:
    """There is enough for both: neither has to look again."""
    await two.one.do(two.one.shop.stocked(5))
    meanwhile(two.other.do(two.one.shop.order(quantity=2)))
    await two.one.do(two.one.shop.order(quantity=3))
    assert await two.one.column(schema.orders, "stage") == ["placed", "placed"]
    assert await two.one.column(schema.stock_levels, "reserved") == [much(5)]
    assert (two.one.database.writes, two.other.database.writes) == (2, 1)


async def test_goods_leave_while_others_are_sold(two: Processes, meanwhile: Any) -> None:
    await two.one.do(two.one.shop.stocked(5))
    placed = (await two.one.do(two.one.shop.order(quantity=2, reference=None))).result
    assert isinstance(placed, OrderResult)
    ship = AmendOrder(two.one.shop.org, "polinate", placed.order.id)
    meanwhile(two.other.do(two.one.shop.order(quantity=3)))
    await two.one.do(ship._replace(words=(("polinate_status", "DELIVERED"),)))
    assert await two.one.column(schema.stock_levels, "on_hand") == [much(3)]
    assert await two.one.column(schema.stock_levels, "reserved") == [much(3)]
    assert (two.one.database.writes, two.other.database.writes) == (3, 1)


async def test_who_is_told_that_there_is_too_little_is_told_the_truth(
    two: Processes, meanwhile: Any
) -> None:
    """One of the batch gets its goods, the other one's came while it was decided."""
    await two.one.do(two.one.shop.stocked(3))
    meanwhile(two.other.do(two.one.shop.stocked(5)))
    both = [Envelope(two.one.shop.order(quantity=2)) for _ in range(2)]
    await two.one.writer.submit_all(both)
    assert await two.one.column(schema.orders, "stage") == ["placed", "placed"]
    assert await two.one.column(schema.stock_levels, "reserved") == [much(4)]


async def test_more_is_refused_only_if_there_is_too_little_still(
    two: Processes, meanwhile: Any
) -> None:
    await two.one.do(two.one.shop.stocked(3))
    placed = (await two.one.do(two.one.shop.order(quantity=2, reference=None))).result
    assert isinstance(placed, OrderResult)
    meanwhile(two.other.do(two.one.shop.stocked(5)))
    [line] = placed.order.lines
    more = AmendOrder(
        two.one.shop.org,
        "polinate",
        placed.order.id,
        update_lines=(LineChange("", line.id, much(4)),),
    )
    outcome = await two.one.do(more)
    assert isinstance(outcome.result, OrderResult), outcome.result
    assert await two.one.column(schema.stock_levels, "reserved") == [much(4)]


async def test_an_order_is_not_moved_from_where_it_no_longer_stands(
    two: Processes, meanwhile: Any
) -> None:
    await two.one.do(two.one.shop.stocked(5))
    placed = (await two.one.do(two.one.shop.order(reference=None))).result
    assert isinstance(placed, OrderResult)
    amend = AmendOrder(two.one.shop.org, "polinate", placed.order.id)
    meanwhile(two.other.do(amend._replace(words=(("polinate_phase", "CANCELLED"),))))
    outcome = await two.one.do(amend._replace(words=(("polinate_status", "PACKED"),)))
    assert isinstance(outcome.result, Refusal)
    assert await two.one.column(schema.orders, "stage") == ["cancelled"]


async def test_what_two_processes_hear_of_a_customer_is_kept(
    two: Processes, meanwhile: Any
) -> None:
    """A customer's row is written whole: the later one would forget what the earlier one heard."""
    org = two.one.shop.org

    def telling(order: str, **of_customer: str) -> MirrorOrders:
        [draft] = array(org, order, order, 1).drafts
        known = CustomerRef(own=("konvo", "c-1"), first_name="Ada", **of_customer)
        return MirrorOrders(org, "konvo", (draft._replace(customer=known),))

    await two.one.do(telling("first"))
    meanwhile(two.other.do(telling("second", phone="+3247000")))
    await two.one.do(telling("third", email="ada@example.org"))
    heard = [await two.one.column(schema.customers, name) for name in ("email", "phone")]
    assert [[value for value in column if value] for column in heard] == [
        ["ada@example.org"], ["+3247000"],
    ]  # fmt: skip


async def test_a_job_that_was_taken_meanwhile_is_left_alone(two: Processes, meanwhile: Any) -> None:
    """Settling what another process has claimed would do its step twice."""
    await two.one.do(two.one.shop.stocked(5))
    await two.one.do(two.one.shop.order())
    [(job, _)] = two.one.handed

    async def claim() -> None:
        taken = update(schema.jobs).values(fence=schema.jobs.c.fence + 1)
        await two.other.database.write(lambda conn: conn.execute(taken))

    meanwhile(claim())
    outcome = await two.one.settle(job, None)
    assert isinstance(outcome.result, Refusal)
    assert await two.one.column(schema.orders, "stage") == ["placed"]


async def test_a_step_is_settled_while_an_order_is_written(two: Processes, meanwhile: Any) -> None:
    """In one process: with one batch at a time, each would wait here for the other."""
    await two.one.do(two.one.shop.stocked(5))
    await two.one.do(two.one.shop.order())
    [(job, seen)] = two.one.handed
    meanwhile(two.one.settle(job, seen))
    await asyncio.wait_for(two.one.do(two.one.shop.order()), 20)
    assert await two.one.column(schema.orders, "stage") == ["confirmed", "placed"]
    assert two.one.database.writes == 4  # nothing had to be written again


async def test_a_large_array_is_written_while_another_is(two: Processes, meanwhile: Any) -> None:
    """With one batch of outsiders at a time, each would wait here for the other."""
    org = two.one.shop.org
    meanwhile(two.one.do(array(org, "second", "plate")))
    await asyncio.wait_for(two.one.do(array(org, "first", "mug")), 20)
    assert two.one.database.writes == 2
    numbers = await two.one.column(schema.orders, "number")
    assert sorted(numbers) == list(range(1, 2 * Limits().batch_max + 1))


async def beside(two: Processes, meanwhile: Any, array: MirrorOrders, other: MirrorOrders) -> int:
    """How many transactions begin for the other array while one is about to be written."""
    coming: list[asyncio.Task[Any]] = []
    before = begun = two.one.database.writes

    async def come() -> None:
        nonlocal begun
        coming.append(asyncio.create_task(two.one.do(other)))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        begun = two.one.database.writes

    meanwhile(come())
    await two.one.do(array)
    await asyncio.wait_for(coming[0], 20)
    assert two.one.database.writes == before + 2
    return begun - before - 1


async def test_small_arrays_wait_for_a_batch_of_their_own(two: Processes, meanwhile: Any) -> None:
    org = two.one.shop.org
    one, few = array(org, "one", "mug"), array(org, "few", "plate", orders=3)
    assert await beside(two, meanwhile, one, few) == 0


async def test_after_arrays_have_met_one_is_written_at_a_time(
    two: Processes, meanwhile: Any
) -> None:
    """Both make the same thing known, so that one has to run again; the next ones may as well."""
    org, database = two.one.shop.org, two.one.database
    meanwhile(two.one.do(array(org, "second", "mug")))
    await asyncio.wait_for(two.one.do(array(org, "first", "mug")), 20)
    assert database.writes == 3
    assert len(await two.one.column(schema.orders, "id")) == 2 * Limits().batch_max
    assert await two.one.column(schema.variant_names, "value") == ["SKU-0", "mug"]
    third, fourth = (array(org, name, "mug") for name in ("third", "fourth"))
    assert await beside(two, meanwhile, third, fourth) == 0


async def test_after_an_array_beside_another_met_a_rival_one_is_written_at_a_time(
    two: Processes, meanwhile: Any
) -> None:
    org = two.one.shop.org
    meanwhile(two.other.do(array(org, "rival", "plate")))
    meanwhile(two.one.do(array(org, "second", "plate")))
    await asyncio.wait_for(two.one.do(array(org, "first", "mug")), 20)
    assert two.one.database.writes == 3
    third, fourth = (array(org, name, "mug") for name in ("third", "fourth"))
    assert await beside(two, meanwhile, third, fourth) == 0


async def test_a_cancellation_and_a_settlement_at_once_leave_one_truth(
    two: Processes, meanwhile: Any
) -> None:
    """Both go by the order as it was placed; the slower one has to look again."""
    await two.one.do(two.one.shop.stocked(5))
    placed = (await two.one.do(two.one.shop.order(reference="pi"))).result
    assert isinstance(placed, OrderResult)
    [(job, seen)] = two.one.handed
    meanwhile(two.one.settle(job, seen))
    cancel = AmendOrder(two.one.shop.org, "polinate", placed.order.id)
    cancelling = two.one.do(cancel._replace(words=(("polinate_phase", "CANCELLED"),)))
    assert isinstance((await asyncio.wait_for(cancelling, 20)).result, OrderResult)
    assert await two.one.column(schema.orders, "stage") == ["cancelled"]
    assert await two.one.column(schema.stock_levels, "reserved") == [much(0)]
    # The money that was authorised meanwhile is on its way back.
    assert await two.one.column(schema.payment_operations, "kind") == ["authorise", "void"]
    assert await two.one.column(schema.jobs, "kind") == ["void"]


async def test_a_writer_that_met_a_rival_locks_for_a_while(
    two: Processes, meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LOCKED_BATCHES", 3)
    locked: list[bool] = []
    real = batch.load

    def load(conn: Connection, *rest: Any) -> None:
        locked.append(sql_of(conn).locks(conn))
        real(conn, *rest)

    await two.one.do(two.one.shop.stocked(20))
    meanwhile(two.other.do(two.one.shop.stocked(1)))
    monkeypatch.setattr(batch, "load", load)
    await two.one.do(two.one.shop.stocked(1))
    for _ in range(4):
        await two.one.do(two.one.shop.order())
    # The first one's two tries and the rival's are the first three; then three are locked.
    assert locked == [False, False, True, True, True, False, False]
    assert await two.one.column(schema.stock_levels, "on_hand") == [much(22)]
    assert sorted(await two.one.column(schema.orders, "number")) == [1, 2, 3, 4]


async def test_of_two_keys_that_revoke_each_other_one_stays(two: Processes, meanwhile: Any) -> None:
    """Both revocations were decided before either was written."""
    org = two.one.shop.org
    first, second = [await made(two.one, secret) for secret in ("first", "second")]
    meanwhile(two.other.do(RevokeKey(org, "native", first, second)))
    late = (await two.one.do(RevokeKey(org, "native", second, first))).result
    assert isinstance(late, Refusal)
    assert late.reason is Reason.UNAUTHENTICATED
    revoked = await two.one.column(schema.credentials, "revoked_at")
    assert sorted(at is None for at in revoked) == [False, *[True] * (len(revoked) - 1)]


async def test_a_key_that_was_revoked_meanwhile_makes_none(two: Processes, meanwhile: Any) -> None:
    org, maker = two.one.shop.org, await made(two.one, "maker")
    meanwhile(two.other.do(RevokeKey(org, "operator", maker)))
    digest = accounts.digest("made too late")
    making = MakeKey(org, "native", digest, "native", "ADMIN", "", maker)
    late = (await two.one.do(making)).result
    assert isinstance(late, Refusal)
    assert late.reason is Reason.UNAUTHENTICATED
