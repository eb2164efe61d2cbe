"""Money that a service gets of a payment whose order has ended is seen at once, and told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.conftest import House, eventually

from entrepot.core.decide.steps import ResumeOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.ids import dashed
from entrepot.core.notice import Topics
from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Disputed,
    NotSent,
    Pending,
    Voided,
)
from entrepot.store import schema

NAMES = "sandbox-77"


@pytest.fixture
def says(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the service says of the payment when it is looked up, the last word again and again."""
    words: list[Any] = [Absent()]

    async def look_up(*_: Any) -> Any:
        return words.pop(0) if len(words) > 1 else words[0]

    monkeypatch.setattr(house.provider, "look_up", look_up)
    return words


async def ended(house: House, how: str) -> bytes:
    """An order that has ended, and whose payment came to nothing."""
    house.start()
    order_id = await house.place("declined" if how == "declined" else "pi_1")
    if how == "declined":
        await house.until(order_id, "failed", "declined")
    else:
        await house.until(order_id, "confirmed", "authorized")
        await house.cancel(order_id)
        await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    return order_id


async def notify(house: House, order_id: bytes, **more: Any) -> None:
    wake = WakeStep(house.shop.org, "sandbox", dashed(order_id), topics=Topics(money=True))
    await house.do(wake._replace(**more))


async def detail(house: House, order_id: bytes) -> str:
    [(told,)] = await house.rows(schema.orders, "reason_detail", id=order_id)
    return str(told)


@pytest.mark.parametrize(
    ("how", "answer", "told"),
    [
        ("declined", Authorised(NAMES), "holds 12.50 EUR that the ended order needs no more: void"),
        ("declined", Captured(NAMES), "took 12.50 EUR that the ended order needs no more: refund"),
        ("voided", Captured(NAMES), "took 12.50 EUR that the ended order needs no more: refund"),
        ("voided", Disputed("why", NAMES), "took 12.50 EUR that the ended order needs no more"),
    ],
)
async def test_money_that_comes_after_the_end_calls_an_operator(
    house: House, says: list[Any], how: str, answer: Any, told: str
) -> None:
    order_id = await ended(house, how)
    before = (await house.stage(order_id))[:3]
    says[:] = [answer]
    for _ in range(2):  # a repeat changes nothing
        await notify(house, order_id)
        await house.until(order_id, *before[:2], parked=True)
        assert told in await detail(house, order_id)
        assert NAMES in await detail(house, order_id)
        await house.check()
    # The operator has given the money back, and says so.
    says[:] = [Voided(NAMES)]
    await house.do(ResumeOrder(house.shop.org, order_id))
    await house.until(order_id, *before[:2])
    await house.until_quiet()
    assert (await house.stage(order_id))[:2] == before[:2]
    await house.check()


@pytest.mark.parametrize("answer", [Absent(), Voided(NAMES), Declined("no"), Pending("act")])
async def test_a_notification_of_money_that_is_not_there_changes_nothing(
    house: House, says: list[Any], answer: Any
) -> None:
    order_id = await ended(house, "voided")
    before = await house.rows(schema.orders, "version", "updated_at", "reason", "reason_detail")
    says[:] = [NotSent("nobody answers"), answer]
    await notify(house, order_id)
    await house.until_quiet()
    assert len(says) == 1, "the service was asked until it answered"
    after = await house.rows(schema.orders, "version", "updated_at", "reason", "reason_detail")
    assert after == before
    await house.check()


async def test_a_service_is_asked_for_money_alone(house: House, says: list[Any]) -> None:
    """The notifications of a decline and of a void name the order as well."""
    order_id = await ended(house, "declined")
    says[:] = [Authorised(NAMES)]
    await notify(house, order_id, topics=Topics())
    await notify(house, order_id, service="stripe")
    assert await house.rows(schema.jobs, "id") == []


async def test_money_that_pays_another_order_now_is_not_missed(
    house: House, says: list[Any]
) -> None:
    """The customer paid with another card, and the shop placed a second order with the payment."""
    order_id = await ended(house, "voided")
    says[:] = [Authorised(NAMES)]
    second = await house.place("pi_1")
    await house.until(second, "confirmed", "authorized")
    await notify(house, order_id)
    await house.until_quiet()
    assert await house.stage(order_id) == ("cancelled", "voided", "cancelled", False)
    await house.check()


async def test_a_notification_has_a_parked_look_made_again(house: House, says: list[Any]) -> None:
    order_id = await ended(house, "declined")
    says[:] = [Authorised(NAMES)]
    await notify(house, order_id)
    await house.until(order_id, "failed", "declined", parked=True)
    says[:] = [Voided(NAMES)]
    await notify(house, order_id)

    async def quiet() -> bool:
        return not await house.rows(schema.jobs, "id")

    await eventually(quiet)
    await house.until(order_id, "failed", "declined")
    await house.check()
