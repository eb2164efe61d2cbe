"""A waiting order says what for; a hold ends when it ends; a cancel is acted on at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.pipeline.conftest import FAST, POLICIES, House, eventually

from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.steps import ResumeOrder
from entrepot.pipeline.reports import Reports
from entrepot.pipeline.retry import Policy
from entrepot.pipeline.steps import HeldJob
from entrepot.providers.payment import (
    AuthoriseAnswer,
    Misconfigured,
    NotSent,
    OperationRequest,
    PaymentRequest,
    Running,
    Unknown,
    VoidAnswer,
)
from entrepot.store import schema
from entrepot.telemetry import registry
from entrepot.writer.envelope import Envelope

SLOW = {**POLICIES, "authorise": Policy(3000.0, 3000.0, 50), "void": Policy(3000.0, 3000.0, 300)}
TIME = r"\d\d:\d\d:\d\dZ"
A_DAY = 86_400


def longest() -> float:
    """The chance that waits as long as the policy lets it."""
    return 1.0


async def told(house: House, order_id: bytes) -> str:
    """The order's reason as Synq and Polinate show it."""
    [(reason, detail)] = await house.rows(schema.orders, "reason", "reason_detail", id=order_id)
    return f"{reason}: {detail}" if reason else ""


async def until_told(house: House, order_id: bytes, wanted: str) -> str:
    """Wait until the order's reason is as this expression says."""

    async def said() -> str:
        text = await told(house, order_id)
        return text if re.fullmatch(wanted, text) else ""

    return str(await eventually(said))


async def until_held_by_nobody(house: House) -> None:
    async def free() -> bool:
        rows = await house.rows(schema.jobs, "leased_until")
        return all(until == 0 for (until,) in rows)

    await eventually(free)


TURN = rf"waiting: authorise, try 2 of 50, next {TIME}: sandbox: "
REASONS = [
    ("flaky-99", TURN + "not sent: scripted: call 1 of 99 that fail"),
    ("unknown-99", TURN + "answer lost: scripted: answer 1 of 99 that are lost"),
    ("pending-1", rf"waiting: the provider's notification, until \d{{4}}-\d\d-\d\dT{TIME}"),
]


@pytest.mark.parametrize(("reference", "reason"), REASONS)
async def test_a_waiting_order_says_what_for(house: House, reference: str, reason: str) -> None:
    house.start(policies=SLOW, random01=longest)
    order_id = await house.place(reference)
    await until_told(house, order_id, reason)
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "voided")
    assert await told(house, order_id) == "cancelled: told by polinate"


async def test_the_try_is_counted_and_the_reason_goes_when_the_order_goes_on(house: House) -> None:
    house.start(policies=SLOW, random01=longest)
    order_id = await house.place("flaky-2")
    await until_told(house, order_id, r"waiting: authorise, try 2 of 50, .*")
    house.advance(3001)
    await until_told(house, order_id, r"waiting: authorise, try 3 of 50, .*")
    house.advance(3001)
    await house.until(order_id, "confirmed", "authorized")
    assert (await told(house, order_id)).startswith("sandbox: ")


async def test_a_fault_of_the_program_is_told_by_its_type_and_place(house: House) -> None:
    async def explodes(_: PaymentRequest) -> AuthoriseAnswer:
        raise RuntimeError("4111 1111 1111 1111")

    house.provider.instead = explodes
    slow = {**POLICIES, "unclassified": Policy(3000.0, 3000.0, 8)}
    house.start(policies=slow, random01=longest)
    order_id = await house.place()
    await until_told(
        house, order_id, rf"waiting: authorise, try 2 of 8, next {TIME}: RuntimeError at \w+:\d+"
    )


class NoVoid:
    """Makes every void of a house's provider come to another answer."""

    def __init__(self, house: House, answer: VoidAnswer) -> None:
        self.answer: VoidAnswer | None = answer
        self._real = house.provider.void
        house.provider.void = self.void  # type: ignore[method-assign]

    async def void(self, request: OperationRequest) -> VoidAnswer:
        return self.answer or await self._real(request)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            NotSent("no route"),
            rf"void, try 2 of 300, next {TIME}: sandbox: the void has no answer: no route",
        ),
        (Running("void-1"), "the provider's outcome of the void"),
    ],
    ids=["no answer", "running"],
)
async def test_a_void_that_is_not_done_is_told_beside_why_the_order_ended(
    house: House, answer: VoidAnswer, why: str
) -> None:
    voids = NoVoid(house, answer)
    house.start(policies=SLOW, random01=longest)
    order_id = await house.place()
    await house.until(order_id, "confirmed", "authorized")
    await house.cancel(order_id)
    await until_told(house, order_id, f"cancelled: told by polinate; waiting: {why}")
    voids.answer = None
    house.advance(3001)
    await house.until(order_id, "cancelled", "voided")
    assert await told(house, order_id) == "cancelled: told by polinate"


