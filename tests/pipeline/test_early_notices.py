"""Money that is notified while a step is at work, and that no order needs when the step is done.
Each case ends as if the notification had come after the step's result.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.pipeline.conftest import FAST, House, eventually
from tests.pipeline.test_notices import Later

from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.wake import WakeStep
from entrepot.core.ids import dashed
from entrepot.core.notice import Topics
from entrepot.providers.payment import Authorised, Captured, Declined, Unknown, Voided
from entrepot.store import schema

PAYMENT = "pi_1"
HOUR = 3600.0
PATIENT = FAST._replace(pending_seconds=3000.0)


class Gated(Later):
    """A service that declines a payment, or lets its hold go, and has the money all the same later:
    another card, or an approval that was on its way. Every answer leaves when the test lets it go.
    """

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Any] = {}
        self.money = False
        self.looks = 0

    async def _answer(self, name: str, answer: Any) -> Any:
        self.of(self.asked, name).set()
        await self.of(self.let_go, name).wait()
        return answer

    async def authorise(self, _request: Any, _known: str | None = None) -> Any:
        usual = Authorised(PAYMENT) if self.money else Declined("card_declined")
        return await self._answer("authorise", self.says.get("authorise", usual))

    async def void(self, _request: Any) -> Any:
        return await self._answer("void", Voided(PAYMENT))

    async def look_up(self, _request: Any, _known: str | None = None) -> Any:
        self.looks += 1
        return await self._answer("look", Captured(PAYMENT) if self.money else Voided(PAYMENT))

    def lets(self, *names: str) -> None:
        for name in names:
            self.of(self.let_go, name).set()


@pytest.fixture
def book_url(database_url: str) -> str:
    """The order of commits counts, and each engine has its own."""
    return database_url


@pytest.fixture
async def gated(house: House) -> Gated:
    made = Gated()
    await house.account("stripe")
    house.start(settings=PATIENT, providers={"stripe": lambda _account: made})
    return made


async def notify(house: House, *names: str, of_money: bool = True, event: str = "evt_1") -> None:
    """As the entrance does."""
    org, topics = house.shop.org, Topics(money=of_money)
    await house.do(KeepNotice(org, "stripe", event, names, b"{}", topics))
    for one in names:
        await house.do(WakeStep(org, "stripe", one, event, topics))


async def shown(house: House, order_id: bytes) -> tuple[Any, ...]:
    columns = ("stage", "payment", "parked", "reason", "reason_detail")
    [row] = await house.rows(schema.orders, *columns, id=order_id)
    return row


async def about_to(house: House, gated: Gated, how: str) -> bytes:
    """An order whose payment comes to nothing: the service has said so, and nobody has heard it."""
    if how == "voided":
        gated.says["authorise"] = Authorised(PAYMENT)
        gated.lets("authorise")
    order_id = await house.place(PAYMENT)
    if how == "voided":
        await house.until(order_id, "confirmed")
        await house.cancel(order_id)
    await gated.of(gated.asked, "void" if how == "voided" else "authorise").wait()
    return order_id


ENDS = {
    "declined": ("failed", "declined", "payment_declined: card_declined"),
    "voided": ("cancelled", "voided", "cancelled: told by polinate; stripe let go of {}"),
}


@pytest.mark.parametrize(
    ("how", "first", "named"),
    [
        ("declined", "notification", "reference"),
        ("declined", "notification", "order"),
        ("declined", "notification", "key"),
        ("declined", "result", "reference"),
        ("voided", "notification", "reference"),
        ("voided", "result", "reference"),
    ],
)
async def test_money_that_is_notified_before_the_result_is_written_calls_an_operator(
    house: House, gated: Gated, how: str, first: str, named: str
) -> None:
    order_id = await about_to(house, gated, how)
    gated.money = True
    gated.lets("look")
    [(key,)] = await house.rows(schema.payment_operations, "key", kind="authorise")
    name = {"reference": PAYMENT, "order": dashed(order_id), "key": key}[named]
    if first == "notification":
        await notify(house, name)
    gated.lets("authorise", "void")
    if first == "result":
        await house.until(order_id, *ENDS[how][:2])
        await house.until_quiet()
        await notify(house, name)
    stage, payment, why = ENDS[how]
    await house.until(order_id, stage, payment, parked=True)
    told = (
        f"look: stripe took 12.50 EUR that the ended order needs no more: refund {PAYMENT} there "
        f"unless another order came with it, then retry; it ended: {why.format(PAYMENT)}"
    )
    assert await shown(house, order_id) == (stage, payment, True, "parked", told)
    await house.check()


async def test_a_notification_of_a_decline_has_no_service_asked(house: House, gated: Gated) -> None:
    order_id = await about_to(house, gated, "declined")
    await notify(house, PAYMENT, of_money=False)
    gated.lets("authorise")
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    assert gated.looks == 0


async def test_an_old_notification_of_money_that_was_let_go_has_no_service_asked(
    house: House, gated: Gated
) -> None:
    """The notification of what the order was confirmed with names a payment that is voided now."""
    gated.says["authorise"] = Authorised(PAYMENT)
    gated.lets("authorise", "void")
    order_id = await house.place(PAYMENT)
    await house.until(order_id, "confirmed")
    await notify(house, PAYMENT)
    await house.cancel(order_id)
    await house.until(order_id, "cancelled", "voided")
    await house.until_quiet()
    assert gated.looks == 0


async def test_what_is_notified_while_the_service_is_asked_has_it_asked_again(
    house: House, gated: Gated
) -> None:
    """The answer that is under way is from before the money, and comes after the notification."""
    gated.lets("authorise")
    order_id = await house.place(PAYMENT)
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    await notify(house, PAYMENT)
    await gated.of(gated.asked, "look").wait()
    gated.money = True
    await notify(house, PAYMENT, event="evt_2")
    gated.lets("look")
    await house.until(order_id, "failed", "declined", parked=True)
    assert gated.looks == 2
    # A repeat of what was heard asks nobody.
    await notify(house, PAYMENT, event="evt_2")
    assert await house.rows(schema.jobs, "kind", "state") == [("look", "parked")]
    await house.check()


@pytest.mark.parametrize("first", ["notification", "second order"])
async def test_money_that_pays_a_second_order_calls_nobody_in_either_order(
    house: House, gated: Gated, first: str
) -> None:
    gated.lets("authorise", "look")
    order_id = await house.place(PAYMENT)
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    gated.money = True
    if first == "notification":
        await notify(house, PAYMENT)
        await house.until(order_id, "failed", parked=True)
    second = await house.place(PAYMENT)
    await house.until(second, "confirmed", "authorized")
    if first == "second order":
        await notify(house, PAYMENT)
    house.advance(HOUR)
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    ended = ("failed", "declined", False, "payment_declined", "card_declined")
    assert await shown(house, order_id) == ended
    await house.check()


async def test_money_waits_for_a_second_order_whose_payment_is_not_known_yet(
    house: House, gated: Gated
) -> None:
    """It is told in the end, where the second order gets none of it."""
    gated.lets("authorise", "look")
    order_id = await house.place(PAYMENT)
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    gated.let_go["authorise"].clear()
    gated.asked["authorise"].clear()
    gated.says["authorise"] = Declined("card_declined")
    second = await house.place(PAYMENT)
    await gated.of(gated.asked, "authorise").wait()
    gated.money = True
    await notify(house, PAYMENT)

    async def waits() -> bool:
        found = await house.rows(schema.jobs, "state", "last_error", kind="look")
        return bool(found) and "came with the same payment" in str(found[0][1])

    await eventually(waits)
    assert not (await house.stage(order_id))[3]
    gated.lets("authorise")
    await house.until(second, "failed", "declined")
    house.advance(HOUR)
    await house.until(order_id, "failed", "declined", parked=True)
    await house.check()


async def test_an_operator_is_called_for_late_money_until_the_service_says_otherwise(
    house: House, gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated.lets("authorise", "look")
    order_id = await house.place(PAYMENT)
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    gated.money = True
    await notify(house, PAYMENT)
    await house.until(order_id, "failed", parked=True)
    before, usual = await shown(house, order_id), gated.look_up
    asked = asyncio.Event()

    async def silent(_request: Any, _known: str | None = None) -> Any:
        asked.set()
        return Unknown("no answer")

    monkeypatch.setattr(gated, "look_up", silent)
    house.advance(HOUR)
    await asked.wait()

    async def put_off() -> bool:
        [(run_at,)] = await house.rows(schema.jobs, "run_at", kind="look")
        return bool(run_at > house.now())

    await eventually(put_off)
    assert await shown(house, order_id) == before
    # The operator gave the money back, and forgot to say so.
    monkeypatch.setattr(gated, "look_up", usual)
    gated.money = False
    house.advance(HOUR)
    await house.until(order_id, "failed", "declined")
    await house.until_quiet()
    await house.check()
