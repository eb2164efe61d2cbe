"""Each alert of docs/runbook.md's table is caused, and its figure says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import Connection
from tests.pipeline.conftest import FAST, POLICIES, SECRET, House, eventually

from entrepot.core.decide.settle import SettlePayment
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.seen import Seen
from entrepot.pipeline.reports import Reports
from entrepot.pipeline.retry import Policy
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.outside import SANDBOX
from entrepot.pipeline.steps.reserve import reserve
from entrepot.providers.payment import (
    AuthoriseAnswer,
    Differs,
    Misconfigured,
    PaymentRequest,
    Running,
)
from entrepot.store import schema
from entrepot.store.writing.working_set import load
from entrepot.telemetry import registry
from entrepot.writer.envelope import Envelope

DAY = 86_400


def figure(name: str, **labels: str) -> float:
    return registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def counted(house: House) -> AsyncIterator[None]:
    """A process that counts, and takes no jobs."""
    counting = asyncio.create_task(Reports().keep_counting(house.database, house.now, 0.01))
    try:
        yield
    finally:
        counting.cancel()
        with suppress(asyncio.CancelledError):
            await counting


async def rises(name: str, least: float, **labels: str) -> None:
    async def risen() -> bool:
        return figure(name, **labels) >= least

    await eventually(risen)


async def reserved(house: House, reference: str = "card") -> bytes:
    """An order whose stock is held; nobody works on its payment."""
    order_id = await house.place(reference)
    [row] = await house.rows(schema.jobs, *schema.JOBS.columns)
    terms = Terms(house.now, lambda: 1.0, POLICIES)
    await house.do(reserve(schema.JOBS.from_row(row), frozenset(), SANDBOX, SECRET, terms))
    return order_id


async def test_jobs_that_nobody_takes_grow_old(house: House) -> None:
    await house.place()
    house.advance(100)
    async with counted(house):
        await rises("entrepot_oldest_due_job_seconds", 100)
        await rises("entrepot_oldest_unfinished_job_seconds", 100)
        assert figure("entrepot_jobs", kind="reserve", state="due") == 1


async def test_a_hold_past_its_end_is_counted_where_no_worker_runs(house: House) -> None:
    await reserved(house, "flaky-9")
    house.advance(2 * DAY)
    async with counted(house):
        await rises("entrepot_holds_overdue", 1)
    house.start()

    async def given_back() -> bool:
        return await house.reserved() == (0, {"expired"})

    await eventually(given_back)
    async with counted(house):

        async def none_left() -> bool:
            return figure("entrepot_holds_overdue") == 0

        await eventually(none_left)


async def refuses(_: PaymentRequest) -> AuthoriseAnswer:
    return Misconfigured("the credentials are refused")


async def breaks(_: PaymentRequest) -> AuthoriseAnswer:
    raise RuntimeError


async def differs(_: PaymentRequest) -> AuthoriseAnswer:
    return Differs(1, 2, "EUR", "ref-1")


ANSWERS: list[tuple[Callable[[PaymentRequest], object], str]] = [
    (refuses, "misconfigured"), (breaks, "no_answer"), (differs, "differs"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS)
async def test_a_provider_that_fails_is_counted_and_its_order_parked(
    house: House, answer: Callable[[PaymentRequest], object], outcome: str
) -> None:
    labels = {"provider": "sandbox", "operation": "authorise", "outcome": outcome}
    before = figure("entrepot_provider_calls_total", **labels)
    house.provider.instead = answer  # type: ignore[assignment]
    house.start(
        settings=FAST._replace(gauges_seconds=0.01),
        policies=POLICIES | {"unclassified": Policy(0.001, 0.001, 2)},
    )
    order_id = await house.place()
    await house.until(order_id, "placed", parked=True)
    assert figure("entrepot_provider_calls_total", **labels) > before
    await rises("entrepot_jobs", 1, kind="authorise", state="parked")


async def test_a_provider_that_says_its_outcome_later_is_counted(house: House) -> None:
    async def later(_: PaymentRequest) -> AuthoriseAnswer:
        return Running("come again", "ref-1")

    house.provider.instead = later
    labels = {"provider": "sandbox", "operation": "authorise", "outcome": "running"}
    before = figure("entrepot_provider_calls_total", **labels)
    house.start()
    await house.place()
    await rises("entrepot_provider_calls_total", before + 1, **labels)


async def test_a_batch_that_was_too_late_is_counted(house: House) -> None:
    order_id = await reserved(house)

    def work(conn: Connection) -> Seen:
        needs, facts = Needs(), Facts(house.now(), lambda: b"i" * 16)
        needs.orgs.add(house.shop.org)
        needs.whole_order(house.shop.org, order_id)
        needs.steps.add((house.shop.org, order_id))
        load(conn, needs, facts, lock=False)
        [job] = facts.jobs.values()
        seen = facts.seen(job)
        assert seen is not None
        return seen

    seen = await house.database.read(work)
    await house.cancel(order_id)
    before = figure("entrepot_batch_conflicts_total")
    job = seen.job
    late = SettlePayment(job.org, order_id, job.id, job.fence, "authorized", "", "ref-1")
    await house.writer.submit(Envelope(late, seen=seen))
    assert figure("entrepot_batch_conflicts_total") == before + 1
    await house.check()