async def test_a_refund_that_is_declined_after_the_end_is_the_reason(house: House) -> None:
    house.start()
    order_id = await house.place("card refund-declined")
    await house.until(order_id, "confirmed")
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until(order_id, "confirmed", "paid")
    await house.cancel(order_id)
    await until_told(
        house, order_id,
        "refund_declined: sandbox: the refund of .* is declined: .*; "
        "it ended: cancelled: told by polinate",
    )  # fmt: skip
    await house.check()


# --- the log and the metrics


async def test_the_log_warns_from_the_third_try_on_and_names_the_cause(house: House) -> None:
    with capture_logs() as logs:
        house.start()
        order_id = await house.place("flaky-4")
        await house.until(order_id, "confirmed")
    told_ = [entry for entry in logs if entry["event"] == "pipeline.put_off"]
    assert [(entry["tries"], entry["log_level"]) for entry in told_] == [
        (1, "info"), (2, "info"), (3, "warning"), (4, "warning"),
    ]  # fmt: skip
    assert told_[0]["cause"] == "sandbox: not sent: scripted: call 1 of 4 that fail"


def calls(operation: str, outcome: str) -> float:
    labels = {"provider": "sandbox", "operation": operation, "outcome": outcome}
    return registry.get_sample_value("entrepot_provider_calls_total", labels) or 0.0


OUTCOMES = [
    ("card", "authorised", 1), ("flaky-2", "not_sent", 2), ("unknown-2", "unknown", 2),
    ("declined", "declined", 1),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "outcome", "number"), OUTCOMES)
async def test_calls_are_counted_by_their_outcome(
    house: House, reference: str, outcome: str, number: int
) -> None:
    before = calls("authorise", outcome)
    house.start()
    await house.place(reference)
    await house.until_quiet()
    assert calls("authorise", outcome) == before + number


async def test_a_call_that_comes_to_nothing_is_counted_too(house: House) -> None:
    async def explodes(_: PaymentRequest) -> AuthoriseAnswer:
        raise RuntimeError

    before = calls("authorise", "no_answer")
    house.provider.instead = explodes
    house.start(policies=POLICIES | {"unclassified": Policy(0.001, 0.001, 3)})
    await house.until(await house.place(), "placed", parked=True)
    assert calls("authorise", "no_answer") == before + 3


def test_the_gauges_tell_the_oldest_job_and_holds_past_their_end() -> None:
    reports = Reports()
    reports.show_waiting(1_000_000, 3, now=5_000_000)
    assert registry.get_sample_value("entrepot_oldest_unfinished_job_seconds") == 4.0
    assert registry.get_sample_value("entrepot_holds_overdue") == 3
    reports.show_waiting(None, 0, now=5_000_000)
    assert registry.get_sample_value("entrepot_oldest_unfinished_job_seconds") == 0
    assert registry.get_sample_value("entrepot_holds_overdue") == 0


async def test_a_put_off_job_counts_as_unfinished_although_it_is_not_due(house: House) -> None:
    house.start(settings=FAST._replace(gauges_seconds=0.01), policies=SLOW, random01=longest)
    order_id = await house.place("flaky-99")
    await until_told(house, order_id, "waiting: .*")
    house.advance(100)

    async def shown() -> bool:
        age = registry.get_sample_value("entrepot_oldest_unfinished_job_seconds") or 0.0
        return age >= 100

    await eventually(shown)
    assert registry.get_sample_value("entrepot_oldest_due_job_seconds") == 0


# --- a hold ends when it ends


async def never_known(_: PaymentRequest) -> AuthoriseAnswer:
    return Unknown("the answer is lost")


async def locked_out(_: PaymentRequest) -> AuthoriseAnswer:
    return Misconfigured("the credentials are refused")


async def explodes(_: PaymentRequest) -> AuthoriseAnswer:
    raise RuntimeError


async def later(_: PaymentRequest) -> AuthoriseAnswer:
    return NotSent("come again in an hour", retry_after=3600.0)


PARKING = [
    (locked_out, {}),
    (never_known, {"authorise": Policy(0.001, 0.001, 2)}),
    (explodes, {"unclassified": Policy(0.001, 0.001, 2)}),
]


