"""A sale that is over and deleted: what its money needs is said and done as before."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.test_captures import asked, confirmed

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.capture import CaptureOrder


async def deleted(house: House, order_id: bytes) -> None:
    for axis, word in (("status", "DELIVERED"), ("phase", "ARCHIVED"), ("phase", "DELETED")):
        told = ((f"polinate_{axis}", word),)
        await house.do(AmendOrder(house.shop.org, "polinate", order_id, words=told))


async def declined(house: House, order_id: bytes) -> None:
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until_quiet()


@pytest.mark.parametrize("steps", [(declined, deleted), (deleted, declined)])
async def test_a_capture_that_is_declined_is_the_reason(house: House, steps: Any) -> None:
    house.start()
    order_id = await confirmed(house, "card capture-declined")
    for step in steps:
        await step(house, order_id)
    stands = ("deleted", "authorized", "capture_declined", False)
    assert await house.stage(order_id) == stands
    await house.check()
    await declined(house, order_id)
    assert await house.stage(order_id) == stands
    assert [one[:2] for one in await asked(house, order_id)] == [("capture", "declined")] * 2
    await house.check()
