"""Processes that live say so, and a dead one's jobs are free; a wrong clock strands nothing."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, update
from structlog.testing import capture_logs
from tests.pipeline.conftest import FAST, POLICIES, House, eventually

from entrepot.core.ids import dashed
from entrepot.pipeline.presence import LOOKS_MAX, Presence
from entrepot.pipeline.retry import Policy
from entrepot.providers.payment import NotSent, PaymentRequest
from entrepot.serving import free_jobs
from entrepot.store import schema
from entrepot.store.engine import Unavailable
from entrepot.store.verify import verify
from entrepot.store.writing import processes, queue

HOUR, YEAR = 3_600, 365 * 86_400
SLOW = {**POLICIES, "authorise": Policy(50.0, 50.0, 50)}


@pytest.fixture
def book_url(database_url: str) -> str:
    """Processes are told apart on both engines, though SQLite has one."""
    return database_url


async def held_by(house: House, process: int) -> bytes:
    """An order whose job a process holds that does nothing any more."""
    house.taken_by(process)
    order_id = await house.place()
    house.taken_by(None)
    assert await house.rows(schema.jobs, "fence", "holder", order_id=order_id) == [(1, process)]
    return order_id


async def beat(house: House, process: int) -> dict[int, int]:
    return await house.database.write(partial(processes.beat, process=process, now=house.now()))


def watching(house: House, freed: list[bool] | None = None) -> Presence:
    told = freed if freed is not None else []
    return Presence(house.database, 2, house.now, lambda: told.append(True))


async def test_a_dead_process_s_jobs_are_free_after_a_few_looks(house: House) -> None:
    await beat(house, 1)
    order_id = await held_by(house, 1)
    freed: list[bool] = []
    presence = watching(house, freed)
    with capture_logs() as logs:
        for _ in range(LOOKS_MAX):
            await presence.look()
            assert await house.rows(schema.jobs, "leased_until", "fence") != [(0, 2)]
        await presence.look()
    assert await house.rows(schema.jobs, "leased_until", "fence") == [(0, 2)]
    assert await house.rows(schema.processes, "id") == [(2,)]
    assert freed == [True]
    [gone] = [entry for entry in logs if entry["event"] == "pipeline.process_gone"]
    assert (gone["process"], gone["jobs"]) == (1, 1)
    house.start()
    await house.until(order_id, "confirmed", "authorized")
    assert house.live() == [(dashed(order_id), 1)]


async def test_a_heartbeat_that_the_book_does_not_take_is_told_by_the_book_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, looked = 0, asyncio.Event()

    async def away(_presence: Presence) -> None:
        nonlocal looks
        looks += 1
        if looks > 2:
            looked.set()
        raise Unavailable("no route to the book")

    monkeypatch.setattr(Presence, "look", away)
    presence = Presence(house.database, 2, house.now, lambda: None, beat_seconds=0.0)
    with capture_logs() as logs:
        beating = asyncio.create_task(presence.keep())
        await looked.wait()
        beating.cancel()
    assert {one["log_level"] for one in logs} == {"debug"}


async def test_a_slow_process_that_beats_keeps_its_jobs(house: House) -> None:
    await beat(house, 1)
    await held_by(house, 1)
    presence = watching(house)
    for _ in range(4):
        for _ in range(LOOKS_MAX):
            await presence.look()
        await beat(house, 1)
    assert await house.rows(schema.jobs, "fence", "holder") == [(1, 1)]


async def test_a_beat_between_the_look_and_the_burial_is_in_time(house: House) -> None:
    await beat(house, 1)
    await held_by(house, 1)
    await beat(house, 1)
    bury = partial(processes.bury, process=1, beats=1)
    assert await house.database.write(bury) is None
    assert await house.rows(schema.jobs, "fence") == [(1,)]


async def test_only_the_dead_one_s_jobs_are_freed(house: House) -> None:
    for process in (1, 3):
        await beat(house, process)
        await held_by(house, process)
    presence = watching(house)
    for _ in range(LOOKS_MAX + 1):
        await presence.look()
        await beat(house, 3)
    assert sorted(await house.rows(schema.jobs, "holder", "fence")) == [(1, 2), (3, 1)]


async def test_a_process_that_died_before_its_first_beat_is_noticed(house: House) -> None:
    await held_by(house, 1)
    presence = watching(house)
    for _ in range(LOOKS_MAX + 1):
        await presence.look()
    assert await house.rows(schema.jobs, "leased_until", "fence") == [(0, 2)]


async def test_what_a_buried_process_brings_later_changes_nothing(house: House) -> None:
    """It was only slow: its call is under way when its jobs are given to others."""
    called, go_on = asyncio.Event(), asyncio.Event()

    async def held_up(_: PaymentRequest) -> None:
        called.set()
        await go_on.wait()

    house.provider.instead = held_up
    slow = house.start()
    order_id = await house.place()
    await called.wait()
    slow._holding.room = lambda: 0  # type: ignore[method-assign]
    await house.database.write(partial(processes.end_leases_of, process=slow._holding.holder))
    house.start(house.provider.inner, apart=True)
    await house.until(order_id, "confirmed", "authorized")
    go_on.set()

    async def slow_is_done() -> bool:
        return not slow._tasks

    await eventually(slow_is_done)
    assert (await house.events(order_id)).count("order.confirmed") == 1
    assert house.live() == [(dashed(order_id), 1)]


async def test_a_worker_beats_where_there_may_be_others_and_leaves_at_its_end(
    house: House,
) -> None:
    worker = house.start()
    if house.database.side_by_side == 1:
        assert worker._presence is None
        return

    async def beaten() -> bool:
        return await house.rows(schema.processes, "id") == [(worker._holding.holder,)]

    await eventually(beaten)
    await worker.stop()
    assert await house.rows(schema.processes, "id") == []


async def test_waiting_is_no_change_of_an_order(house: House) -> None:
    """A reader of changes sees nothing of the tries; a reader of the order does."""
    called, go_on = asyncio.Event(), asyncio.Event()

    async def held_up(_: PaymentRequest) -> NotSent:
        called.set()
        await go_on.wait()
        return NotSent("no route")

    async def row() -> list[tuple[Any, ...]]:
        columns = ("version", "updated_at", "created_at")
        return await house.rows(schema.orders, *columns, id=order_id)

    house.provider.instead = held_up
    house.start(settings=FAST._replace(lease_seconds=9_000.0), policies=SLOW, random01=lambda: 1.0)
    order_id = await house.place()
    await called.wait()
    before = await row()
    house.advance(HOUR)  # another slot of the tallies of updates
    go_on.set()

    async def waits() -> bool:
        return "waiting" in await house.stage(order_id)

    await eventually(waits)
    assert await row() == before
    # Nor are the tallies of when orders were updated touched.
    assert (await house.database.read(verify)).violations == []


# --- the one process of an SQLite book


async def test_at_its_start_the_only_process_frees_what_the_one_before_held(house: House) -> None:
    order_id = await held_by(house, 1)
    with capture_logs() as logs:
        await free_jobs(house.database)
        await free_jobs(house.database)
    assert await house.rows(schema.jobs, "leased_until", "fence") == [(0, 2)]
    assert [e["jobs"] for e in logs if e["event"] == "pipeline.leases_ended"] == [1]
    house.start()
    await house.until(order_id, "confirmed", "authorized")


# --- clocks


def set_jobs(**values: Any) -> Any:
    def work(conn: Connection) -> None:
        conn.execute(update(schema.jobs).values(**values))

    return work


@pytest.mark.parametrize("jump", [30, HOUR, HOUR + 30, 86_400, YEAR])
async def test_what_was_put_off_under_a_clock_that_stood_ahead_goes_on(
    house: House, jump: int
) -> None:
    house.ahead = jump * 1_000_000
    first = house.start(policies=SLOW, random01=lambda: 1.0)
    order_id = await house.place("flaky-1")

    async def put_off() -> bool:
        return await house.rows(schema.jobs, "tries", "leased_until") == [(1, 0)]

    await eventually(put_off)
    await first.stop()
    house.ahead = 0
    with capture_logs() as logs:
        house.start(policies=SLOW, random01=lambda: 1.0)
        await house.until(order_id, "confirmed", "authorized")
    assert "pipeline.clock_was_ahead" in [entry["event"] for entry in logs]


@pytest.mark.parametrize("jump", [HOUR, 86_400, YEAR])
async def test_a_lease_of_a_clock_that_stood_ahead_is_not_believed(house: House, jump: int) -> None:
    house.ahead = jump * 1_000_000
    order_id = await held_by(house, 1)
    house.ahead = 0
    house.start()
    await house.until(order_id, "confirmed", "authorized")


@pytest.mark.parametrize("values", [
    {"run_at": 2**62}, {"leased_until": 2**62}, {"run_at": 2**62, "leased_until": 2**62},
    {"put_off_at": 2**62, "run_at": 2**62},
], ids=str)  # fmt: skip
async def test_a_time_beyond_every_policy_is_not_waited_for(
    house: House, values: dict[str, int]
) -> None:
    order_id = await house.place()
    await house.database.write(set_jobs(**values))
    house.start()
    await house.until(order_id, "confirmed", "authorized")


async def test_what_is_put_off_for_as_long_as_it_may_be_is_waited_for(house: House) -> None:
    await house.place()
    now = house.now()
    await house.database.write(set_jobs(run_at=now + HOUR * 1_000_000 - 1, put_off_at=now))
    lease = queue.Lease(now, now + 60_000_000)
    assert await house.database.write(partial(queue.claim_astray, lease=lease, limit=9)) == []
    await house.database.write(set_jobs(run_at=now, leased_until=now + 60_000_000))
    assert await house.database.write(partial(queue.claim_astray, lease=lease, limit=9)) == []


async def test_a_parked_hold_of_a_clock_that_stood_ahead_is_asked_for_again(house: House) -> None:
    order_id = await house.place()
    await house.database.write(
        set_jobs(state="parked", kind="authorise", run_at=house.now() + 2 * YEAR * 1_000_000)
    )
    lease = queue.Lease(house.now(), house.now() + 60_000_000)
    lapsing = partial(queue.claim_lapsing, lease=lease, hold=86_400_000_000, limit=9)
    [found] = await house.database.write(lapsing)
    assert found.job.order_id == order_id
