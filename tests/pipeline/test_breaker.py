"""One organization's slow or broken service delays nobody else, and is left alone for a while."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, cast

import pytest
from sqlalchemy import Connection
from tests.factories import open_shop
from tests.pipeline.conftest import DEADLINE_SECONDS, FAST, House, eventually
from tests.pipeline.test_notices import Later
from tests.pipeline.test_wanted_payments import A_JOB

from entrepot.core.decide.settle import SettlePayment
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.core.results import OrderResult
from entrepot.pipeline.breaker import FAILURES, FIRST_SECONDS, LONGEST_SECONDS, Breaker
from entrepot.pipeline.holding import WAITING_CALLS
from entrepot.pipeline.lanes import PUT_OFF_MAX, Lane
from entrepot.pipeline.steps.table import in_hand
from entrepot.pipeline.worker import CROWDED, CROWDED_SECONDS
from entrepot.providers.payment import Authorised, Declined, Misconfigured, NotSent, Unknown
from entrepot.store import schema
from entrepot.writer.envelope import Envelope, Outcome

NARROW = FAST._replace(account_calls_max=2)


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_breaker_opens_after_failures_in_a_row_and_tries_one_call_at_a_time() -> None:
    clock = Clock()
    breaker = Breaker(clock, lambda: 0.5)
    for answer in (NotSent("down"), Unknown("lost"), Misconfigured("401"), None) * 3:
        breaker.told(answer)
        breaker.told(Declined("no"))  # a word of the service: it works
        assert breaker.rest() == 0
    for _ in range(FAILURES - 1):
        breaker.told(NotSent("down"))
        assert breaker.rest() == 0
    breaker.told(NotSent("down"))
    assert breaker.rest() >= FIRST_SECONDS
    clock.at += FIRST_SECONDS
    assert breaker.rest() == 0, "one call decides"
    assert breaker.rest() > 0, "and the others rest on"
    breaker.told(Authorised("pi_1"))
    assert breaker.rest() == 0 == breaker.rest()


def test_a_breaker_rests_ever_longer_up_to_a_minute() -> None:
    clock = Clock()
    breaker = Breaker(clock, lambda: 0.0)
    for _ in range(FAILURES):
        breaker.told(Unknown("lost"))
    rests = []
    for _ in range(9):
        rests.append(breaker.rest())
        clock.at += rests[-1]
        assert breaker.rest() == 0
        breaker.told(Unknown("lost"))
    assert rests == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_SECONDS, LONGEST_SECONDS,
                     LONGEST_SECONDS]  # fmt: skip


def test_calls_that_were_under_way_do_not_lengthen_the_rest() -> None:
    clock = Clock()
    breaker = Breaker(clock, lambda: 0.0)
    for _ in range(FAILURES + 50):
        breaker.told(Unknown("lost"))
    assert breaker.rest() == FIRST_SECONDS


async def two(house: House) -> tuple[Any, dict[int, Later]]:
    """A second shop, and a service at which both have an account."""
    second = await house.database.write(lambda conn: open_shop(conn, "Second"))
    await house.do(second.stocked(100))
    services = {house.shop.org: Later(), second.org: Later()}

    def accounts(conn: Connection) -> None:
        for org in services:
            row = {"org": org, "service": "stripe", "added_at": 1}
            conn.execute(schema.provider_accounts.insert().values(row))

    await house.database.write(accounts)
    return second, services


async def test_a_slow_service_of_one_organization_delays_no_other(house: House) -> None:
    """The first shop's service answers nothing, and the first shop has many more orders than the
    process may hold for one account.
    """
    second, services = await two(house)
    slow, quick = services[house.shop.org], services[second.org]
    await house.do(house.shop.stocked(1000))
    house.start(settings=NARROW._replace(held_max=40),
                providers={"stripe": lambda account: services[account.org]})  # fmt: skip
    for number in range(60):
        await house.place(f"pi_slow_{number}")
    for number in range(3):
        quick.of(quick.let_go, f"pi_{number}").set()
        quick.outcomes.add(f"pi_{number}")
        placed = await house.do(second.order(f"pi_{number}"))
        assert isinstance(placed, OrderResult)
        await house.until(placed.order.id, "confirmed", "authorized")
    assert len(slow.asked) == NARROW.account_calls_max, "no more calls than an account may have"
    why = await house.rows(schema.orders, "reason_detail", org=house.shop.org)
    assert any("many orders wait" in (told or "") for (told,) in why)
    for event in slow.let_go.values():
        event.set()


async def test_orders_beyond_the_lane_of_an_account_go_on_as_soon_as_it_has_room(
    house: House,
) -> None:
    """The first calls end only after many more orders than the lane has room for were put off:
    these wait for the room, and not for a time. The deadline of the test is below that time.
    """
    service, orders = Later(), []
    assert CROWDED_SECONDS > DEADLINE_SECONDS

    def account(conn: Connection) -> None:
        row = {"org": house.shop.org, "service": "stripe", "added_at": 1}
        conn.execute(schema.provider_accounts.insert().values(row))

    await house.database.write(account)
    await house.do(house.shop.stocked(1000))
    house.start(settings=NARROW, providers={"stripe": lambda _account: service})
    for number in range(WAITING_CALLS * NARROW.account_calls_max * 3):
        reference = f"pi_{number}"
        service.outcomes.add(reference)
        orders.append(await house.place(reference))

    async def put_off() -> bool:
        why = await house.rows(schema.orders, "reason_detail", org=house.shop.org)
        return sum(CROWDED in (told or "") for (told,) in why) >= len(orders) // 2

    await eventually(put_off)
    for number in range(len(orders)):
        service.of(service.let_go, f"pi_{number}").set()
    for order in orders:
        await house.until(order, "confirmed", "authorized")


def test_a_lane_takes_again_what_it_put_off_in_its_order_and_remembers_so_many() -> None:
    lane, held = Lane(1, 8), cast("Any", object())
    lane.waiting.extend([held] * 8)
    for number in range(PUT_OFF_MAX + 5):
        lane.remember((1, number.to_bytes(2, "big")))
    assert (len(lane.put_off), lane.takes_again()) == (PUT_OFF_MAX, 0)
    lane.waiting.clear()
    assert lane.is_full, "what was put off comes first"
    assert lane.again(3) == [(1, b"\0\0"), (1, b"\0\1"), (1, b"\0\2")]
    assert lane.takes_again() == 8
    lane.waiting.extend([held] * 5)
    assert lane.takes_again() == 0, "they are taken together, once half of the room is free"
    assert not Lane(1).is_full
    assert Lane(1).takes_again() == 0


async def test_a_call_that_ended_leaves_its_place_to_the_next(house: House) -> None:
    """The writer takes no result of a call: so many calls follow as may be under way, no more."""
    service, taken = Later(), asyncio.Event()

    def account(conn: Connection) -> None:
        row = {"org": house.shop.org, "service": "stripe", "added_at": 1}
        conn.execute(schema.provider_accounts.insert().values(row))

    await house.database.write(account)
    submit = house.writer.submit

    async def held_up(envelope: Envelope) -> Outcome:
        if isinstance(envelope.command, SettlePayment):
            await taken.wait()
        return await submit(envelope)

    references = [f"pi_{number}" for number in range(3 * NARROW.account_calls_max)]
    for reference in references:
        service.outcomes.add(reference)
        service.of(service.let_go, reference).set()
    house.start(settings=NARROW, providers={"stripe": lambda _account: service})
    house.writer.submit = held_up  # type: ignore[method-assign]
    orders = [await house.place(reference) for reference in references]

    async def followed() -> bool:
        return len(service.asked) == 2 * NARROW.account_calls_max

    await eventually(followed)
    taken.set()
    for order in orders:
        await house.until(order, "confirmed", "authorized")


def test_a_lane_begins_what_its_width_and_the_results_under_way_allow() -> None:
    lane, held = Lane(2), in_hand(A_JOB)
    lane.waiting.extend([held] * 9)
    assert len(lane.begin(9, 0)) == 2
    lane.called()
    assert len(lane.begin(9, 0)) == 1
    lane.called()
    lane.called()
    assert lane.begin(9, 0) == [held], "three results are on their way to the book, of four"
    lane.called()
    assert (lane.running, lane.begin(9, 0)) == (0, []), "the book has to take one first"
    lane.concluded()
    assert len(lane.begin(9, 0)) == 1
    assert lane.load == 1 + 3 + 4


async def test_a_service_that_fails_is_left_alone_and_costs_no_tries(house: House) -> None:
    second, services = await two(house)
    asked: Counter[int] = Counter()

    class Down(Later):
        async def authorise(self, _request: Any, _known: str | None = None) -> Any:
            asked[house.shop.org] += 1
            return NotSent("refused")

    services[house.shop.org] = Down()
    house.start(settings=NARROW, providers={"stripe": lambda account: services[account.org]})
    orders = [await house.place(f"pi_down_{number}") for number in range(10)]

    async def rests() -> bool:
        rows = await house.rows(schema.orders, "reason_detail", org=house.shop.org)
        return sum("is left alone until" in (told or "") for (told,) in rows) >= len(orders) - 2

    await eventually(rests)
    calls = asked[house.shop.org]
    jobs = await house.rows(schema.jobs, "tries", org=house.shop.org)
    assert sum(tries for (tries,) in jobs) <= calls, "a rest is no failed try"
    quick = services[second.org]
    quick.of(quick.let_go, "pi_1").set()
    quick.outcomes.add("pi_1")
    placed = await house.do(second.order("pi_1"))
    assert isinstance(placed, OrderResult)
    await house.until(placed.order.id, "confirmed", "authorized")


async def test_an_account_that_was_changed_is_reached_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrepot.pipeline.worker.ACCOUNT_SECONDS", 0.0)
    seen: list[ProviderAccount] = []
    service = Later()
    await house.account("stripe")

    def connect(account: ProviderAccount) -> Later:
        seen.append(account)
        return service

    house.start(providers={"stripe": connect})
    for number, sealed in enumerate((b"one", b"one", b"two")):
        change = schema.provider_accounts.update().values(sealed=sealed)
        await house.database.write(lambda conn, change=change: conn.execute(change))
        service.of(service.let_go, f"pi_{number}").set()
        service.outcomes.add(f"pi_{number}")
        await house.until(await house.place(f"pi_{number}"), "confirmed")
    assert [one.sealed for one in seen] == [b"one", b"two"]
