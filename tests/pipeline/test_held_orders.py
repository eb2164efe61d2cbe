"""A held order asks for no money and ends with no clock; released, it goes on and is paid once."""

from __future__ import annotations

import asyncio

import pytest
from tests.pipeline.conftest import House, Scripted, eventually

from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.ids import dashed
from entrepot.core.refusal import Refusal
from entrepot.pipeline.steps.void import NOTHING_YET
from entrepot.providers.payment import (
    Absent,
    AuthoriseAnswer,
    OperationRequest,
    PaymentRequest,
    Unknown,
    VoidAnswer,
    Voided,
)
from entrepot.store import schema
from entrepot.writer.envelope import Envelope

TRIES = 64


@pytest.fixture
def book_url(database_url: str) -> str:
    """Claims and conflicts are not alike on the two engines: both are tried."""
    return database_url


async def test_a_step_in_hand_comes_to_nothing_until_the_release(house: House) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow(_: PaymentRequest) -> AuthoriseAnswer | None:
        asked.set()
        await answered.wait()
        return None

    house.provider.instead = slow
    house.start()
    order_id = await house.place()
    await asyncio.wait_for(asked.wait(), 20)
    await house.do(HoldOrder(house.shop.org, "native", order_id, "is it fraud?"))
    answered.set()

    async def taken() -> bool:
        return bool(house.live())

    await eventually(taken)
    other = await house.place("other")
    await house.until(other, "confirmed", "authorized")
    # The money was taken, and the held order knows nothing of it yet.
    assert (await house.stage(order_id))[:2] == ("placed", "pending")
    house.advance(3 * 86_400)
    assert await house.reserved() == (2, {"held", "committed"})
    assert await house.rows(schema.jobs, "state") == [("stopped",)]
    await house.check()
    await house.do(ReleaseOrder(house.shop.org, "native", order_id))
    await house.until(order_id, "confirmed", "authorized")
    assert house.live() == sorted([(dashed(order_id), 1), (dashed(other), 1)])
    assert len({call.key for call in house.provider.calls}) == 2
    told = await house.events(order_id)
    assert told[2:4] == ["order.held", "order.released"]
    await house.check()


class Unforbidding(Scripted):
    """A service that cannot forbid a payment beforehand: it lets go of what it has by then."""

    async def void(self, request: OperationRequest) -> VoidAnswer:
        if not isinstance(await self.inner.look_up(request.payment), Absent):
            return await self.inner.void(request)
        return Voided(None, unless_on_its_way=True)


@pytest.mark.parametrize("released", [True, False], ids=["released", "held"])
async def test_an_order_that_is_cancelled_within_a_call_of_before_keeps_no_money(
    house: House, released: bool
) -> None:
    """The call began before the order was held, and does its work after the void found nothing."""
    house.provider = service = Unforbidding(house.provider.inner)
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(_: PaymentRequest) -> AuthoriseAnswer | None:
        if asked.is_set():
            return Unknown("409: the request is in progress")
        asked.set()
        await goes_on.wait()
        return None

    service.instead = slow
    house.start()
    order_id = await house.place()
    await asyncio.wait_for(asked.wait(), 20)
    await house.do(HoldOrder(house.shop.org, "native", order_id, "is it fraud?"))
    if released:
        await house.do(ReleaseOrder(house.shop.org, "native", order_id))
    await house.cancel(order_id)
    if not released:
        house.advance(60)

    async def waits() -> bool:
        return (NOTHING_YET,) in await house.rows(schema.jobs, "last_error")

    await eventually(waits)
    goes_on.set()

    async def taken() -> bool:
        return bool(house.live())

    await eventually(taken)
    assert (await house.stage(order_id))[:2] == ("cancelled", "pending")
    house.advance(120)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    assert house.live() == []
    await house.check()


async def test_it_is_held_or_shipped_however_many_try(house: House) -> None:
    """After the hold nothing leaves, whoever came before it."""
    order_id = await house.place(None, quantity=2)
    house.start()
    await house.until(order_id, "confirmed")
    org = house.shop.org
    tries = [
        house.writer.submit(
            Envelope(
                ShipOrder(org, "native", order_id) if n % 2 else HoldOrder(org, "native", order_id)
            )
        )
        for n in range(TRIES)
    ]
    await asyncio.gather(*tries)
    told = await house.events(order_id)
    assert told.count("order.held") == 1
    assert told.count("goods.shipped") <= 1
    assert "goods.shipped" not in told[told.index("order.held") :]
    held = (await house.writer.submit(Envelope(ShipOrder(org, "native", order_id)))).result
    assert isinstance(held, Refusal)
    await house.check()
