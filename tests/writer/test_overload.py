"""The writer with more to do than it may take on: who is refused, who is not, and what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import select
from tests.writer.test_writer import Watched, an_organization, answer, count, keyed, place

from entrepot.clock import new_id, now
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.steps import FinishJob
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.telemetry import metrics
from entrepot.writer.envelope import Envelope, Outcome
from entrepot.writer.queues import Limits
from entrepot.writer.writer import Writer

T = TypeVar("T")


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Gated(Watched):
    """A database whose next transaction begins when the test opens the gate."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.first: asyncio.Task[Outcome] | None = None

    async def watch(self, write: Any, work: Any) -> Any:
        self.begun.set()
        await self.gate.wait()
        return await super().watch(write, work)


def begin(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Work that goes on while the test does."""
    return asyncio.get_running_loop().create_task(work)


def refused(outcome: Outcome) -> bool:
    result = outcome.result
    if isinstance(result, Refusal):
        assert result.reason is Reason.OVERLOADED
        assert result.retry_after
        return True
    assert isinstance(result, OrderResult)
    return False


async def stuck(database: Database, clock: Clock, **limits: float) -> tuple[Gated, Writer]:
    """A writer whose first batch, of one command that touches nothing, does not end yet."""
    gated = Gated(database)
    chosen = Limits(**limits)  # type: ignore[arg-type]
    writer = Writer(gated, now=now, new_id=new_id, limits=chosen, monotonic=clock)
    gated.first = begin(writer.submit(Envelope(AmendOrder(1, "polinate", new_id()))))
    await gated.begun.wait()
    return gated, writer


async def test_who_waited_too_long_is_refused_and_nothing_of_it_is_stored(
    database: Database,
) -> None:
    org, clock = await an_organization(database), Clock()
    gated, writer = await stuck(database, clock, queue_seconds=1.0)
    early = begin(writer.submit_all([keyed(place(org), f"early-{n}") for n in range(3)]))
    await asyncio.sleep(0)
    clock.seconds += 0.9
    late = begin(writer.submit(keyed(place(org), "late")))
    await asyncio.sleep(0)
    clock.seconds += 0.5
    gated.gate.set()
    assert [refused(outcome) for outcome in await early] == [True] * 3
    assert not refused(await late)
    assert await count(database, schema.orders) == 1
    # The key stands for nothing: the same request again is carried out.
    assert await count(database, schema.idempotency_keys) == 1
    assert not refused(await writer.submit(keyed(place(org), "early-0")))


async def test_the_answer_of_a_late_command_is_its_dialects(database: Database) -> None:
    org, clock = await an_organization(database), Clock()
    gated, writer = await stuck(database, clock, queue_seconds=1.0)
    waiting = begin(writer.submit(keyed(place(org), "k")))
    await asyncio.sleep(0)
    clock.seconds += 2.0
    gated.gate.set()
    outcome = await waiting
    assert isinstance(outcome.result, Refusal)
    assert outcome.answer == answer(outcome.result)


async def test_the_pipelines_commands_pass_while_outsiders_are_refused(database: Database) -> None:
    org, clock = await an_organization(database), Clock()
    gated, writer = await stuck(database, clock, queue_max=2)
    outside = begin(writer.submit_all([Envelope(place(org)) for _ in range(5)]))
    await asyncio.sleep(0)
    assert writer.crowded(0)
    unknown = [Envelope(FinishJob(org, new_id(), 1)) for _ in range(20)]
    ours = begin(writer.submit_all(unknown))
    await asyncio.sleep(0)
    clock.seconds += 0.4
    gated.gate.set()
    assert [refused(outcome) for outcome in await outside] == [False, False, True, True, True]
    for outcome in await ours:
        assert isinstance(outcome.result, Refusal)
        assert outcome.result.reason is Reason.STALE_LEASE  # it was carried out: no such job


async def test_after_the_burst_everything_is_accepted_again(database: Database) -> None:
    org, clock = await an_organization(database), Clock()
    gated, writer = await stuck(database, clock, queue_max=2)
    burst = begin(writer.submit_all([Envelope(place(org)) for _ in range(50)]))
    await asyncio.sleep(0)
    gated.gate.set()
    assert sum(refused(outcome) for outcome in await burst) == 48
    assert not writer.crowded(0)
    for _ in range(3):
        assert not refused(await writer.submit(Envelope(place(org))))
    stored = await database.read(lambda c: c.execute(select(schema.orders.c.id)).scalars().all())
    assert len(stored) == 5


async def test_what_is_refused_is_counted_where_it_was_refused(database: Database) -> None:
    def figures() -> list[float]:
        return [metrics.shed.labels(where)._value.get() for where in ("queue", "age")]

    org, clock, before = await an_organization(database), Clock(), figures()
    gated, writer = await stuck(database, clock, queue_max=2, queue_seconds=1.0)
    burst = begin(writer.submit_all([Envelope(place(org)) for _ in range(5)]))
    await asyncio.sleep(0)
    clock.seconds += 2.0
    gated.gate.set()
    assert all(refused(outcome) for outcome in await burst)
    queue, age = (now - was for now, was in zip(figures(), before, strict=True))
    assert (queue, age) == (3, 2)
