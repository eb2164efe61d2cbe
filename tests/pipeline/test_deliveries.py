"""Events are sent to webhooks in order, again until they are taken, and each webhook by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.pipeline.conftest import House, eventually
from tests.pipeline.receivers import BROKEN, TAKEN, Receivers, a_sender, made, state, turn

from entrepot.core.decide.subscribe import ChangeWebhook, RemoveWebhook
from entrepot.core.shown import MICROSECONDS
from entrepot.outbox.sending import Result
from entrepot.pipeline.deliveries import LAST_WAIT_SECONDS, LOOK_AT_ALL_SECONDS, SLACK_SECONDS
from entrepot.store import schema
from entrepot.store.engine import Unavailable
from entrepot.store.keeping import deliveries as keeping

DAY = 86_400


@pytest.fixture
def book_url(database_url: str) -> str:
    return database_url


async def test_events_come_in_order_and_only_those_that_are_wanted(house: House) -> None:
    receivers = Receivers()
    every, some = await made(house, "every"), await made(house, "some", "stock.adjusted")
    sender = a_sender(house, receivers)
    for count in range(60):
        await house.do(house.shop.stocked(count))
    await turn(sender)
    await turn(sender)
    [(last,)] = await house.rows(schema.order_counters, "events")
    # What a webhook gets begins behind the event that tells of itself.
    assert receivers.got["every"] == list(range(3, last + 1))
    assert receivers.got["some"] == list(range(4, last + 1))
    assert [await state(house, one, "reached", "leased_until") for one in (every, some)] == [
        (last, 0), (last, 0),
    ]  # fmt: skip
    await turn(sender)
    assert len(receivers.got["every"]) == last - 2
    await house.check()


async def test_an_event_that_is_not_taken_is_sent_again_and_those_behind_it_wait(
    house: House,
) -> None:
    receivers, broken = Receivers(), True

    async def says(number: int) -> Result:
        return BROKEN if broken and number == 4 else TAKEN

    receivers.says["shop"] = says
    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    for _ in range(3):
        await house.do(house.shop.stocked(1))
    await turn(sender)
    assert receivers.got["shop"] == [3, 4]
    await turn(sender)  # the wait is not over
    assert receivers.got["shop"] == [3, 4]
    for tries in range(2, 5):
        house.advance(2.0**tries)
        await turn(sender)
        assert receivers.got["shop"] == [3] + [4] * tries
        assert (await state(house, webhook, "tries", "reached")) == (tries, 3)
    broken = False
    house.advance(DAY)
    await turn(sender)
    assert receivers.got["shop"] == [3, 4, 4, 4, 4, 4, 5]
    rows = await house.rows(schema.webhook_deliveries, "number", "state", "tries", "status")
    assert sorted(rows) == [(3, "delivered", 1, 204), (4, "delivered", 5, 204),
                            (5, "delivered", 1, 204)]  # fmt: skip
    assert await state(house, webhook, "tries", "failing_since", "next_at") == (0, None, 0)
    await house.check()


async def test_a_receiver_that_says_when_to_come_again_is_left_alone_until_then(
    house: House,
) -> None:
    """For an hour at most: events of a receiver that says a year are no use to it by then."""
    receivers, asked = Receivers(), 600.0

    async def says(_number: int) -> Result:
        return Result(429, "answered 429", retry_after=asked)

    receivers.says["shop"] = says
    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    await house.do(house.shop.stocked(1))
    before = house.now()
    await turn(sender)
    [next_at] = await state(house, webhook, "next_at")
    assert before <= next_at - 600 * MICROSECONDS <= house.now()
    house.advance(595)
    await turn(sender)
    assert receivers.got["shop"] == [3]
    house.advance(5)
    asked = 366.0 * DAY
    await turn(sender)
    assert receivers.got["shop"] == [3, 3]
    [next_at] = await state(house, webhook, "next_at")
    assert next_at - int(LAST_WAIT_SECONDS * MICROSECONDS) <= house.now()
    await house.check()


async def test_a_webhook_that_takes_nothing_for_days_is_disabled_and_told(house: House) -> None:
    receivers = Receivers()

    async def says(_number: int) -> Result:
        return BROKEN

    receivers.says["shop"] = says
    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    await house.do(house.shop.stocked(1))
    await turn(sender)
    house.advance(2 * DAY)
    await turn(sender)
    assert await state(house, webhook, "state") == ("active",)
    house.advance(DAY + 1)
    await turn(sender)
    assert await state(house, webhook, "state") == ("disabled",)
    told = await house.rows(schema.events, "type", subject_id=webhook.id)
    assert ("webhook.disabled",) in told
    house.advance(DAY)
    await turn(sender)
    assert receivers.got["shop"] == [3] * 3
    del receivers.says["shop"]
    await house.do(ChangeWebhook(house.shop.org, "native", webhook.id, active=True))
    await turn(sender)
    assert receivers.got["shop"][3] == 3
    await house.check()


async def test_who_wants_nothing_more_gets_nothing_more(house: House) -> None:
    receivers = Receivers()

    async def says(_number: int) -> Result:
        return Result(410, "answered 410", gone=True)

    receivers.says["shop"] = says
    webhook = await made(house, "shop")
    await house.do(house.shop.stocked(1))
    sender = a_sender(house, receivers)
    await turn(sender)
    assert await state(house, webhook, "state") == ("disabled",)
    removed = await made(house, "other")
    await house.do(RemoveWebhook(house.shop.org, "native", removed.id))
    await house.do(house.shop.stocked(1))
    await turn(sender)
    assert "other" not in receivers.got


async def test_a_slow_receiver_delays_no_other(house: House) -> None:
    receivers, answers = Receivers(), asyncio.Event()

    async def says(_number: int) -> Result:
        await answers.wait()
        return TAKEN

    receivers.says["slow"] = says
    await made(house, "slow")
    await made(house, "quick")
    sender = a_sender(house, receivers)
    await house.do(house.shop.stocked(1))
    await sender.round()

    async def quick() -> bool:
        return len(receivers.got.get("quick", ())) == 1

    await eventually(quick)
    await house.do(house.shop.stocked(1))
    await sender.round()

    async def quick_again() -> bool:
        await sender.round()
        return len(receivers.got["quick"]) == 2

    await eventually(quick_again)
    assert len(receivers.got["slow"]) == 1
    answers.set()
    await sender.settled()


async def test_a_process_that_ends_lets_its_webhooks_go(house: House) -> None:
    receivers, asked, answers = Receivers(), asyncio.Event(), asyncio.Event()

    async def says(_number: int) -> Result:
        asked.set()
        await answers.wait()
        return TAKEN

    receivers.says["shop"] = says
    webhook = await made(house, "shop")
    for _ in range(3):
        await house.do(house.shop.stocked(1))
    sender = a_sender(house, receivers)
    running = asyncio.create_task(sender.run())
    await sender.round()
    await asked.wait()
    sender.stop()
    answers.set()
    await running
    assert receivers.got["shop"] == [3]
    assert receivers.closed
    assert await state(house, webhook, "reached", "leased_until") == (3, 0)
    del receivers.says["shop"]
    await turn(a_sender(house, receivers))
    assert receivers.got["shop"] == [3, 4, 5]


async def test_a_book_that_is_away_is_told_by_itself_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    receivers = Receivers()
    await made(house, "shop")
    await house.do(house.shop.stocked(1))
    sender = a_sender(house, receivers)

    async def away(_command: Any) -> Any:
        raise Unavailable("no route to the book")

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(sender, "_written", away)
        await sender.round()
        await asyncio.wait(sender._serving.values())
        await asyncio.sleep(0)  # what became of the task is told behind it
    assert logs == []
    await turn(sender)
    assert receivers.got["shop"] == [3]


async def test_of_many_processes_one_sends(house: House) -> None:
    receivers = Receivers()
    await made(house, "shop")
    for _ in range(5):
        await house.do(house.shop.stocked(1))
    senders = [a_sender(house, receivers) for _ in range(16)]
    await asyncio.gather(*[turn(one) for one in senders])
    assert receivers.got["shop"] == [3, 4, 5, 6, 7]
    await house.check()


async def test_the_newest_deliveries_are_kept(house: House) -> None:
    receivers = Receivers()
    webhook = await made(house, "shop")
    for _ in range(6):
        await house.do(house.shop.stocked(1))
    await turn(a_sender(house, receivers))
    org = house.shop.org
    await house.database.write(lambda conn: keeping.trim(conn, org, webhook.id, kept=2))
    found = await house.rows(schema.webhook_deliveries, "number")
    assert sorted(number for (number,) in found) == [7, 8]


async def test_what_happens_while_a_slow_receiver_answers_is_sent_next(house: House) -> None:
    receivers, told = Receivers(), []

    async def says(number: int) -> Result:
        if not told:
            told.append(number)
            await house.do(house.shop.stocked(1))
            house.advance(2 * SLACK_SECONDS)
            await sender.round()  # which sees what was written, and nobody free to send it
        return TAKEN

    receivers.says["shop"] = says
    await made(house, "shop")
    sender = a_sender(house, receivers)
    await turn(sender)
    await house.do(house.shop.stocked(1))
    await turn(sender)
    house.advance(1)
    await turn(sender)
    assert receivers.got["shop"] == [3, 4]


async def test_a_round_in_a_minute_looks_at_all_webhooks(house: House) -> None:
    """Whatever the clocks say of when something was written."""
    receivers = Receivers()
    await made(house, "shop")
    sender = a_sender(house, receivers)
    await turn(sender)
    await house.do(house.shop.stocked(1))
    sender._since = house.now() + DAY * 1_000_000
    await turn(sender)
    assert "shop" not in receivers.got
    house.advance(LOOK_AT_ALL_SECONDS)
    await turn(sender)
    assert receivers.got["shop"] == [3]


@pytest.mark.parametrize("left", ["its lease", "its next try"])
async def test_a_webhook_that_a_fast_clock_has_put_off_is_sent_to(house: House, left: str) -> None:
    receivers, dies = Receivers(), left == "its lease"

    async def says(_number: int) -> Result:
        if dies:
            raise ConnectionAbortedError  # as if the process had died
        return BROKEN

    receivers.says["shop"] = says
    await made(house, "shop")
    sender = a_sender(house, receivers)
    house.ahead = 365 * DAY * 1_000_000
    await house.do(house.shop.stocked(1))
    await sender.round()
    await asyncio.gather(*sender._serving.values(), return_exceptions=True)
    assert receivers.got["shop"] == [3]
    del receivers.says["shop"]
    house.ahead = 0
    await turn(sender)
    assert receivers.got["shop"] == [3, 3]
