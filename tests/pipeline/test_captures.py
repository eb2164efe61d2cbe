"""The money of confirmed orders: taken by setting or by hand, given back, and let go for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.pipeline.conftest import FAST, POLICIES, House, eventually
from tests.quantities import much

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.shipments import Part
from entrepot.providers.payment import Captured, NotSent, OperationRequest, ServiceTerms
from entrepot.store import schema
from entrepot.writer.envelope import Envelope


@pytest.fixture
def book_url(request: pytest.FixtureRequest, fresh_database: Callable[[str], str]) -> str:
    return fresh_database(getattr(request, "param", "sqlite"))


async def choose(house: House, capture: str) -> None:
    await house.do(ChangeSettings(house.shop.org, capture))


async def asked(house: House, order_id: bytes) -> list[tuple[Any, ...]]:
    """Kind, state and units of each operation but the authorisation, oldest first."""
    columns = ("number", "kind", "state", "units")
    rows = await house.rows(schema.payment_operations, *columns, order_id=order_id)
    return [row[1:] for row in sorted(rows)[1:]]


async def confirmed(house: House, reference: str = "card", quantity: int = 2) -> bytes:
    order_id = await house.place(reference, quantity)
    await house.until(order_id, "confirmed")
    return order_id


async def packed(house: House, order_id: bytes) -> None:
    words = (("polinate_status", "PACKED"),)
    await house.do(AmendOrder(house.shop.org, "polinate", order_id, words=words))


async def ship(house: House, order_id: bytes, quantity: int | None = None) -> None:
    [(line_id,)] = await house.rows(schema.order_lines, "id", order_id=order_id)
    lines = None if quantity is None else (Part(line_id, much(quantity)),)
    await house.do(ShipOrder(house.shop.org, "polinate", order_id, lines))


async def test_all_is_taken_at_the_confirmation_where_the_organization_takes_it_then(
    house: House,
) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house)
    await house.until(order_id, "confirmed", "paid")
    assert await asked(house, order_id) == [("capture", "done", 2500)]
    assert house.effects(order_id) == ["authorise", "capture"]
    assert house.live() == []
    await house.until_quiet()
    await house.check()


async def test_what_left_is_taken_and_the_last_shipment_takes_the_rest(house: House) -> None:
    await choose(house, "shipment")
    house.start()
    order_id = await confirmed(house, quantity=3)
    await packed(house, order_id)
    await ship(house, order_id, 1)

    async def captured() -> bool:
        return await asked(house, order_id) == [("capture", "done", 1250)]

    await eventually(captured)
    await house.until(order_id, "confirmed", "authorized")
    await ship(house, order_id)
    await house.until(order_id, "confirmed", "paid")
    assert await asked(house, order_id) == [("capture", "done", 1250), ("capture", "done", 2500)]
    await house.until_quiet()
    await house.check()


async def test_a_service_that_captures_once_waits_for_the_last_goods(house: House) -> None:
    house.provider.terms = ServiceTerms(1e9, hold_seconds=None, several_captures=False)
    await choose(house, "shipment")
    house.start()
    order_id = await confirmed(house, quantity=3)
    await packed(house, order_id)
    await ship(house, order_id, 1)
    await house.until_quiet()
    assert await asked(house, order_id) == []
    await ship(house, order_id)
    await house.until(order_id, "confirmed", "paid")
    assert await asked(house, order_id) == [("capture", "done", 3750)]
    await house.check()


async def test_by_hand_a_part_is_taken_and_given_back_in_parts(house: House) -> None:
    house.start()
    order_id = await confirmed(house)
    org = house.shop.org
    await house.do(CaptureOrder(org, "native", order_id, Amount(10, 0)))
    await house.until_quiet()
    assert await house.stage(order_id) == ("confirmed", "authorized", "sandbox", False)
    await house.do(CaptureOrder(org, "native", order_id))
    await house.until(order_id, "confirmed", "paid")
    await house.do(RefundOrder(org, "native", order_id, Amount(1200, 2), reason="broken"))
    await house.until(order_id, "confirmed", "partially_refunded")
    await house.until_quiet()
    # 12.00 are of the first capture, 10.00, and of the second one.
    assert await asked(house, order_id) == [
        ("capture", "done", 1000), ("capture", "done", 1500), ("refund", "done", 1000),
        ("refund", "done", 200),
    ]  # fmt: skip
    await house.do(RefundOrder(org, "native", order_id))
    await house.until(order_id, "confirmed", "refunded")
    await house.until_quiet()
    assert house.effects(order_id)[-1] == "refund"
    [row] = [one async for one in house.provider.inner.found_since(0)]
    assert (row.captured, row.refunded) == (2500, 2500)  # type: ignore[union-attr]
    await house.check()


@pytest.mark.parametrize("book_url", ["sqlite", "postgres"], indirect=True)
async def test_refunds_at_once_never_exceed_what_was_captured(house: House) -> None:
    house.start()
    order_id = await confirmed(house, quantity=4)  # 50.00
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until(order_id, "confirmed", "paid")
    command = RefundOrder(house.shop.org, "native", order_id, Amount(3, 0))
    outcomes = await asyncio.gather(
        *(house.writer.submit(Envelope(command, f"req-{n}")) for n in range(64))
    )
    results = [outcome.result for outcome in outcomes]
    refused = [one for one in results if isinstance(one, Refusal)]
    assert len(results) - len(refused) == 16  # 16 times 3.00 are 48.00
    assert {one.reason for one in refused} == {Reason.ILLEGAL_MOVE}
    await house.until_quiet()
    [row] = [one async for one in house.provider.inner.found_since(0)]
    assert (row.captured, row.refunded) == (5000, 4800)  # type: ignore[union-attr]
    await house.check()


TAKEN, BACK = ["authorise", "capture"], ["authorise", "capture", "refund"]
LOST = [
    ("capture-unknown-3", "capture", TAKEN, 1e9),
    ("capture-unknown-3", "capture", TAKEN, 0.0),
    ("capture-flaky-3", "capture", TAKEN, 0.0),
    ("refund-unknown-3", "refund", BACK, 1e9),
    ("refund-unknown-3", "refund", BACK, 0.0),
    ("refund-flaky-3", "refund", BACK, 0.0),
]


@pytest.mark.parametrize(("script", "kind", "effects", "resend_seconds"), LOST)
async def test_a_lost_answer_moves_money_once(
    house: House, script: str, kind: str, effects: list[str], resend_seconds: float
) -> None:
    """Within the resend window the request is sent again; outside of it, it is looked up first."""
    house.provider.terms = ServiceTerms(resend_seconds, None, several_captures=True)
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house, f"card {script}")
    await house.until(order_id, "confirmed", "paid")
    if kind == "refund":
        await house.do(RefundOrder(house.shop.org, "native", order_id))
        await house.until(order_id, "confirmed", "refunded")
    await house.until_quiet()
    assert house.effects(order_id) == effects
    await house.check()


@pytest.mark.parametrize("outcome", ["authorised", "declined"])
async def test_a_capture_that_runs_ends_as_the_provider_says_later(
    house: House, outcome: str
) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house, "card capture-running")

    async def runs() -> bool:
        return [one[:2] for one in await asked(house, order_id)] == [("capture", "running")]

    await eventually(runs)
    house.provider.inner.notify("card capture-running", outcome)  # type: ignore[arg-type]
    await house.until_quiet()
    done = outcome == "authorised"
    assert (await asked(house, order_id))[0][:2] == ("capture", "done" if done else "declined")
    assert (await house.stage(order_id))[:2] == ("confirmed", "paid" if done else "authorized")
    await house.check()


async def test_a_declined_capture_is_seen_and_another_one_has_another_number(
    house: House,
) -> None:
    house.start()
    order_id = await confirmed(house, "card capture-declined")
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until_quiet()
    assert (await house.stage(order_id))[:3] == ("confirmed", "authorized", "capture_declined")
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until_quiet()
    keys = await house.rows(schema.payment_operations, "key", order_id=order_id)
    assert len(set(keys)) == 3
    assert [one[:2] for one in await asked(house, order_id)] == [("capture", "declined")] * 2
    assert "payment.capture_declined" in await house.events(order_id)
    await house.check()


async def test_cancelling_a_paid_order_gives_its_money_back(house: House) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house)
    await house.until(order_id, "confirmed", "paid")
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "refunded")
    await house.until_quiet()
    assert house.effects(order_id) == ["authorise", "capture", "refund"]
    await house.check()


async def test_cancelling_a_partly_captured_order_lets_the_rest_go(house: House) -> None:
    house.start()
    order_id = await confirmed(house)
    await house.do(CaptureOrder(house.shop.org, "native", order_id, Amount(10, 0)))
    await house.until_quiet()
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "refunded")
    await house.until_quiet()
    assert sorted(await asked(house, order_id)) == [
        ("capture", "done", 1000), ("refund", "done", 1000), ("void", "done", 1500),
    ]  # fmt: skip
    assert house.live() == []
    await house.check()


async def test_an_order_cancelled_while_its_capture_is_under_way_keeps_no_money(
    house: House,
) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house, "card capture-running")

    async def runs() -> bool:
        return [one[:2] for one in await asked(house, order_id)] == [("capture", "running")]

    await eventually(runs)
    await house.cancel(order_id)
    assert [one[0] for one in await asked(house, order_id)] == ["capture"]
    house.provider.inner.notify("card capture-running", "authorised")
    await house.until(order_id, "cancelled", "refunded")
    await house.until_quiet()
    assert house.live() == []
    await house.check()


async def test_money_that_somebody_else_took_is_given_back_when_the_order_is_cancelled(
    house: House,
) -> None:
    """A person captures at the service's own pages, and the order is cancelled here."""
    house.start()
    order_id = await confirmed(house)
    asked_for = house.provider.calls[0]
    by_hand = OperationRequest("by-hand", asked_for, None, asked_for.units, kind="capture")
    assert isinstance(await house.provider.inner.capture(by_hand), Captured)
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "refunded")
    await house.until_quiet()
    assert sorted(await asked(house, order_id)) == [
        ("capture", "done", 2500), ("refund", "done", 2500), ("void", "given_up", 2500),
    ]  # fmt: skip
    assert house.effects(order_id) == ["authorise", "capture", "refund"]
    await house.check()


