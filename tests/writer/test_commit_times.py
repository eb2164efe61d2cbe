"""A later commit has a later time, in whole milliseconds, whatever clocks say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import NamedTuple

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select, update
from sqlalchemy.util import await_only
from tests.factories import open_shop
from tests.writer.processes import MILLISECOND, NOON, SECOND, Gate, Process, released

from entrepot.clock import new_id
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.money import Amount
from entrepot.core.results import OrderResult, OrdersResult
from entrepot.edge.times import millis_text
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.verify import verify
from entrepot.writer.envelope import Answer, Idempotency


class Two(NamedTuple):
    one: Process
    other: Process


@pytest_asyncio.fixture
async def two(database_url: str) -> AsyncIterator[Two]:
    """Two processes on PostgreSQL. SQLite has one, which is started again and again."""
    databases = [open_database(database_url)]
    if databases[0].dialect == "postgresql":
        databases.append(open_database(database_url))
    org = (await databases[0].write(open_shop)).org
    yield Two(Process(databases[0], org), Process(databases[-1], org))
    report = await databases[0].read(verify)
    assert report.violations == []
    for database in databases:
        await database.close()


async def test_a_commit_is_later_than_the_one_before(two: Two) -> None:
    """Though the clock stands still."""
    [first] = await two.one.placed()
    [second] = await two.one.placed()
    assert (first.created_at, first.updated_at) == (NOON, NOON)
    assert (second.created_at, second.updated_at) == (NOON + MILLISECOND,) * 2
    changed = await two.one.changed(first.id)
    assert (changed.created_at, changed.updated_at) == (NOON, NOON + 2 * MILLISECOND)
    again = await two.one.changed(second.id)
    assert again.updated_at == NOON + 3 * MILLISECOND
    assert await two.one.book() == {
        first.id: (NOON, changed.updated_at),
        second.id: (second.created_at, again.updated_at),
    }


async def test_what_a_batch_changes_bears_one_time(two: Two) -> None:
    placed = [*await two.one.placed(3), *await two.one.placed(2)]
    two.one.clock += SECOND
    others = [two.one.do(two.one.place(4))]
    await asyncio.gather(*[two.one.do(two.one.change(order.id)) for order in placed], *others)
    updated = {times[1] for times in (await two.one.book()).values()}
    # An array has a transaction of its own.
    assert updated <= {two.one.clock, two.one.clock + MILLISECOND}


@pytest.mark.parametrize("back", [MILLISECOND, SECOND, 50 * SECOND])
async def test_a_process_that_is_started_again_under_an_earlier_clock_goes_on(
    two: Two, back: int
) -> None:
    orders = list(await two.one.placed(2))
    after = Process(two.other.database, two.one.org)
    after.clock = NOON - back
    orders += await after.placed()
    orders.append(await after.changed(orders[0].id))
    after.clock = NOON + SECOND
    orders.append(await after.changed(orders[1].id))
    assert [order.updated_at for order in orders] == [
        NOON, NOON, NOON + MILLISECOND, NOON + 2 * MILLISECOND, NOON + SECOND,
    ]  # fmt: skip


async def test_hosts_whose_clocks_differ_do_not_drive_each_other_on(two: Two) -> None:
    """The times go on with the clock that is ahead, however often the two change one order."""
    two.other.clock -= 5 * SECOND
    [order] = await two.one.placed()
    seen = [order.updated_at]
    for _ in range(10):
        for process in two:
            seen.append((await process.changed(order.id)).updated_at)
            process.clock += 10 * MILLISECOND
    assert all(later > earlier for earlier, later in pairwise(seen))
    assert seen[-1] < two.one.clock + 20 * MILLISECOND


async def test_an_organization_has_times_of_its_own(two: Two) -> None:
    org = (await two.one.database.write(lambda conn: open_shop(conn, "Another"))).org
    await two.one.placed()
    ahead = update(schema.order_counters).values(committed_at=NOON + 60 * SECOND)
    await two.one.database.write(lambda conn: conn.execute(ahead))
    elsewhere = Process(two.one.database, org)
    both = await asyncio.gather(two.one.placed(), elsewhere.placed())
    assert [order.created_at for [order] in both] == [NOON + 60 * SECOND + MILLISECOND, NOON]


# ------------------------------------------------------------------ the answer is what is kept


def key(command: Command, *, shows_times: bool = True) -> Idempotency:
    return Idempotency(new_id().hex(), type(command).__name__, (), b"", shows_times=shows_times)


def shown(order: tuple[int, int]) -> bytes:
    return json.dumps([[millis_text(time) for time in order]]).encode()


@pytest.mark.parametrize("behind", [0, SECOND])
async def test_an_answer_shows_the_times_that_are_kept(two: Two, behind: int) -> None:
    [order] = await two.one.placed()
    two.other.clock -= behind
    commands = [two.other.place(), two.other.change(order.id)]
    for command in commands:
        outcome = await two.other.do(command)
        assert isinstance(outcome.result, OrderResult | OrdersResult)
        assert outcome.answer is not None
        book = await two.one.book()
        [changed] = (
            outcome.result.orders
            if isinstance(outcome.result, OrdersResult)
            else [outcome.result.order]
        )
        assert outcome.answer.body == shown(book[changed.id])


@pytest.mark.parametrize("behind", [0, SECOND])
async def test_an_answer_that_is_kept_shows_them_too(two: Two, behind: int) -> None:
    """To whoever repeats the request: in the same transaction, and later."""
    [order] = await two.one.placed()
    two.other.clock -= behind
    command = two.other.change(order.id)
    used = key(command)
    first, repeated = await asyncio.gather(*[two.other.do(command, key=used) for _ in range(2)])
    later = await two.one.do(command, key=used)
    assert [one.replayed for one in (first, repeated, later)] == [False, True, True]
    book = await two.one.book()
    assert first.answer == repeated.answer == later.answer == Answer(200, shown(book[order.id]))


async def test_an_order_that_one_commit_changes_twice_has_its_time_in_both_answers(
    two: Two,
) -> None:
    """Though each change, by itself, would have made it a millisecond later."""
    [order] = await two.one.placed()
    twice = await asyncio.gather(*[two.one.do(two.one.change(order.id)) for _ in range(2)])
    assert {outcome.answer for outcome in twice} == {
        Answer(200, shown((await two.one.book())[order.id]))
    }


async def test_an_order_that_is_made_and_changed_in_one_commit_was_created_by_it(two: Two) -> None:
    await two.one.placed()
    command = two.one.place()
    assert isinstance(command, MirrorOrders)
    [draft] = command.drafts
    again = command._replace(drafts=(draft._replace(digest=b"e" * 16, total=Amount(2, 2)),))
    await asyncio.gather(two.one.do(command), two.one.do(again))
    assert sorted((await two.one.book()).values()) == [
        (NOON, NOON), (NOON + MILLISECOND, NOON + MILLISECOND),
    ]  # fmt: skip


async def test_what_did_not_change_keeps_its_time(two: Two) -> None:
    [order] = await two.one.placed()
    two.one.clock += SECOND
    nothing = AmendOrder(two.one.org, "polinate", order.id)
    outcomes = await asyncio.gather(two.one.do(nothing), two.one.do(two.one.change(order.id)))
    assert outcomes[0].answer == Answer(200, shown((NOON, NOON)))
    assert outcomes[1].answer == Answer(200, shown((NOON, NOON + SECOND)))


# ------------------------------------------------------------------ transactions that overlap


@pytest_asyncio.fixture
async def rivals(fresh_database: Callable[[str], str]) -> AsyncIterator[Two]:
    url = fresh_database("postgres")
    databases = [open_database(url) for _ in range(2)]
    org = (await databases[0].write(open_shop)).org
    yield Two(*[Process(database, org) for database in databases])
    assert (await databases[0].read(verify)).violations == []
    for database in databases:
        await database.close()


@pytest.mark.parametrize("keyed", [False, True])
async def test_a_transaction_that_was_overtaken_is_later(rivals: Two, keyed: bool) -> None:
    [order] = await rivals.one.placed()
    command = rivals.one.change(order.id)
    gate = Gate()
    used = key(command) if keyed else None
    slow = asyncio.create_task(rivals.one.do(command, gate.answer, used))
    await asyncio.wait_for(gate.reached.wait(), 20)
    rivals.other.clock += SECOND
    [fast] = await rivals.other.placed()
    outcome = await released((gate, slow))
    book = await rivals.one.book()
    assert book[fast.id] == (NOON + SECOND,) * 2
    assert book[order.id] == (NOON, NOON + SECOND + MILLISECOND)
    assert outcome.answer == Answer(200, shown(book[order.id]))
    assert (await rivals.other.do(command, key=used)).answer == outcome.answer or not keyed


async def test_an_array_in_the_same_process_is_overtaken_by_single_orders(rivals: Two) -> None:
    one = rivals.one
    [order] = await one.placed()
    held = await one.held(one.place(256))
    one.clock += SECOND
    # A command of the pipeline's queue, which has a series of batches beside.
    changed = await rivals.other.changed(order.id)
    outcome = await released(held)
    assert isinstance(outcome.result, OrdersResult)
    assert {made.created_at for made in outcome.result.orders} == {
        max(NOON, changed.updated_at) + MILLISECOND
    }


async def test_who_waits_for_an_order_holds_nobody_up(rivals: Two) -> None:
    """The organization's counter, which all of its commits wait for, is taken after the order."""
    [order] = await rivals.one.placed()
    taken, let_go = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(conn: Connection) -> None:
        statement = select(schema.orders.c.id).where(schema.orders.c.id == order.id)
        conn.execute(statement.with_for_update())
        loop.call_soon(taken.set)
        await_only(let_go.wait())

    holding = asyncio.create_task(rivals.other.database.write(hold))
    await asyncio.wait_for(taken.wait(), 20)
    gate, changing = await rivals.one.held(rivals.one.change(order.id))
    gate.open.set()
    await _waiting_for_a_lock(rivals.other.database)
    [fast] = await asyncio.wait_for(rivals.other.placed(), 20)
    let_go.set()
    await holding
    outcome = await asyncio.wait_for(changing, 20)
    assert isinstance(outcome.result, OrderResult)
    assert outcome.result.order.updated_at == fast.updated_at + MILLISECOND


async def _waiting_for_a_lock(database: Database) -> None:
    """Return when a transaction waits for another one."""
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    found = 0
    while not found:
        found = await database.read(lambda conn: conn.exec_driver_sql(waits).scalar_one())
