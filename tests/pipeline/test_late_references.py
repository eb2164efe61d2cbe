"""Money that comes late is found by what the service calls the payment, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from tests.pipeline.conftest import House
from tests.pipeline.test_late_money import detail, ended, says

from entrepot.core.decide.wake import WakeStep
from entrepot.core.notice import Topics
from entrepot.providers.payment import Authorised, Captured
from entrepot.store import schema

__all__ = ["says"]


@pytest.fixture
def book_url(database_url: str) -> str:
    """Each engine finds the order by indexes of its own."""
    return database_url


async def called(house: House, order_id: bytes) -> str:
    """What the service calls the order's payment: its reference, or our key where none is known."""
    columns = ("kind", "provider_reference", "key")
    listed = await house.rows(schema.payment_operations, *columns, order_id=order_id)
    [name] = [reference or key for kind, reference, key in listed if kind == "authorise"]
    return str(name)


async def notify(house: House, reference: str, **more: Any) -> None:
    wake = WakeStep(house.shop.org, "sandbox", reference, topics=Topics(money=True))
    await house.do(wake._replace(**more))


@pytest.mark.parametrize(("how", "payment"), [("declined", "declined"), ("voided", "voided")])
async def test_late_money_is_found_by_the_services_reference(
    house: House, says: list[Any], how: str, payment: str
) -> None:
    order_id = await ended(house, how)
    stage, name = (await house.stage(order_id))[0], await called(house, order_id)
    says[:] = [Captured("sandbox-77")]
    # Nothing of it is of money, of this service or of this reference.
    await notify(house, name, topics=Topics())
    await notify(house, name, service="stripe")
    await notify(house, f"{name}-2")
    assert await house.rows(schema.jobs, "id") == []
    await notify(house, name)
    await house.until(order_id, stage, payment, parked=True)
    assert "sandbox took 12.50 EUR that the ended order needs no more" in await detail(
        house, order_id
    )
    await house.check()


async def test_the_newest_order_of_a_reference_is_told(house: House, says: list[Any]) -> None:
    """A shop may place one order after the other with a payment that is declined. The book is in
    order with that, and with a last one whose payment is authorised.
    """
    orders = [await ended(house, "declined"), await house.place("declined")]
    await house.until(orders[1], "failed", "declined")
    await known_as(house, "pi_1")
    says[:] = [Authorised("pi_1")]
    await notify(house, "pi_1")
    await house.until(orders[1], "failed", "declined", parked=True)
    assert await house.stage(orders[0]) == ("failed", "declined", "payment_declined", False)
    paid = await house.place("pi_1")
    await house.until(paid, "confirmed", "authorized")
    await known_as(house, "pi_1")
    await house.check()


async def known_as(house: House, reference: str) -> None:
    """The service calls every payment of the book so."""
    named = update(schema.payment_operations).values(provider_reference=reference)
    await house.database.write(lambda conn: conn.execute(named))
