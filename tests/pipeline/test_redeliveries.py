"""Events that are sent once more, where somebody asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete
from tests.pipeline.conftest import House
from tests.pipeline.receivers import Receivers, a_sender, made, state, turn

from entrepot.core.decide.subscribe import Redeliver
from entrepot.outbox.sending import Result
from entrepot.store import schema


@pytest.fixture
def book_url(database_url: str) -> str:
    return database_url


async def test_an_event_is_sent_once_more_where_somebody_asks(house: House) -> None:
    receivers = Receivers()
    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    for _ in range(3):
        await house.do(house.shop.stocked(1))
    await turn(sender)
    for _ in range(2):
        await house.do(Redeliver(house.shop.org, webhook.id, 4))
    await turn(sender)
    assert receivers.got["shop"] == [3, 4, 5, 4]
    assert await state(house, webhook, "again", "reached") == ("", 5)
    [(tries,)] = await house.rows(schema.webhook_deliveries, "tries", number=4)
    assert tries == 2


async def test_who_wants_nothing_more_says_so_to_a_repeat_as_well(house: House) -> None:
    receivers = Receivers()

    async def says(_number: int) -> Result:
        return Result(410, "answered 410", gone=True)

    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    for _ in range(2):
        await house.do(house.shop.stocked(1))
    await turn(sender)
    receivers.says["shop"] = says
    for number in (3, 4):
        await house.do(Redeliver(house.shop.org, webhook.id, number))
    await house.do(house.shop.stocked(1))
    await turn(sender)
    assert receivers.got["shop"] == [3, 4, 3]
    assert await state(house, webhook, "state", "again", "reached", "leased_until") == (
        "disabled", "4", 4, 0,
    )  # fmt: skip
    told = await house.rows(schema.events, "type", subject_id=webhook.id)
    assert ("webhook.disabled",) in told
    await house.check()


async def test_events_that_are_sent_again_wait_for_the_next_turn_where_nobody_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a webhook would be in hand for longer than its lease, and be taken by another process
    again and again.
    """
    receivers, seconds = Receivers(), 0.0

    async def says(_number: int) -> Result:
        nonlocal seconds
        seconds += 10
        return Result(None, "no answer within 10 seconds")

    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    for _ in range(9):
        await house.do(house.shop.stocked(1))
    await turn(sender)
    for number in range(3, 12):
        await house.do(Redeliver(house.shop.org, webhook.id, number))
    receivers.says["shop"] = says
    monkeypatch.setattr(sender, "_monotonic", lambda: seconds)
    written, most = sender._written, 0

    async def noted(command: Any) -> Any:
        nonlocal most
        most = max(most, len(getattr(command, "again", ())))
        return await written(command)

    monkeypatch.setattr(sender, "_written", noted)
    await turn(sender)
    assert receivers.got["shop"][9:] == list(range(3, 12))
    assert most == 1
    assert await state(house, webhook, "again", "leased_until") == ("", 0)


async def test_an_event_that_went_to_the_archive_is_not_waited_for(house: House) -> None:
    receivers = Receivers()
    webhook = await made(house, "shop")
    sender = a_sender(house, receivers)
    await house.do(house.shop.stocked(1))
    await turn(sender)
    await house.do(Redeliver(house.shop.org, webhook.id, 3))
    gone = delete(schema.events).where(schema.events.c.number == 3)
    await house.database.write(lambda conn: conn.execute(gone))
    await turn(sender)
    assert await sender.round() == 0
    assert await state(house, webhook, "again", "leased_until") == ("", 0)
    assert receivers.got["shop"] == [3]