async def test_money_that_somebody_else_took_is_given_back_beside_a_refund_that_runs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waits = house.provider.void, asyncio.Event()

    async def later(request: OperationRequest) -> Any:
        await waits.wait()
        return await real(request)

    monkeypatch.setattr(house.provider, "void", later)
    house.start(settings=FAST._replace(pending_seconds=3000.0))
    order_id = await confirmed(house, "card refund-running")
    await house.do(CaptureOrder(house.shop.org, "native", order_id, Amount(1000, 2)))
    await house.until_quiet()
    by_hand = OperationRequest("by-hand", house.provider.calls[0], None, 1500, kind="capture")
    assert isinstance(await house.provider.inner.capture(by_hand), Captured)
    await house.do(RefundOrder(house.shop.org, "native", order_id, Amount(400, 2)))

    async def runs() -> bool:
        return ("refund", "running", 400) in await asked(house, order_id)

    await eventually(runs)
    await house.cancel(order_id)

    async def put_off() -> bool:
        jobs = await house.rows(schema.jobs, "run_at", "leased_until", kind="refund")
        return jobs[0][1] == 0 and jobs[0][0] > house.now()

    await eventually(put_off)
    waits.set()

    async def seen() -> bool:
        return ("void", "given_up", 1500) in await asked(house, order_id)

    await eventually(seen)
    assert sorted(await asked(house, order_id)) == [
        ("capture", "done", 1000), ("capture", "done", 1500), ("refund", "prepared", 600),
        ("refund", "prepared", 1500), ("refund", "running", 400), ("void", "given_up", 1500),
    ]  # fmt: skip
    await house.check()


