"""A notification of a provider wakes the step that asks the provider; nothing else is believed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text
from tests.pipeline.conftest import FAST, House, eventually

from entrepot.core.decide.wake import WakeStep
from entrepot.core.results import StepResult
from entrepot.providers.payment import Absent, PaymentRequest, Pending, Unknown, Voided
from entrepot.store import schema
from entrepot.store.reading import claims
from entrepot.store.writing import payments

# No poll comes by itself while a test runs.
PATIENT = FAST._replace(pending_seconds=3000.0)


async def waiting(house: House, reference: str = "pending-1") -> tuple[bytes, str]:
    """An order whose payment the sandbox says later, and the reference of that payment."""
    order_id = await house.place(reference)

    async def running() -> bool:
        said = await asked(house, order_id)
        return said[0] == "running"

    await eventually(running)
    _, told = await asked(house, order_id)
    assert told is not None
    return order_id, told


async def asked(house: House, order_id: bytes) -> tuple[str, str | None]:
    """The state of the authorisation, and the provider's reference."""
    columns = ("state", "provider_reference")
    rows = await house.rows(schema.payment_operations, *columns, order_id=order_id, number=1)
    return rows[0] if rows else ("", None)  # type: ignore[return-value]


async def notify(house: House, reference: str, service: str = "sandbox", org: int = 0) -> None:
    result = await house.do(WakeStep(org or house.shop.org, service, reference))
    assert result == StepResult(None)


async def whole(house: House) -> dict[str, list[Any]]:
    """Everything that the book holds, but for the beats of its processes: one a second."""

    def work(conn: Connection) -> dict[str, list[Any]]:
        tables = [one for one in schema.metadata.sorted_tables if one is not schema.processes]
        return {table.name: sorted(map(repr, conn.execute(select(table)))) for table in tables}

    return await house.database.read(work)


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [("authorised", ("confirmed", "authorized")), ("declined", ("failed", "declined"))],
)
async def test_a_notification_wakes_the_step_that_asks(
    house: House, outcome: Any, stands: tuple[str, str]
) -> None:
    house.start(settings=PATIENT)
    order_id, reference = await waiting(house)
    assert (await house.stage(order_id))[2] == "waiting"
    calls = len(house.provider.calls)
    house.provider.inner.notify("pending-1", outcome)
    await notify(house, reference)
    await house.until(order_id, *stands)
    await house.until_quiet()
    # The provider has the request: it is asked what came of it, and sent nothing again.
    assert len(house.provider.calls) == calls == 1


async def test_doubled_early_and_late_notifications_end_in_the_same_state(house: House) -> None:
    house.start(settings=PATIENT)
    order_id, reference = await waiting(house)
    # Early: nothing came of the payment yet, and the order goes on waiting.
    for _ in range(3):
        await notify(house, reference)
    await house.until(order_id, "placed", "pending")
    assert (await asked(house, order_id))[0] == "running"
    house.provider.inner.notify("pending-1", "authorised")
    for _ in range(3):
        await notify(house, reference)
    await house.until(order_id, "confirmed", "authorized")
    await house.until_quiet()
    before = await whole(house)
    # Late: the payment has its outcome.
    await notify(house, reference)
    assert await whole(house) == before
    assert house.live() == [(house.live()[0][0], 1)]


async def test_a_cancelled_order_is_not_woken_to_life(house: House) -> None:
    house.start(settings=PATIENT)
    order_id, reference = await waiting(house)
    await house.cancel(order_id)
    house.provider.inner.notify("pending-1", "authorised")
    await notify(house, reference)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    assert house.live() == []


async def test_an_unknown_notification_leaves_no_trace(house: House) -> None:
    worker = house.start(settings=PATIENT)
    _, reference = await waiting(house)
    await worker.stop()
    before = await whole(house)
    for unknown in ("", "sandbox-unknown", reference + "x", "\x00", "\ud800"):
        await notify(house, unknown)
    await notify(house, reference, service="stripe")
    await notify(house, reference, org=house.shop.org + 1)
    assert await whole(house) == before


async def test_a_notification_makes_a_parked_step_due_and_keeps_its_tries(house: House) -> None:
    worker = house.start(settings=PATIENT)
    order_id, reference = await waiting(house)
    await worker.stop()

    def park(conn: Connection) -> None:
        conn.execute(text("UPDATE jobs SET state = 'parked', tries = 4"))
        conn.execute(text("UPDATE orders SET parked = true, reason = 'parked'"))

    await house.database.write(park)
    house.taken_by(None)
    [(before,)] = await house.rows(schema.orders, "updated_at")
    await notify(house, reference)
    [(after,)] = await house.rows(schema.orders, "updated_at")
    assert after > before  # an operator was called and is not needed: a reader by time sees that
    [job] = await house.rows(schema.jobs, "state", "tries", "run_at")
    assert job[:2] == ("due", 4)
    assert job[2] <= house.now()
    assert await house.stage(order_id) == ("placed", "pending", None, False)


@pytest.mark.parametrize(
    ("answer", "sent_again", "stands"),
    [
        (Absent(), True, ("confirmed", "authorized")),
        (Voided(None), False, ("failed", "declined")),
        (Pending("later"), False, ("placed", "pending")),
        (Unknown("lost"), False, ("placed", "pending")),
    ],
)
async def test_what_a_look_up_says_is_what_follows(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: Any, sent_again: bool,
    stands: tuple[str, str],
) -> None:  # fmt: skip
    looked: list[str] = []

    async def look_up(request: PaymentRequest, _known: str | None) -> Any:
        looked.append(request.key)
        return answer

    house.start(settings=PATIENT)
    order_id, reference = await waiting(house)
    monkeypatch.setattr(house.provider, "look_up", look_up)
    house.provider.inner.notify("pending-1", "authorised")
    await notify(house, reference)

    async def asked_it() -> bool:
        return bool(looked)

    await eventually(asked_it)
    await house.until(order_id, *stands)
    assert (len(house.provider.calls) > 1) == sent_again


@pytest.mark.parametrize(
    ("find", "indexes"),
    [
        (partial(payments.order_of_running, service="sandbox"), ["payment_operations_running"]),
        (
            partial(payments.order_without_money, service="sandbox"),
            ["payment_operations_without_money", "payment_operations_without_money_keys"],
        ),
        (partial(payments.order_of_moved, service="sandbox"), ["payment_operations_moved"]),
        (partial(claims.pays_another, provider="stripe", order_id=b"o" * 16), ["orders_sharing"]),
    ],
    ids=["running", "without money", "moved", "with another order"],
)
async def test_the_order_of_a_payment_is_found_by_an_index(
    house: House, find: Any, indexes: list[str]
) -> None:
    found = partial(find, org=1, reference="none")
    if house.database.dialect != "sqlite":
        assert await house.database.read(found) is None
        return
    plans: list[str] = []

    def explained(conn: Connection) -> None:
        def note(_conn: Any, cursor: Any, statement: str, given: Any, *_: Any) -> None:
            cursor.connection.execute("SELECT 1")
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend(row[3] for row in rows)

        event.listen(conn, "after_cursor_execute", note)
        found(conn)

    await house.database.read(explained)
    for name in indexes:
        assert any(f"INDEX {name} " in plan for plan in plans), plans
