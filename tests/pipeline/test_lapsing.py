"""A walk finds the money whose hold is about to lapse, on both engines, by the house's clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.pipeline.conftest import House, eventually
from tests.pipeline.retention_house import DAY, no_pause

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.money import Amount
from entrepot.pipeline.lapsing import Lapsing, LapsingSettings
from entrepot.providers.payment import (
    AuthoriseAnswer,
    Declined,
    PaymentProvider,
    PaymentRequest,
    ServiceTerms,
)
from entrepot.store import schema
from entrepot.telemetry import registry

WEEK = ServiceTerms(1e9, hold_seconds=7 * DAY, several_captures=True)


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


def a_walk(house: House, **more: Any) -> Lapsing:
    async def service(_org: int, _name: str) -> PaymentProvider | None:
        return house.provider

    settings = LapsingSettings(slice=more.pop("slice", 2))
    usual = {"now": house.now, "settings": settings, "pause": no_pause}
    return Lapsing(house.database, house.writer, service, **(usual | more))


async def confirmed(house: House, count: int = 1) -> list[bytes]:
    house.provider.terms = WEEK
    if not house._workers:
        house.start()
    ids = [await house.place("card") for _ in range(count)]
    for order_id in ids:
        await house.until(order_id, "confirmed", "authorized")
    await house.until_quiet()
    return ids


async def told(house: House, order_id: bytes) -> int:
    return (await house.events(order_id)).count("payment.hold_lapses")


async def test_a_hold_about_to_lapse_is_told_once_and_counted(house: House) -> None:
    """The default: nothing more is done."""
    ids = await confirmed(house, 5)
    await house.cancel(ids[1])
    await house.until(ids[1], "cancelled", "voided")
    await house.until_quiet()
    before, walk = counted(), a_walk(house)
    house.advance(0.79 * 7 * DAY)
    assert await walk.round() == 0
    house.advance(0.02 * 7 * DAY)
    young = await house.place("card")
    await house.until(young, "confirmed", "authorized")
    assert await walk.round() == 4
    assert await walk.round() == 0  # the hour is not over
    house.advance(3_601)
    assert await walk.round() == 0  # nobody is told twice
    assert counted() == before + 4
    assert [await told(house, one) for one in [*ids, young]] == [1, 0, 1, 1, 1, 0]
    assert (await house.stage(ids[0]))[:3] == ("confirmed", "authorized", "hold_lapses")
    await house.until_quiet()
    assert house.effects(ids[0]) == ["authorise"]
    await house.check()


@pytest.mark.parametrize(
    ("rule", "payment", "effects"),
    [("capture", "paid", ["authorise", "capture"]), ("release", "voided", ["authorise", "void"])],
)
async def test_a_hold_about_to_lapse_is_taken_or_let_go_by_the_rule(
    house: House, rule: str, payment: str, effects: list[str]
) -> None:
    await house.do(ChangeSettings(house.shop.org, lapsing=rule))
    [order_id] = await confirmed(house)
    house.advance(6 * DAY)
    assert await a_walk(house).round() == 1
    await house.until(order_id, "confirmed", payment)
    await house.until_quiet()
    assert house.effects(order_id) == effects
    reason = (await house.stage(order_id))[2]
    assert reason == ("hold_lapses" if rule == "release" else None)
    await house.check()


async def test_a_hold_about_to_lapse_is_renewed_and_the_old_one_let_go(house: House) -> None:
    await house.do(ChangeSettings(house.shop.org, lapsing="renew"))
    [order_id] = await confirmed(house)
    house.advance(6 * DAY)
    walk = a_walk(house)
    assert await walk.round() == 1
    await renewed(house, order_id, 1)
    assert house.effects(order_id) == ["authorise", "authorise", "void"]
    assert len({call.key for call in house.provider.calls}) == 2
    assert (await house.stage(order_id))[:3] == ("confirmed", "authorized", None)
    house.advance(6 * DAY)
    assert await walk.round() == 1
    await renewed(house, order_id, 2)
    assert house.effects(order_id) == ["authorise", "authorise", "void", "authorise", "void"]
    await house.check()


async def test_a_renewal_that_is_declined_leaves_the_old_hold(house: House) -> None:
    await house.do(ChangeSettings(house.shop.org, lapsing="renew"))
    [order_id] = await confirmed(house)

    async def declines(_request: PaymentRequest) -> AuthoriseAnswer:
        return Declined("expired_card")

    house.provider.instead = declines
    house.advance(6 * DAY)
    assert await a_walk(house).round() == 1
    await until_told(house, order_id, "payment.renewal_declined", 1)
    assert house.effects(order_id) == ["authorise"]
    assert (await house.stage(order_id))[:3] == ("confirmed", "authorized", "hold_lapses")
    house.advance(3_601)
    assert await a_walk(house).round() == 0
    await house.check()


async def test_a_second_hold_is_counted_once_the_first_is_renewed(house: House) -> None:
    """While one hold is asked for anew the order is told of no other one, and none is counted."""
    await house.do(ChangeSettings(house.shop.org, lapsing="renew"))
    [order_id] = await confirmed(house)
    await house.do(AmendOrder(house.shop.org, "native", order_id, total=Amount(2000, 2)))
    await until_told(house, order_id, "payment.increased", 1)
    answered = asyncio.Event()

    async def waits(_request: PaymentRequest) -> None:
        await answered.wait()

    house.provider.instead = waits
    house.advance(6 * DAY)
    before, walk = counted(), a_walk(house)
    assert (await walk.round(), await told(house, order_id), counted()) == (1, 1, before + 1)
    answered.set()
    await renewed(house, order_id, 1)
    house.advance(3_601)
    assert (await walk.round(), await told(house, order_id), counted()) == (1, 2, before + 2)
    await renewed(house, order_id, 2)
    await house.check()


def counted() -> float:
    return registry.get_sample_value("entrepot_holds_lapsing_total") or 0.0


async def until_told(house: House, order_id: bytes, type_: str, times: int) -> None:
    async def there() -> bool:
        return (await house.events(order_id)).count(type_) == times

    await eventually(there)
    await house.until_quiet()


async def renewed(house: House, order_id: bytes, times: int) -> None:
    await until_told(house, order_id, "payment.voided", times)
    assert (await house.events(order_id)).count("payment.hold_renewed") == times


async def test_a_walk_that_was_stopped_goes_on_where_it_was(house: House) -> None:
    ids = await confirmed(house, 5)
    house.advance(6 * DAY)
    done: list[float] = []
    walk = a_walk(house)

    async def pause(seconds: float) -> None:
        done.append(seconds)
        if len(done) == 6:  # a look, a claim, a slice, two orders, where the walk is
            walk.stop()

    walk._pause = pause
    assert await walk.round() == 2
    sweep = await house.rows(schema.sweeps, "kind", "reached", "leased_until", "ended_at")
    assert sweep == [("holds", sorted(ids)[1], 0, 0)]
    assert await a_walk(house).round() == 3
    assert [await told(house, one) for one in ids] == [1] * 5


async def test_two_processes_walk_apart_and_tell_once(house: House) -> None:
    ids = await confirmed(house, 3)
    house.advance(6 * DAY)
    first, second = a_walk(house), a_walk(house)
    seen: list[int] = []

    async def pause(_seconds: float) -> None:
        if not seen:
            seen.append(-1)
            seen.append(await second.round())

    first._pause = pause
    assert await first.round() + seen[1] == 3
    assert [await told(house, one) for one in ids] == [1] * 3
    await house.check()


async def test_a_service_that_tells_no_end_of_its_holds_is_left_alone(house: House) -> None:
    [order_id] = await confirmed(house)
    house.provider.terms = ServiceTerms(1e9, hold_seconds=None, several_captures=True)
    house.advance(400 * DAY)
    assert await a_walk(house).round() == 0
    assert await told(house, order_id) == 0
