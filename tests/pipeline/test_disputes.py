"""A customer disputes a payment: the service's notification names the payment alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import DAY
from tests.pipeline.test_failed_after_done import Moving, done
from tests.pipeline.test_lapsing import WEEK, a_walk
from tests.pipeline.test_notices import PATIENT

from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.wake import WakeStep
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.notice import Topics
from entrepot.core.refunds import RefundFound
from entrepot.providers.payment import Captured, Disputed, Running


@pytest.fixture
def book_url(request: pytest.FixtureRequest, fresh_database: Callable[[str], str]) -> str:
    return fresh_database(getattr(request, "param", "sqlite"))


async def notify(
    house: House, service: str, event: str, *, disputed: bool = True, refund: bool = False
) -> None:
    """As the entrance does: `capture-1` is what the service gives back."""
    org, topics = house.shop.org, Topics(dispute=disputed, refund=refund)
    for reference in ("dispute-1", "capture-1", "the-shops-own"):
        await house.do(KeepNotice(org, service, event, (reference,), b"{}", topics))
        await house.do(WakeStep(org, service, reference, event, topics))
    await house.until_quiet()


async def stage(house: House, order_id: bytes) -> tuple[str, str]:
    return (await house.stage(order_id))[:2]


@pytest.mark.parametrize(
    ("book_url", "service"),
    [("sqlite", "adyen"), ("postgres", "adyen"), ("sqlite", "stripe")],
    indirect=["book_url"],
)
async def test_a_dispute_is_seen_and_its_end_and_its_return(house: House, service: str) -> None:
    made, order_id = await done(house, service, "capture")
    made.payment = Disputed("why", "psp")
    await notify(house, service, "evt-0", disputed=False)
    assert await stage(house, order_id) == ("confirmed", "paid"), "nobody was told of a dispute"
    for event, answer, facet in (
        ("evt-1", Disputed("why", "psp"), "disputed"),
        ("evt-2", Running("nothing is kept of the payment", "psp"), "disputed"),
        ("evt-3", Captured("psp"), "paid"),
        ("evt-3", Disputed("why", "psp"), "paid"),  # a repeat
        ("evt-4", Running("nothing is kept of the payment", "psp"), "paid"),
        ("evt-5", Disputed("why", "psp"), "disputed"),
    ):
        made.payment = answer
        await notify(house, service, event)
        assert await stage(house, order_id) == ("confirmed", facet), event
    told = [one for one in await house.events(order_id) if "dispute" in one]
    assert told == ["payment.disputed", "payment.dispute_ended", "payment.disputed"]
    await house.check()


async def test_a_dispute_of_another_services_payment_changes_nothing(house: House) -> None:
    made, order_id = await done(house, "adyen", "capture")
    made.payment = Disputed("why", "psp")
    await notify(house, "stripe", "evt-1")
    assert await stage(house, order_id) == ("confirmed", "paid")


async def test_a_dispute_that_was_told_before_its_money_was_known_to_be_taken(
    house: House,
) -> None:
    made = Moving()
    made.payment = Disputed("why", "psp")
    await house.account("adyen")
    house.start(settings=PATIENT, providers={"adyen": lambda _account: made})
    order_id = await house.place("A" * 16, payment_provider="adyen")
    await house.until(order_id, "confirmed", "authorized")
    for event in ("evt-1", "evt-2"):
        await notify(house, "adyen", event)
    assert await stage(house, order_id) == ("confirmed", "authorized")
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until(order_id, "confirmed", "disputed")
    await house.until_quiet()
    await house.check()


async def test_a_dispute_that_was_told_before_its_order_came(house: House) -> None:
    """The shop's own pages took the money, and told of the order later."""
    made = Taken()
    await house.account("paypal")
    house.start(settings=PATIENT, providers={"paypal": lambda _account: made})
    await notify(house, "paypal", "evt-1")
    order_id = await house.place("A" * 16, payment_provider="paypal")
    await house.until(order_id, "confirmed", "disputed")
    await house.until_quiet()
    await house.check()


class Taken(Moving):
    """A service that had taken the money before it was asked; its customer disputes the money."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = Disputed("why", "capture-1")

    async def authorise(self, _request: Any, _known: str | None = None) -> Any:
        return Captured("capture-1")


async def test_a_disputed_order_is_told_of_a_hold_that_ends(house: House) -> None:
    house.provider.terms = WEEK
    house.start()
    order_id = await house.place("disputed-1")
    await house.until(order_id, "confirmed", "authorized")
    await house.do(CaptureOrder(house.shop.org, "native", order_id, Amount(5, 0)))
    await house.until_quiet()
    await house.do(WakeStep(house.shop.org, "sandbox", dashed(order_id)))
    await house.until(order_id, "confirmed", "disputed")
    await house.until_quiet()
    house.advance(0.81 * 7 * DAY)
    assert await a_walk(house).round() == 1
    assert (await house.stage(order_id))[:3] == ("confirmed", "disputed", "hold_lapses")
    await house.check()


async def test_what_went_back_is_found_by_the_capture_alone(house: House) -> None:
    made, order_id = await done(house, "adyen", "capture")
    made.payment = Captured("psp", refunds=(RefundFound("refund-9", 500),))
    await notify(house, "adyen", "evt-1", disputed=False)
    assert await stage(house, order_id) == ("confirmed", "paid")
    await notify(house, "adyen", "evt-2", disputed=False, refund=True)
    assert await stage(house, order_id) == ("confirmed", "partially_refunded")
    await house.check()
