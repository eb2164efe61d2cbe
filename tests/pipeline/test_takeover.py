"""Leases and fences: a dead worker's jobs are taken over, and a late one can change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs
from tests.pipeline.conftest import FAST, House, Scripted, eventually

from entrepot.core.ids import dashed
from entrepot.pipeline import steps
from entrepot.pipeline.steps.outside import Outside
from entrepot.providers.payment import AuthoriseAnswer, Declined, PaymentRequest
from entrepot.providers.sandbox import SandboxProvider
from entrepot.store import schema
from entrepot.store.engine import Unavailable

T = TypeVar("T")


@pytest.fixture
def book_url(database_url: str) -> str:
    """Claims and conflicts are not alike on the two engines: both are tried."""
    return database_url


async def test_a_dead_workers_job_is_taken_when_its_lease_ends(house: House) -> None:
    house.taken_by(1)
    order_id = await house.place()
    looked: list[int] = []

    def now() -> int:
        looked.append(house.ahead)
        return house.now()

    worker = house.start(now=now)

    async def looked_often() -> bool:
        worker._holding.wake()
        return len(looked) > 10

    await eventually(looked_often)
    assert await house.rows(schema.jobs, "kind", "fence") == [("authorise", 1)]
    house.advance(61)
    await house.until(order_id, "confirmed", "authorized")
    assert house.live() == [(dashed(order_id), 1)]


class TwoWorkers:
    """Two workers of one book, each with its own provider that waits before it answers."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.called = [asyncio.Event(), asyncio.Event()]
        self.go_on = [asyncio.Event(), asyncio.Event()]
        self.answers: list[AuthoriseAnswer | None] = [None, None]
        self.providers = [Scripted(SandboxProvider(house.ledger_path)) for _ in range(2)]
        for number, provider in enumerate(self.providers):
            provider.instead = self._instead(number)

    def _instead(self, number: int) -> Any:
        async def instead(_: PaymentRequest) -> AuthoriseAnswer | None:
            self.called[number].set()
            await self.go_on[number].wait()
            return self.answers[number]

        return instead


async def test_a_late_answer_of_a_worker_that_lost_its_lease_changes_nothing(house: House) -> None:
    two = TwoWorkers(house)
    zombie = house.start(two.providers[0])
    order_id = await house.place()
    await two.called[0].wait()
    house.start(two.providers[1], apart=True)
    # The first worker's own look into the table must not be the one that takes the job.
    zombie._holding.room = lambda: 0  # type: ignore[method-assign]
    house.advance(61)
    await two.called[1].wait()
    assert two.providers[0].calls == two.providers[1].calls
    two.answers[0] = Declined("too late")
    two.go_on[0].set()

    async def zombie_is_done() -> bool:
        return not zombie._tasks

    await eventually(zombie_is_done)
    assert (await house.stage(order_id))[:2] == ("placed", "pending")
    two.go_on[1].set()
    await house.until(order_id, "confirmed", "authorized")
    assert house.live() == [(dashed(order_id), 1)]
    for provider in two.providers:
        await provider.close()


async def test_a_job_that_waited_through_half_its_lease_is_left_to_the_next(house: House) -> None:
    go_on = asyncio.Event()

    async def held_up(_: PaymentRequest) -> None:
        await go_on.wait()

    house.provider.instead = held_up
    worker = house.start(settings=FAST._replace(calls_max=1))
    first, second = await house.place(), await house.place()

    async def both_reserved() -> bool:
        return len(await house.rows(schema.payment_operations, "key")) == 2

    await eventually(both_reserved)
    house.advance(31)
    go_on.set()
    await house.until(first, "confirmed")

    async def nothing_held() -> bool:
        return worker._holding.load() == 0

    await eventually(nothing_held)
    [(order_id, fence)] = await house.rows(schema.jobs, "order_id", "fence")
    assert (bytes(order_id), fence) == (second, 1)
    house.advance(30)
    await house.until(second, "confirmed")


@pytest.mark.parametrize("lost", range(1, 4))
async def test_a_commit_whose_answer_is_lost_is_not_done_twice(house: House, lost: int) -> None:
    """The book commits a write of the pipeline and then says that it is not to be reached."""
    real, writes = house.database.write_guarded, 0

    async def losing(work: Callable[[Connection], T]) -> T:
        nonlocal writes
        before = await house.rows(schema.events, "seq")
        result = await real(work)
        if await house.rows(schema.events, "seq") != before:
            writes += 1
            if writes == lost:
                raise Unavailable("the answer is lost")
        return result

    order_id = await house.place()
    house.database.write = house.database.write_guarded = losing  # type: ignore[method-assign]
    house.start()

    async def confirmed() -> bool:
        house.advance(5)  # the step was done, so that only the end of its lease goes on from it
        return "confirmed" in await house.stage(order_id)

    await eventually(confirmed)
    await house.until_quiet()
    assert await house.reserved() == (1, {"committed"})
    assert house.live() == [(dashed(order_id), 1)]
    assert (await house.events(order_id)).count("stock.reserved") == 1


async def test_a_book_that_is_away_for_a_moment_loses_nothing(house: House) -> None:
    real, failures = house.database.write, 3

    async def away(work: Callable[[Connection], T]) -> T:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("no route to the book")
        return await real(work)

    order_id = await house.place()
    house.database.write = house.database.write_guarded = away  # type: ignore[method-assign]
    house.start()
    await house.until(order_id, "confirmed", "authorized")


async def test_a_step_that_cannot_read_the_book_has_not_failed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, reads = Outside.service, 0

    async def away(outside: Outside, org: int, name: str) -> Any:
        nonlocal reads
        reads += 1
        if reads <= 10:
            raise Unavailable("no route to the book")
        return await real(outside, org, name)

    monkeypatch.setattr(Outside, "service", away)
    monkeypatch.setattr(steps, "AWAY_SECONDS", 0.001)
    order_id = await house.place("flaky-1-card")
    with capture_logs() as logs:
        house.start()
        await house.until(order_id, "confirmed", "authorized")
    assert reads > 10
    assert [one for one in logs if one["event"] == "pipeline.step_failed"] == []
    tried = [one["tries"] for one in logs if one["event"] == "pipeline.put_off" and "run_at" in one]
    assert tried == [1], "the service's own failure counts, and no other"
