"""Orders in the pipeline, by the book, the stock and the sandbox's own ledger."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs
from tests.factories import new_id
from tests.pipeline.conftest import FAST, POLICIES, House, eventually

from entrepot.core.ids import dashed
from entrepot.pipeline.reports import Reports
from entrepot.pipeline.retry import Policy
from entrepot.providers.payment import (
    AuthoriseAnswer,
    Declined,
    Misconfigured,
    NotSent,
    PaymentRequest,
)
from entrepot.store import schema
from entrepot.telemetry import registry


async def test_an_order_is_confirmed(house: House) -> None:
    house.start()
    order_id = await house.place("card", quantity=2)
    await house.until(order_id, "confirmed", "authorized")
    assert await house.reserved() == (2, {"committed"})
    assert house.live() == [(dashed(order_id), 1)]
    columns = ("provider", "service", "reference", "amount_units", "amount_scale")
    payments = await house.rows(schema.payments, *columns)
    assert payments == [("stripe", "sandbox", "card", 2500, 2)]
    asked = await house.rows(schema.payment_operations, "kind", "units", "state")
    assert asked == [("authorise", 2500, "done")]
    assert await house.rows(schema.jobs, "id") == []
    assert await house.events(order_id) == [
        "order.placed",
        "stock.reserved",
        "payment.authorized",
        "order.confirmed",
    ]


async def test_an_order_without_a_payment_asks_nobody(house: House) -> None:
    house.start()
    order_id = await house.place(None)
    await house.until(order_id, "confirmed", "none")
    assert await house.reserved() == (1, {"committed"})
    assert house.provider.calls == []


async def test_jobs_that_no_process_holds_are_found_in_the_table(house: House) -> None:
    order_id = await house.place()
    house.start()
    await house.until(order_id, "confirmed", "authorized")


async def test_a_declined_order_fails_and_gives_its_stock_back(house: House) -> None:
    house.start()
    order_id = await house.place("declined-card")
    await house.until(order_id, "failed", "declined")
    assert (await house.stage(order_id))[2] == "payment_declined"
    assert await house.reserved() == (0, {"released"})
    assert house.live() == []


async def test_an_order_beyond_the_stock_fails_and_asks_for_no_money(house: House) -> None:
    house.start()
    order_id = await house.place("card", quantity=11)
    await house.until(order_id, "failed", "pending")
    assert (await house.stage(order_id))[2] == "out_of_stock"
    assert await house.reserved() == (0, set())
    assert house.provider.calls == []


@pytest.mark.parametrize("reference", ["flaky-2", "unknown-2"])
async def test_a_lost_call_is_sent_again_as_it_was(house: House, reference: str) -> None:
    house.start()
    order_id = await house.place(reference)
    await house.until(order_id, "confirmed", "authorized")
    assert len(house.provider.calls) == 3
    assert len(set(house.provider.calls)) == 1
    assert house.effects(order_id) == ["authorise"]
    assert house.live() == [(dashed(order_id), 1)]


async def test_a_service_that_never_answers_parks_its_order(house: House) -> None:
    house.start(policies=POLICIES | {"authorise": Policy(0.0001, tries_max=4)})
    order_id = await house.place("flaky-1000")
    await house.until(order_id, "placed", parked=True)
    assert len(house.provider.calls) == 4
    assert await house.reserved() == (1, {"held"})
    [(state, error)] = await house.rows(schema.jobs, "state", "last_error")
    assert state == "parked"
    assert "gave up after 4 tries" in error
    assert (await house.events(order_id))[-1] == "order.parked"


async def test_a_pending_payment_waits_for_its_notification(house: House) -> None:
    house.start()
    order_id = await house.place("pending-1")

    async def asked_again() -> bool:
        return len(house.provider.looks) > 2

    await eventually(asked_again)
    # The provider has the request: it is asked what came of it, and sent nothing again.
    assert len(house.provider.calls) == 1
    assert (await house.stage(order_id))[:2] == ("placed", "pending")
    [(tries, error)] = await house.rows(schema.jobs, "tries", "last_error")
    assert (tries, error) == (0, "waiting for the provider's notification")
    house.provider.inner.notify("pending-1", "authorised")
    await house.until(order_id, "confirmed", "authorized")


@pytest.mark.parametrize("reference", ["pending-1", "flaky-1000", "unknown-1000"])
async def test_what_is_not_known_when_the_hold_ends_expires(house: House, reference: str) -> None:
    house.start(policies=POLICIES | {"authorise": Policy(0.001, 0.01, 10_000)})
    order_id = await house.place(reference)

    async def asked() -> bool:
        return bool(house.provider.calls)

    await eventually(asked)
    house.advance(FAST.hold_seconds)
    await house.until(order_id, "failed", "voided")
    assert (await house.stage(order_id))[2] == "payment_expired"
    assert await house.reserved() == (0, {"expired"})
    assert house.live() == []
    assert house.effects(order_id)[-1] == "void"


async def test_an_order_cancelled_while_its_payment_waits_is_voided(house: House) -> None:
    house.start()
    order_id = await house.place("pending-2")

    async def asked() -> bool:
        return bool(house.provider.calls)

    await eventually(asked)
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "voided")
    house.provider.inner.notify("pending-2", "authorised")
    await house.until_quiet()
    assert await house.reserved() == (0, {"released"})
    assert house.effects(order_id) == ["void"]


async def test_an_order_cancelled_during_the_call_is_voided_after_it(house: House) -> None:
    called, go_on = asyncio.Event(), asyncio.Event()

    async def held_up(_: PaymentRequest) -> None:
        called.set()
        await go_on.wait()

    house.provider.instead = held_up
    house.start()
    order_id = await house.place()
    await called.wait()
    await house.cancel(order_id)
    go_on.set()
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    assert house.effects(order_id) == ["authorise", "void"]
    assert house.live() == []


async def test_a_confirmed_order_that_is_cancelled_is_voided(house: House) -> None:
    house.start()
    order_id = await house.place()
    await house.until(order_id, "confirmed", "authorized")
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    assert await house.reserved() == (0, {"released"})
    assert house.live() == []


async def test_a_parked_order_holds_nobody_up(house: House) -> None:
    async def instead(request: PaymentRequest) -> AuthoriseAnswer | None:
        if request.reference == "locked-out":
            return Misconfigured("the credentials are refused")
        if request.reference == "explodes":
            raise RuntimeError("4111 1111 1111 1111")
        return None

    house.provider.instead = instead
    with capture_logs() as logs:
        house.start()
        locked_out, explodes = await house.place("locked-out"), await house.place("explodes")
        good = [await house.place() for _ in range(3)]
        for order_id in good:
            await house.until(order_id, "confirmed", "authorized")
        for order_id in (locked_out, explodes):
            await house.until(order_id, "placed", "pending", parked=True)
    jobs = dict(await house.rows(schema.jobs, "order_id", "tries"))
    assert {bytes(key): tries for key, tries in jobs.items()} == {locked_out: 1, explodes: 8}
    failures = [entry for entry in logs if entry["event"] == "pipeline.step_failed"]
    assert len(failures) == 8
    assert failures[0]["request_id"] == "req-1"
    assert failures[0]["order_id"] == dashed(explodes)
    assert "4111 1111" not in str(logs)  # a time may have four ones


async def test_a_parked_order_that_is_cancelled_is_let_go(house: House) -> None:
    async def instead(_: PaymentRequest) -> AuthoriseAnswer:
        return Misconfigured("the credentials are refused")

    house.provider.instead = instead
    house.start()
    order_id = await house.place()
    await house.until(order_id, "placed", parked=True)
    await house.cancel(order_id)
    house.advance(0)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()


async def test_the_sandbox_says_once_for_whom_it_answers(house: House) -> None:
    with capture_logs() as logs:
        house.start()
        for provider in ("adyen", "Adyen", "sandbox", "stripe"):
            await house.until(await house.place(payment_provider=provider), "confirmed")
    told = [e["provider"] for e in logs if e["event"] == "pipeline.sandbox_answers"]
    assert told == ["adyen", "stripe"]


async def test_a_provider_with_credentials_answers_itself(house: House) -> None:
    async def declines(_: PaymentRequest) -> AuthoriseAnswer:
        return Declined("by Stripe")

    sandbox = house.provider.inner
    house.provider.instead = declines
    await house.account("stripe")
    house.start(sandbox, providers={"stripe": lambda _: house.provider})
    stripe, adyen = await house.place(), await house.place(payment_provider="adyen")
    await house.until(stripe, "failed", "declined")
    await house.until(adyen, "confirmed", "authorized")
    services = {bytes(order_id): service for order_id, service in await house.rows(
        schema.payments, "order_id", "service")}  # fmt: skip
    assert services == {stripe: "stripe", adyen: "sandbox"}


async def test_where_nothing_stands_in_a_provider_that_is_not_there_parks_its_order(
    house: House,
) -> None:
    house.start(stands_in=False)
    order_id = await house.place()
    await house.until(order_id, "placed", parked=True)
    assert house.effects(order_id) == []


async def test_a_payment_stays_with_the_service_that_was_asked(house: House) -> None:
    async def not_now(_: PaymentRequest) -> AuthoriseAnswer:
        return NotSent("later", retry_after=0.0)

    house.provider.instead = not_now
    await house.account("stripe")
    first = house.start(house.provider.inner, providers={"stripe": lambda _: house.provider})
    order_id = await house.place()

    async def asked() -> bool:
        return bool(house.provider.calls)

    await eventually(asked)
    await first.stop()
    house.start(house.provider.inner)
    await house.until(order_id, "placed", parked=True)
    assert house.effects(order_id) == []


async def test_more_orders_than_the_worker_holds_at_once(house: House) -> None:
    await house.do(house.shop.stocked(200))
    house.start(settings=FAST._replace(held_max=3, calls_max=2))
    orders = await asyncio.gather(*[house.place() for _ in range(60)])
    for order_id in orders:
        await house.until(order_id, "confirmed", "authorized")
    assert len(house.live()) == 60


async def test_a_job_without_its_order_is_parked(house: House) -> None:
    house.start()
    order_id = await house.place()
    await house.until(order_id, "confirmed")

    row: dict[str, Any] = {"id": new_id(), "order_id": new_id(), "kind": "void", "state": "due"}
    row |= dict.fromkeys(("run_at", "leased_until", "fence", "tries", "created_at"), 0)

    def work(conn: Connection) -> None:
        conn.execute(schema.jobs.insert().values(org=house.shop.org, **row))

    await house.database.write(work)

    async def parked() -> bool:
        return await house.rows(schema.jobs, "state") == [("parked",)]

    await eventually(parked)


def test_the_gauges_follow_the_jobs() -> None:
    reports = Reports()
    reports.show([("void", "due", 3, 1_000_000), ("void", "parked", 1, 0)], now=5_000_000)
    labels = {"kind": "void", "state": "due"}
    assert registry.get_sample_value("entrepot_jobs", labels) == 3
    assert registry.get_sample_value("entrepot_oldest_due_job_seconds") == 4.0
    reports.show([], now=5_000_000)
    assert registry.get_sample_value("entrepot_jobs", labels) == 0
    assert registry.get_sample_value("entrepot_oldest_due_job_seconds") == 0
