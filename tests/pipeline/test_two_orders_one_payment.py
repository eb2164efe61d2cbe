"""Two live orders with one payment of the shop's own pages: the end of one takes no money from the
other, whichever came first, and the end of the last one leaves none behind.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from tests.pipeline.conftest import FAST, House, eventually
from tests.pipeline.test_early_notices import notify, shown
from tests.pipeline.test_notices import Later

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.ids import dashed
from entrepot.pipeline.steps import NOT_IN_TIME
from entrepot.pipeline.steps.outside import Outside
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Differs,
    Pending,
    Refunded,
    Voided,
)
from entrepot.store import schema
from entrepot.store.reading import claims
from entrepot.writer.envelope import Envelope

PAYMENT = "pi_1"
PATIENT = FAST._replace(pending_seconds=3000.0)


class Asked(Later):
    """A service that holds or took the money of one payment, and remembers what gave it back."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []  # to the next authorisations
        self.usual: Any = Authorised(PAYMENT)
        self.found: Any = Voided(PAYMENT)
        self.gave_back: list[str] = []
        self.together: asyncio.Barrier | None = None  # so many look-ups are under way at once

    async def authorise(self, _request: Any, _known: str | None = None) -> Any:
        return self.answers.pop(0) if self.answers else self.usual

    async def void(self, _request: Any) -> Any:
        self.gave_back.append("void")
        return Voided(PAYMENT)

    async def refund(self, request: Any) -> Any:
        self.gave_back.append("refund")
        return Refunded(f"re_{request.units}")

    async def look_up(self, _request: Any, _known: str | None = None) -> Any:
        if self.together is not None:
            await self.together.wait()
        return self.found


@pytest.fixture
def book_url(database_url: str) -> str:
    """Each engine has its own statement."""
    return database_url


@pytest.fixture
async def asked(house: House) -> Asked:
    made = Asked()
    await house.account("stripe")
    house.start(settings=PATIENT, providers={"stripe": lambda _account: made})
    return made


async def until_asked(house: House, order_id: bytes) -> None:
    """Wait until the service has the order's payment, and says the outcome later."""

    async def running() -> bool:
        states = await house.rows(schema.payment_operations, "state", order_id=order_id)
        return states == [("running",)]

    await eventually(running)


STANDS = {
    "confirmed": (Authorised(PAYMENT), ("confirmed", "authorized"), False),
    "parked": (Differs(1, 2, "EUR", PAYMENT), ("placed", "pending"), True),
    "waiting": (Pending("the customer has to act", PAYMENT), ("placed", "pending"), False),
}


@pytest.mark.parametrize(
    ("second", "ends"), [("confirmed", "the second"), *[(one, "the first") for one in STANDS]]
)
async def test_the_money_stays_until_the_last_order_with_it_ends(
    house: House, asked: Asked, second: str, ends: str
) -> None:
    answer, stands, parked = STANDS[second]
    asked.answers = [Authorised(PAYMENT), answer]
    first = await house.place(PAYMENT)
    await house.until(first, "confirmed", "authorized")
    other = await house.place(PAYMENT)
    await house.until(other, *stands, parked=parked)
    if second == "waiting":
        await until_asked(house, other)
    one, last = (first, other) if ends == "the first" else (other, first)
    await house.cancel(one)
    await house.until(one, "cancelled", "voided")
    why = f"told by polinate; {PAYMENT} pays order {dashed(last)}, and its money stays"
    assert (await shown(house, one))[3:] == ("cancelled", why)
    assert asked.gave_back == []
    org = house.shop.org
    for order_id, expected in ((one, last), (last, None)):
        find = partial(claims.pays_another, org=org, provider="stripe", reference=PAYMENT)
        assert await house.database.read(partial(find, order_id=order_id)) == expected
    await house.cancel(last)
    await house.until(last, "cancelled", "voided")
    assert (await shown(house, last))[4] == f"told by polinate; stripe let go of {PAYMENT}"
    assert asked.gave_back == ["void"]
    await house.until_quiet()
    await house.check()


async def test_the_money_of_a_sale_stays_also_once_its_order_is_deleted(
    house: House, asked: Asked
) -> None:
    sale = await house.place(PAYMENT)
    await house.until(sale, "confirmed", "authorized")
    for axis, word in (("status", "DELIVERED"), ("phase", "ARCHIVED"), ("phase", "DELETED")):
        told = ((f"polinate_{axis}", word),)
        await house.do(AmendOrder(house.shop.org, "polinate", sale, words=told))
    await house.check()
    other = await house.place(PAYMENT)
    await house.until(other, "confirmed", "authorized")
    await house.cancel(other)
    await house.until(other, "cancelled", "voided")
    assert asked.gave_back == []
    await house.until_quiet()
    await house.check()


async def test_two_orders_that_end_at_once_leave_no_money_behind(
    house: House, asked: Asked
) -> None:
    orders = [await house.place(PAYMENT) for _ in range(2)]
    for one in orders:
        await house.until(one, "confirmed", "authorized")
    await asyncio.gather(*map(house.cancel, orders))
    for one in orders:
        await house.until(one, "cancelled", "voided")
    assert asked.gave_back
    await house.check()