@pytest.mark.parametrize(("answer", "policies"), PARKING)
async def test_a_parked_order_expires_when_its_hold_ends(
    house: House, answer: Any, policies: dict[str, Policy]
) -> None:
    house.provider.instead = answer
    house.start(policies=POLICIES | policies)
    order_id = await house.place()
    await house.until(order_id, "placed", "pending", parked=True)
    assert await house.reserved() == (1, {"held"})
    house.advance(A_DAY - 60)
    house.advance(61)
    # A step that fails by a fault of the program cannot void before it ends the hold.
    await house.until(order_id, "failed", "voided")
    await house.until_quiet()
    assert (await told(house, order_id)).startswith("payment_expired: ")
    assert await house.reserved() == (0, {"expired"})
    assert house.live() == []


@pytest.mark.parametrize("answer", [later, never_known])
async def test_a_hold_ends_although_the_next_try_is_due_later(house: House, answer: Any) -> None:
    house.provider.instead = answer
    house.start(settings=FAST._replace(hold_seconds=40.0), policies=SLOW, random01=longest)
    order_id = await house.place()
    await until_told(house, order_id, "waiting: .*")
    [(run_at,)] = await house.rows(schema.jobs, "run_at")
    assert run_at <= house.now() + 40_000_000
    house.advance(40)
    await house.until(order_id, "failed", "voided")
    assert await house.reserved() == (0, {"expired"})


@pytest.mark.parametrize("answer", [NotSent("no route"), Unknown("lost"), Misconfigured("locked")])
async def test_a_hold_ends_although_the_payment_cannot_be_voided(
    house: House, answer: VoidAnswer
) -> None:
    voids = NoVoid(house, answer)
    house.provider.instead = never_known
    house.start(settings=FAST._replace(hold_seconds=40.0), policies=SLOW, random01=longest)
    order_id = await house.place()
    await until_told(house, order_id, "waiting: .*")
    house.advance(40)
    parked = isinstance(answer, Misconfigured)
    await house.until(order_id, "failed", "pending", parked=parked)
    assert await house.reserved() == (0, {"expired"})
    await until_held_by_nobody(house)
    voids.answer = None
    assert (await house.writer.submit(Envelope(ResumeOrder(house.shop.org, order_id)))).result
    await house.until(order_id, "failed", "voided")
    await house.until_quiet()


async def test_a_service_that_is_gone_holds_no_stock_for_ever(house: House) -> None:
    await house.account("stripe")
    house.provider.instead = never_known
    first = house.start(
        house.provider.inner, policies=SLOW, random01=longest,
        providers={"stripe": lambda _: house.provider},
    )  # fmt: skip
    order_id = await house.place()
    await until_told(house, order_id, "waiting: .*")
    await first.stop()
    house.advance(3001)
    house.start(house.provider.inner, policies=SLOW, random01=longest)
    await house.until(order_id, "placed", parked=True)
    house.advance(A_DAY)
    await house.until(order_id, "failed", "pending", parked=True)
    assert await house.reserved() == (0, {"expired"})


async def test_a_payment_that_comes_at_the_last_moment_is_taken(house: House) -> None:
    house.provider.instead = locked_out
    house.start()
    order_id = await house.place()
    await house.until(order_id, "placed", parked=True)
    house.provider.instead = None
    house.advance(A_DAY)
    await house.until(order_id, "confirmed", "authorized")


# --- a cancel is acted on at once


@pytest.mark.parametrize("reference", ["pending-1", "flaky-99", "unknown-99"])
async def test_a_cancel_gives_the_money_back_without_the_next_poll(
    house: House, reference: str
) -> None:
    house.start(settings=FAST._replace(pending_seconds=3000.0), policies=SLOW, random01=longest)
    order_id = await house.place(reference)
    await until_told(house, order_id, "waiting: .*")
    # Nobody looks into the table: the cancel itself hands the step to the worker.
    [(worker, _)] = house._workers

    async def nothing(*_: object) -> list[HeldJob]:
        return []

    worker._holding._claims.take = nothing  # type: ignore[method-assign]
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    assert house.live() == []


async def test_a_cancel_by_another_process_is_found_in_the_table(house: House) -> None:
    house.start(settings=FAST._replace(pending_seconds=3000.0), apart=True)
    order_id = await house.place("pending-1")
    await until_told(house, order_id, "waiting: .*")
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "voided")


async def test_a_cancel_during_a_call_that_comes_to_nothing_waits_for_no_backoff(
    house: House,
) -> None:
    order_id = b""

    async def cancelled_meanwhile(_: PaymentRequest) -> AuthoriseAnswer:
        await house.cancel(order_id)
        return NotSent("come again in an hour", retry_after=3600.0)

    worker = house.start(policies=SLOW, random01=longest)
    await worker.stop()
    order_id = await house.place()
    house.provider.instead = cancelled_meanwhile
    house.start(policies=SLOW, random01=longest)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