async def test_a_void_that_fails_for_long_says_that_money_is_held_and_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = house.provider.void

    async def no_route(_: Any) -> NotSent:
        return NotSent("no route")

    monkeypatch.setattr(house.provider, "void", no_route)
    house.start(policies=POLICIES | {"void": POLICIES["void"]._replace(tries_max=3)})
    order_id = await confirmed(house)
    await house.cancel(order_id)

    async def told() -> bool:
        [row] = await house.rows(schema.orders, "reason", "reason_detail", id=order_id)
        return row[0] == "money_held" and row[1].startswith("told by polinate; waiting: void")

    await eventually(told)
    [(state,)] = await house.rows(schema.jobs, "state", order_id=order_id)
    assert state == "due"
    monkeypatch.setattr(house.provider, "void", real)
    house.advance(3_601)
    await house.until(order_id, "cancelled", "voided")
    assert await house.stage(order_id) == ("cancelled", "voided", "cancelled", False)
    await house.check()


async def test_a_notification_that_names_the_order_has_a_dispute_seen_and_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house, "disputed-1")
    await house.until(order_id, "confirmed", "paid")
    await house.until_quiet()
    wake = WakeStep(house.shop.org, "sandbox", dashed(order_id))
    await house.do(wake._replace(service="stripe"))  # another service's word
    assert await house.rows(schema.jobs, "id") == []
    for _ in range(2):
        await house.do(wake)
        await house.until(order_id, "confirmed", "disputed")
        await house.until_quiet()
    await house.do(RefundOrder(house.shop.org, "native", order_id, Amount(5, 0)))
    await house.until_quiet()
    assert (await house.stage(order_id))[1] == "disputed"
    await house.check()

    async def over(*_: Any) -> Captured:
        return Captured("sandbox")

    monkeypatch.setattr(house.provider, "look_up", over)
    await house.do(wake)
    await house.until(order_id, "confirmed", "partially_refunded")
    await house.until_quiet()
    told = [one for one in await house.events(order_id) if "dispute" in one]
    assert told == ["payment.disputed", "payment.dispute_ended"]
    await house.check()