async def test_two_orders_whose_time_is_over_at_once_leave_no_money_behind(
    house: House, asked: Asked
) -> None:
    asked.usual = asked.found = Pending("the customer has to act", PAYMENT)
    orders = [await house.place(PAYMENT) for _ in range(2)]
    for one in orders:
        await until_asked(house, one)
    asked.together = asyncio.Barrier(2)
    house.advance(2 * 86_400.0)
    for one in orders:
        await house.until(one, "failed", "voided")
    assert asked.gave_back
    reasons = [str((await shown(house, one))[4]) for one in orders]
    assert all(one.startswith(NOT_IN_TIME) for one in reasons)
    assert any(one.endswith(f"; stripe let go of {PAYMENT}") for one in reasons)
    await house.check()


async def test_two_running_orders_whose_hold_is_let_go_at_once_leave_no_money_behind(
    house: House, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step reads whether the other order still has the money before either has settled."""
    org, both, reads = house.shop.org, asyncio.Barrier(2), Outside.pays_another

    async def together(outside: Outside, *asks: Any) -> bytes | None:
        found = await reads(outside, *asks)
        await both.wait()
        return found

    orders = [await house.place(PAYMENT) for _ in range(2)]
    for one in orders:
        await house.until(one, "confirmed", "authorized")
    await house.do(ChangeSettings(org, lapsing="release"))
    monkeypatch.setattr(Outside, "pays_another", together)
    lapse = [Envelope(HoldLapses(org, one, 1, house.now(), True)) for one in orders]
    await house.writer.submit_all(lapse)
    for one in orders:
        await house.until(one, "confirmed", "voided")
    assert asked.gave_back
    await house.check()


async def test_of_two_running_orders_the_one_whose_hold_is_let_go_says_whose_the_money_is(
    house: House, asked: Asked
) -> None:
    org = house.shop.org
    orders = [await house.place(PAYMENT) for _ in range(2)]
    for one in orders:
        await house.until(one, "confirmed", "authorized")
    await house.do(ChangeSettings(org, lapsing="release"))
    await house.do(HoldLapses(org, orders[0], 1, house.now(), several=True))
    await house.until(orders[0], "confirmed", "voided")
    why = "stripe holds no money of the order any more: the hold was let go before its end"
    stays = f"{PAYMENT} pays order {dashed(orders[1])}, and its money stays"
    assert (await shown(house, orders[0]))[3:] == ("hold_lapses", f"{why}; {stays}")
    assert asked.gave_back == []
    await house.check()


@pytest.mark.parametrize("ends", ["the first", "the second"])
async def test_money_that_was_taken_is_given_back_by_the_last_order_with_it(
    house: House, asked: Asked, ends: str
) -> None:
    asked.usual = Captured(PAYMENT)
    orders = [await house.place(PAYMENT) for _ in range(2)]
    for order_id in orders:
        await house.until(order_id, "confirmed", "paid")
    one, last = orders if ends == "the first" else orders[::-1]
    await house.cancel(one)

    async def stays() -> bool:
        return f"pays order {dashed(last)}" in str((await shown(house, one))[4])

    await eventually(stays)
    assert (await house.stage(one))[:2] == ("cancelled", "paid")
    assert asked.gave_back == []
    assert (await house.events(one))[-1] == "payment.refund_declined"
    await house.cancel(last)
    await house.until(last, "cancelled", "refunded")
    assert asked.gave_back == ["refund"]
    await house.until_quiet()
    # Both took the money, and `verify` says so for good.
    assert await house.violated() == {"REFERENCES"}


async def test_late_money_pays_the_order_that_came_with_it_before_the_first_one_ended(
    house: House, asked: Asked
) -> None:
    """That order has no claim of its own. Nobody is told to give its money back."""
    asked.usual = Pending("the customer has to act", PAYMENT)
    first, second = [await house.place(PAYMENT) for _ in range(2)]
    for order_id in (first, second):
        await until_asked(house, order_id)
    await house.cancel(first)
    await house.until(first, "cancelled", "voided")
    asked.found = asked.usual = Captured(PAYMENT)
    await notify(house, dashed(first))

    async def looked() -> bool:
        [(error,)] = await house.rows(schema.jobs, "last_error", kind="look")
        return "came with the same payment, and is not paid yet" in str(error)

    await eventually(looked)
    assert not (await house.stage(first))[3]
    await notify(house, PAYMENT, event="evt_2")
    await house.until(second, "confirmed", "paid")
    house.advance(60.0)
    await house.until_quiet()
    assert (await house.stage(first))[0::3] == ("cancelled", False)
    await house.check()


async def test_late_money_of_two_orders_that_ended_calls_an_operator(
    house: House, asked: Asked
) -> None:
    """The claim of the first one is still there, and pays nobody."""
    first, second = [await house.place(PAYMENT) for _ in range(2)]
    for order_id in (first, second):
        await house.until(order_id, "confirmed", "authorized")
    for order_id in (first, second):
        await house.cancel(order_id)
        await house.until(order_id, "cancelled", "voided")
    asked.found = Captured(PAYMENT)
    await notify(house, PAYMENT)
    await house.until(second, "cancelled", "voided", parked=True)
    assert not (await house.stage(first))[3]
    await house.check()
