"""Stopping: what is begun is finished, and what is not is given back at once."""

from __future__ import annotations

import asyncio

from tests.pipeline.conftest import FAST, House, eventually

from entrepot.providers.payment import PaymentRequest
from entrepot.store import schema


class Turnstile:
    """Holds every call up until it is opened."""

    def __init__(self, house: House) -> None:
        self.opened = asyncio.Event()
        self.calls = 0
        house.provider.instead = self.wait

    async def wait(self, _: PaymentRequest) -> None:
        self.calls += 1
        await self.opened.wait()

    async def reached(self) -> bool:
        return self.calls > 0


async def test_what_is_begun_is_finished(house: House) -> None:
    turnstile = Turnstile(house)
    worker = house.start()
    order_id = await house.place()
    await eventually(turnstile.reached)
    stopping = asyncio.create_task(worker.stop())
    later = await house.place()
    for _ in range(500):  # turns of the loop, enough for a stop that waits for nothing
        await asyncio.sleep(0)
    assert not stopping.done()
    turnstile.opened.set()
    await stopping
    assert (await house.stage(order_id))[:2] == ("confirmed", "authorized")
    assert await house.rows(schema.jobs, "leased_until", "tries") == [(0, 0)]
    house.start()
    await house.until(later, "confirmed", "authorized")


async def test_what_does_not_end_in_time_is_given_back(house: House) -> None:
    turnstile = Turnstile(house)
    worker = house.start(settings=FAST._replace(drain_seconds=0.05, calls_max=1))
    begun, waiting = await house.place(), await house.place()
    await eventually(turnstile.reached)

    async def both_reserved() -> bool:
        return len(await house.rows(schema.payment_operations, "key")) == 2

    await eventually(both_reserved)
    await worker.stop()
    jobs = await house.rows(schema.jobs, "kind", "leased_until", "tries")
    assert jobs == [("authorise", 0, 0)] * 2
    turnstile.opened.set()
    house.start()
    for order_id in (begun, waiting):
        await house.until(order_id, "confirmed", "authorized")
        assert house.effects(order_id) == ["authorise"]


async def test_stopping_twice_or_before_the_start_is_no_fault(house: House) -> None:
    worker = house.start()
    await worker.stop()
    await worker.stop()
    order_id = await house.place()
    assert await house.rows(schema.jobs, "leased_until", "fence") == [(0, 0)]
    house.start()
    await house.until(order_id, "confirmed", "authorized")


async def test_a_full_worker_leaves_new_jobs_in_the_table(house: House) -> None:
    turnstile = Turnstile(house)
    worker = house.start(settings=FAST._replace(held_max=1))
    first = await house.place()
    await eventually(turnstile.reached)
    second = await house.place()
    jobs = await house.rows(schema.jobs, "leased_until", "fence", order_id=second)
    assert jobs == [(0, 0)]
    assert worker._holding.load() == 1
    turnstile.opened.set()
    for order_id in (first, second):
        await house.until(order_id, "confirmed", "authorized")
