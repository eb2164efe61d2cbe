"""A capture or a refund fails at its service after it was done, and the service notifies it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.test_notices import PATIENT, Later

from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.notice import Topics
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Disputed,
    NotSent,
    PaymentRequest,
    Refunded,
)
from entrepot.store import schema


class Moving(Later):
    """A service that does all at once; what a test puts to `failed` has failed after all."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = ""  # a kind of operation
        self.first: list[Any] = []  # answers to look-ups that come first
        self.payment: Any = Captured("psp")
        self.sent: list[str] = []

    async def authorise(self, _request: PaymentRequest, _known: str | None = None) -> Any:
        return Authorised("psp")

    async def capture(self, request: Any) -> Any:
        self.sent.append("capture")
        return self._of("capture", request)

    async def refund(self, request: Any) -> Any:
        self.sent.append("refund")
        return self._of("refund", request)

    async def look_up(self, request: Any, _known: str | None = None) -> Any:
        if self.first:
            return self.first.pop(0)
        if isinstance(request, PaymentRequest):
            return self.payment
        return self._of(request.kind, request)

    def _of(self, kind: str, _request: Any) -> Any:
        if kind == self.failed:
            return Declined("the bank said no")
        return Captured("capture-1") if kind == "capture" else Refunded("refund-1")


@pytest.fixture
def book_url(request: pytest.FixtureRequest, fresh_database: Callable[[str], str]) -> str:
    return fresh_database(getattr(request, "param", "sqlite"))


async def done(house: House, service: str, kind: str) -> tuple[Moving, bytes]:
    """An order whose money was taken at the service, and given back for a refund."""
    made = Moving()
    await house.account(service)
    house.start(settings=PATIENT, providers={service: lambda _account: made})
    order_id = await house.place("A" * 16, payment_provider=service)
    await house.until(order_id, "confirmed", "authorized")
    await house.do(CaptureOrder(house.shop.org, "native", order_id))
    await house.until(order_id, "confirmed", "paid")
    if kind == "refund":
        await house.do(RefundOrder(house.shop.org, "native", order_id))
        await house.until(order_id, "confirmed", "refunded")
    await house.until_quiet()
    return made, order_id


async def notify(house: House, service: str, reference: str, event: str = "evt") -> None:
    """As the entrance does."""
    org = house.shop.org
    await house.do(KeepNotice(org, service, event, (reference,), b"{}"))
    await house.do(WakeStep(org, service, reference, event, Topics(failure=True)))
    await house.until_quiet()


async def states(house: House, order_id: bytes) -> list[tuple[Any, ...]]:
    columns = ("number", "kind", "state")
    rows = await house.rows(schema.payment_operations, *columns, order_id=order_id)
    return [row[1:] for row in sorted(rows)[1:]]


@pytest.mark.parametrize(
    ("book_url", "service", "kind", "facet", "by_id"),
    [
        ("sqlite", "adyen", "capture", "authorized", False),
        ("postgres", "adyen", "refund", "paid", False),
        ("sqlite", "paypal", "capture", "authorized", True),
        ("sqlite", "stripe", "refund", "paid", True),
    ],
    indirect=["book_url"],
)
async def test_what_fails_after_it_was_done_is_declined(
    house: House, service: str, kind: str, facet: str, by_id: bool
) -> None:
    made, order_id = await done(house, service, kind)
    made.failed, made.first = kind, [made.payment, NotSent("nobody answers")]
    sent, named = list(made.sent), dashed(order_id) if by_id else f"{kind}-1"
    await notify(house, service, named)
    assert await house.stage(order_id) == ("confirmed", facet, f"{kind}_declined", False)
    assert (await states(house, order_id))[-1] == (kind, "declined")
    [(told,)] = await house.rows(schema.orders, "reason_detail", id=order_id)
    assert f"{service}: the {kind} of 12.50 EUR failed after it was done: the bank said no" == told
    before = await house.rows(schema.orders, "version", "updated_at")
    for event in ("evt", "evt", "another"):
        await notify(house, service, named, event)
    assert await house.rows(schema.orders, "version", "updated_at") == before
    assert made.sent == sent, "nothing is asked for twice"
    await house.check()


async def test_a_capture_of_stripe_stays_done(house: House) -> None:
    """Somebody may have taken another part at Stripe: then a look-up does not find this capture."""
    made, order_id = await done(house, "stripe", "capture")
    made.failed = "capture"
    await notify(house, "stripe", dashed(order_id))
    assert (await house.stage(order_id))[:2] == ("confirmed", "paid")


async def test_a_dispute_goes_on_while_a_refund_fails(house: House) -> None:
    made, order_id = await done(house, "stripe", "capture")
    await house.do(RefundOrder(house.shop.org, "native", order_id, Amount(500, 2)))
    await house.until(order_id, "confirmed", "partially_refunded")
    await house.until_quiet()
    made.payment = Disputed("why", "psp")
    await notify(house, "stripe", "refund-1")
    made.failed = "refund"
    await notify(house, "stripe", "refund-1", "another")
    assert (await house.stage(order_id))[:3] == ("confirmed", "disputed", "refund_declined")
    types = [row[1] for row in sorted(await house.rows(schema.events, "seq", "type"))]
    assert types[-2:] == ["payment.disputed", "payment.refund_declined"]
    await house.check()


async def test_a_notification_that_names_another_service_changes_nothing(house: House) -> None:
    made, order_id = await done(house, "adyen", "capture")
    made.failed = "capture"
    await notify(house, "paypal", "capture-1")
    await notify(house, "paypal", dashed(order_id), "another")
    assert (await house.stage(order_id))[:2] == ("confirmed", "paid")
    assert await states(house, order_id) == [("capture", "done")]
