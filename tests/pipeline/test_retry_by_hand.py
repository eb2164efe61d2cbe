"""`entrepot retry`: a parked order is taken up again once its cause is gone, and charged once."""

from __future__ import annotations

from functools import partial

from tests.pipeline.conftest import House

from entrepot.providers.payment import AuthoriseAnswer, Misconfigured, PaymentRequest
from entrepot.store import queue


async def test_a_parked_order_is_confirmed_after_the_operators_word(house: House) -> None:
    async def locked_out(_: PaymentRequest) -> AuthoriseAnswer:
        return Misconfigured("the credentials are refused")

    house.provider.instead = locked_out
    house.start()
    order_id = await house.place()
    await house.until(order_id, "placed", "pending", parked=True)
    house.provider.instead = None
    again = partial(queue.requeue, org=house.shop.org, order_id=order_id, now=house.now())
    assert await house.database.write(again) == 1
    await house.until(order_id, "confirmed", "authorized", parked=False)
    assert house.provider.inner.live_authorisations() == [(house.provider.calls[0].order, 1)]
    assert len({call.key for call in house.provider.calls}) == 1
    assert await house.database.write(again) == 0
