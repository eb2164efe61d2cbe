"""An order and its announcement, written by two processes at once: the order is announced no more.

One engine is enough: SQLite has one process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.factories import open_shop
from tests.pipeline.retention_house import no_pause
from tests.writer.processes import Process, released
from tests.writer.test_guarded import array

from entrepot.clock import now
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.results import NotedResult
from entrepot.pipeline.following import Following, Terms
from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.verify import verify


@pytest_asyncio.fixture
async def two(fresh_database: Callable[[str], str]) -> AsyncIterator[list[Process]]:
    url = fresh_database("direct")
    databases = [open_database(url), open_database(url)]
    org = (await databases[0].write(open_shop)).org
    yield [Process(database, org) for database in databases]
    report = await databases[0].read(verify)
    assert report.violations == []
    for database in databases:
        await database.close()


def notified(process: Process) -> Command:
    return NotifyOrder(process.org, "polinate", "shop-0")


def comes(process: Process) -> Command:
    return array(process.org, "shop", "Mug", orders=1)


async def stands(process: Process) -> tuple[list[str], list[bool]]:
    """What is announced, and whether each order was ingested."""

    async def all_of(column: object) -> list[object]:
        statement = select(column)  # type: ignore[call-overload]
        return await process.database.read(lambda conn: list(conn.execute(statement).scalars()))

    return (
        await all_of(schema.announced_orders.c.text),  # type: ignore[return-value]
        await all_of(schema.orders.c.ingested),
    )


async def reads_on(process: Process) -> None:
    reader = Terms(process.database, process.writer)
    await Following(process.database, [reader], now=now, pause=no_pause).round()


async def test_an_order_that_came_while_it_was_announced_is_found(two: list[Process]) -> None:
    held = await two[0].held(notified(two[0]))
    await two[1].do(comes(two[1]))
    outcome = await released(held)
    assert isinstance(outcome.result, NotedResult)
    assert not outcome.result.fetching
    assert await stands(two[0]) == ([], [True])


async def test_an_order_that_is_written_during_the_announcement_is_waited_for(
    two: list[Process],
) -> None:
    """It has the organization's counter, and is committed first."""
    held = await two[0].held(notified(two[0]))
    coming = await two[1].held(comes(two[1]))
    await released(coming)
    await released(held)
    assert await stands(two[0]) == ([], [True])


async def test_an_announcement_that_came_first_is_ended_by_the_reader_of_the_log(
    two: list[Process],
) -> None:
    held = await two[1].held(comes(two[1]))
    outcome = (await two[0].do(notified(two[0]))).result
    assert isinstance(outcome, NotedResult)
    assert outcome.fetching
    await released(held)
    assert await stands(two[0]) == (["shop-0"], [False])
    await reads_on(two[0])
    assert await stands(two[0]) == ([], [True])


@pytest.mark.parametrize("name", ["external_id", "external_reference", "external_name"])
async def test_so_is_one_of_a_name_that_the_order_was_given_later(
    two: list[Process], name: str
) -> None:
    [order] = await two[1].placed()
    await reads_on(two[0])
    named = AmendOrder(two[1].org, "polinate", order.id, said={name: "shop-0"})
    held = await two[1].held(named)
    await two[0].do(notified(two[0]))
    await released(held)
    await reads_on(two[0])
    assert await stands(two[0]) == ([], [True])
