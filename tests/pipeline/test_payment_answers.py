"""What a provider says of a payment decides what becomes of the order, and what is asked next."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.conftest import FAST, House, eventually

from entrepot.providers.payment import AuthoriseAnswer, PaymentRequest, ServiceTerms, Unknown
from entrepot.store import schema

PATIENT = FAST._replace(pending_seconds=3000.0)


async def operations(house: House, order_id: bytes) -> list[tuple[Any, ...]]:
    columns = ("kind", "state", "units")
    return sorted(await house.rows(schema.payment_operations, *columns, order_id=order_id))


async def test_money_that_was_taken_already_is_written_as_a_capture(house: House) -> None:
    house.start()
    order_id = await house.place("captured-before")
    await house.until(order_id, "confirmed", "paid")
    [first, second] = await operations(house, order_id)
    assert (first[:2], second[:2]) == (("authorise", "done"), ("capture", "done"))
    assert first[2] == second[2]
    await house.check()


async def test_another_amount_at_the_provider_parks_the_order_and_names_both(house: House) -> None:
    house.start()
    order_id = await house.place("differs-999")
    await house.until(order_id, "placed", "pending", parked=True)
    [(detail,)] = await house.rows(schema.orders, "reason_detail", id=order_id)
    assert detail == (
        "authorise: sandbox: the payment is of 9.99 EUR, and the order of 12.50 EUR: "
        "cancel the order to let the money go"
    )
    assert house.provider.inner.live_authorisations() == []
    await house.check()


async def test_a_payment_that_runs_at_the_provider_is_looked_up_later(house: House) -> None:
    house.start(settings=FAST)
    order_id = await house.place("running-1")

    async def looked() -> bool:
        return len(house.provider.looks) > 1

    await eventually(looked)
    assert len(house.provider.calls) == 1
    [(detail,)] = await house.rows(schema.orders, "reason_detail", id=order_id)
    assert detail.startswith("the provider's outcome, until ")
    house.provider.inner.notify("running-1", "authorised")
    await house.until(order_id, "confirmed", "authorized")
    assert len(house.provider.calls) == 1
    await house.check()


@pytest.mark.parametrize(("resend_seconds", "asked_for"), [(3600.0, 2), (0.0, 0)])
async def test_outside_of_the_resend_window_a_payment_is_looked_up_before_it_is_sent_again(
    house: House, resend_seconds: float, asked_for: int
) -> None:
    terms = ServiceTerms(resend_seconds, hold_seconds=None, several_captures=True)
    house.provider.terms = terms

    async def lost(request: PaymentRequest) -> AuthoriseAnswer | None:
        if len(house.provider.calls) > 1:
            return None
        await house.provider.inner.authorise(request)
        return Unknown("the answer is lost")

    house.provider.instead = lost
    house.start()
    order_id = await house.place("card")
    await house.until(order_id, "confirmed", "authorized")
    # Where the keys are forgotten at once, the provider is asked what it has before every request.
    assert len(house.provider.calls) == (asked_for or 1)
    assert len(house.provider.looks) == (0 if asked_for else 2)
    await house.check()
