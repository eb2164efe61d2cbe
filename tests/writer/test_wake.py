"""A notification finds the payment that waits for it, on either engine."""

from __future__ import annotations

from tests.writer.test_first_step import a_desk

from entrepot.core.decide.steps import DeferJob, Taken
from entrepot.core.decide.wake import WakeStep
from entrepot.core.results import StepResult
from entrepot.store import schema
from entrepot.store.engine import Database

LATER = 3_000_000_000  # microseconds


async def test_a_notification_finds_the_payment_of_its_reference(database: Database) -> None:
    desk = await a_desk(database, 5)
    for number in (1, 2):
        await desk.do(desk.shop.order())
        job, seen = desk.handed[-1]
        assert seen is not None
        until, asked = job.run_at + LATER, Taken(1, 1, f"ref-{number}")
        waits = DeferJob(
            job.org, job.id, job.fence, until, "later", order_id=job.order_id, counted=False,
            waiting="the provider", running=asked,
        )  # fmt: skip
        await desk.do(waits)
    assert await desk.column(schema.payment_operations, "state") == ["running", "running"]
    assert await desk.column(schema.payment_operations, "provider_reference") == ["ref-1", "ref-2"]
    assert await desk.column(schema.orders, "reason") == ["waiting", "waiting"]
    handed = len(desk.handed)
    for reference in ("ref-3", "", "\x00", "\ud800"):
        outcome = await desk.do(WakeStep(desk.shop.org, "sandbox", reference))
        assert outcome.result == StepResult(None)
    assert len(desk.handed) == handed
    await desk.do(WakeStep(desk.shop.org, "sandbox", "ref-2"))
    # The process that takes the notification has the step in hand at once, with the payment.
    [(job, seen)] = desk.handed[handed:]
    assert job.order_id == (await desk.column(schema.orders, "id"))[1]
    assert seen is not None
    assert seen.funds is not None
    assert seen.funds.first.authorisation.state == "running"
    assert await desk.column(schema.orders, "reason") == ["waiting", None]
