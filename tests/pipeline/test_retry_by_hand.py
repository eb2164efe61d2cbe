"""`entrepot retry`: a parked order is taken up again once its cause is gone, and charged once."""

from __future__ import annotations

from tests.pipeline.conftest import House

from entrepot.core.decide.steps import ResumeOrder
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.providers.payment import AuthoriseAnswer, Misconfigured, PaymentRequest
from entrepot.writer.envelope import Envelope


async def test_a_parked_order_is_confirmed_after_the_operators_word(house: House) -> None:
    async def locked_out(_: PaymentRequest) -> AuthoriseAnswer:
        return Misconfigured("the credentials are refused")

    house.provider.instead = locked_out
    house.start()
    order_id = await house.place()
    await house.until(order_id, "placed", "pending", parked=True)
    house.provider.instead = None
    again = Envelope(ResumeOrder(house.shop.org, order_id))
    resumed = (await house.writer.submit(again)).result
    assert isinstance(resumed, OrderResult)
    assert (resumed.order.parked, resumed.order.reason) == (False, None)
    await house.until(order_id, "confirmed", "authorized", parked=False)
    assert house.provider.inner.live_authorisations() == [(house.provider.calls[0].order, 1)]
    assert len({call.key for call in house.provider.calls}) == 1
    assert "order.resumed" in await house.events(order_id)
    nothing = (await house.writer.submit(again)).result
    assert isinstance(nothing, Refusal)
    assert nothing.reason is Reason.ILLEGAL_MOVE
