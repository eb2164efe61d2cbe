"""A commit wakes those who wait for events of its organization, in the same process."""

from __future__ import annotations

import asyncio

from tests.writer.test_first_step import a_desk

from entrepot.core.decide.notice import KeepNotice
from entrepot.store.engine import Database
from entrepot.writer.news import News

LONG = 60.0  # nobody waits for so long


async def test_a_commit_wakes_those_who_wait_for_its_organization(database: Database) -> None:
    desk = await a_desk(database, 5)
    org, news = desk.shop.org, desk.writer.news
    with news.listening(org) as listener, news.listening(org) as second:
        waiting = [asyncio.create_task(one.wait(LONG)) for one in (listener, second)]
        await asyncio.sleep(0)
        await desk.do(desk.shop.order())
        async with asyncio.timeout(LONG / 2):
            await asyncio.gather(*waiting)
        # What came before the book was read is heard; what comes while it is read is not lost.
        listener.hear()
        await desk.do(desk.shop.order())
        async with asyncio.timeout(LONG / 2):
            await listener.wait(LONG)


async def test_only_its_own_organization_is_heard(database: Database) -> None:
    desk = await a_desk(database, 5)
    news = desk.writer.news
    with news.listening(desk.shop.org + 1) as other, news.listening(desk.shop.org) as own:
        await desk.do(desk.shop.order())
        async with asyncio.timeout(LONG / 2):
            await own.wait(LONG)
        assert not other._told.is_set()
        own.hear()
        await desk.do(KeepNotice(desk.shop.org, "stripe", "evt_1", ("pi_1",), b"{}"))
        assert not own._told.is_set(), "a notification that is kept is no event"


async def test_nobody_waits_once_the_process_ends() -> None:
    news = News()
    with news.listening(1) as listener:
        waiting = asyncio.create_task(listener.wait(LONG))
        await asyncio.sleep(0)
        news.end()
        async with asyncio.timeout(LONG / 2):
            await waiting
    assert news.ended
    assert not news._listening, "who left is forgotten"
