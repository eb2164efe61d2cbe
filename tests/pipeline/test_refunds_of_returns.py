"""Goods that come back are paid back with their receipt, by what they cost, and once."""

from __future__ import annotations

import asyncio

import pytest
from tests.pipeline.conftest import House, eventually
from tests.pipeline.test_captures import asked, choose, confirmed, packed, ship
from tests.quantities import much

from entrepot.core.decide.ask_return import RequestReturn
from entrepot.core.decide.take_back import ReceiveReturn
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.core.shipments import Part
from entrepot.store import schema
from entrepot.writer.envelope import Envelope

TRIES = 64


@pytest.fixture
def book_url(database_url: str) -> str:
    """Many receive one return at once: that is tried on both engines."""
    return database_url


async def returning(house: House, order_id: bytes, quantity: int) -> bytes:
    """The id of a return of so much of the order's one line."""
    [(line_id,)] = await house.rows(schema.order_lines, "id", order_id=order_id)
    part = (Part(line_id, much(quantity)),)
    result = await house.do(RequestReturn(house.shop.org, "native", order_id, part))
    assert isinstance(result, OrderResult)
    assert result.back is not None
    return result.back.one.id


async def paid(house: House, quantity: int) -> bytes:
    """A shipped order whose money was taken."""
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house, quantity=quantity)
    await house.until(order_id, "confirmed", "paid")
    await packed(house, order_id)
    await ship(house, order_id)
    return order_id


async def test_a_return_is_paid_back_by_what_its_goods_cost(house: House) -> None:
    order_id = await paid(house, 3)
    back = await returning(house, order_id, 2)
    org = house.shop.org
    receive = ReceiveReturn(org, "native", back, restock=False, refund=True)
    tries = [house.writer.submit(Envelope(receive)) for _ in range(TRIES)]
    outcomes = [outcome.result for outcome in await asyncio.gather(*tries)]
    assert all(isinstance(result, OrderResult) for result in outcomes)
    await house.until(order_id, "confirmed", "partially_refunded")
    assert await asked(house, order_id) == [("capture", "done", 3750), ("refund", "done", 2500)]
    assert await house.rows(schema.returns, "state", "refunded_units") == [("received", 2500)]
    told = await house.events(order_id)
    assert told.count("payment.refund_requested") == 1
    await house.check()
    last = await returning(house, order_id, 1)
    await house.do(ReceiveReturn(org, "native", last, refund=True))
    await house.until(order_id, "confirmed", "refunded")
    await house.check()

    async def quiet() -> bool:
        return not await house.rows(schema.jobs, "id")

    await eventually(quiet)


async def test_what_was_not_taken_is_not_paid_back(house: House) -> None:
    house.start()
    await choose(house, "manual")
    order_id = await confirmed(house)
    await packed(house, order_id)
    await ship(house, order_id)
    back = await returning(house, order_id, 1)
    receive = ReceiveReturn(house.shop.org, "native", back, refund=True)
    refused = (await house.writer.submit(Envelope(receive))).result
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.field) == (Reason.ILLEGAL_MOVE, "refund")
    # Nothing of the receipt is kept.
    assert await house.rows(schema.returns, "state") == [("requested",)]
    await house.do(receive._replace(refund=False))
    again = (await house.writer.submit(Envelope(receive))).result
    assert isinstance(again, Refusal)
    await house.check()
