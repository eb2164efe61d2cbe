"""Bulk jobs are worked on in slices, each item once, whoever dies in between, on both engines."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import no_pause

from entrepot.core.bulk_jobs import IMPORT, SLICE
from entrepot.core.decide.bulk import MakeBulkJob
from entrepot.edge.synq.bulk_jobs.read import command_of
from entrepot.pipeline.bulk_jobs import BulkJobs
from entrepot.store import schema
from entrepot.writer.envelope import Envelope, Outcome

TOTAL = 2 * SLICE + 7


@pytest.fixture
def book_url(database_url: str) -> str:
    return database_url


class Dying:
    """A writer whose process dies once it has carried so many commands out."""

    def __init__(self, house: House, commands: int) -> None:
        self._house, self._left = house, commands

    async def submit(self, envelope: Envelope) -> Outcome:
        if self._left == 0:
            raise ConnectionAbortedError
        self._left -= 1
        return await self._house.writer.submit(envelope)


def working(house: House, writer: Any = None) -> BulkJobs:
    return BulkJobs(
        house.database, writer or house.writer, command_of, now=house.now, pause=no_pause
    )


async def asked(house: House, total: int = TOTAL) -> None:
    items = [json.dumps({"title": f"Mug {at}"}) for at in range(total)]
    slices = tuple(f"[{','.join(items[at : at + SLICE])}]" for at in range(0, total, SLICE))
    await house.do(MakeBulkJob(house.shop.org, "synq", IMPORT, total, slices))


async def made(house: House) -> list[str]:
    names = [name for (name,) in await house.rows(schema.products, "name")]
    return sorted(name for name in names if name.startswith("Mug "))


async def job(house: House) -> dict[str, Any]:
    names = ("state", "total", "processed", "failed", "faults")
    [row] = await house.rows(schema.bulk_jobs, *names)
    return dict(zip(names, row, strict=True))


async def test_a_job_is_worked_on_slice_by_slice(house: House) -> None:
    await asked(house)
    assert await working(house).round() == 3
    assert await job(house) == {
        "state": "COMPLETED", "total": TOTAL, "processed": TOTAL, "failed": 0, "faults": "[]",
    }  # fmt: skip
    assert await made(house) == sorted(f"Mug {at}" for at in range(TOTAL))
    assert await working(house).round() == 0
    await house.check()


@pytest.mark.parametrize("commands", [1, SLICE // 2, SLICE + 1, SLICE + 2, SLICE + 10])
async def test_each_item_is_done_once_whoever_dies_in_between(house: House, commands: int) -> None:
    await asked(house)
    with pytest.raises(ConnectionAbortedError):
        await working(house, Dying(house, commands)).round()
    assert await working(house).round() == 0  # the dead process has the job
    house.advance(61)
    left = 3 - (commands > SLICE + 1)
    assert await working(house).round() == left
    assert await made(house) == sorted(f"Mug {at}" for at in range(TOTAL))
    assert (await job(house))["processed"] == TOTAL
    await house.check()


async def test_of_several_processes_one_works_on_a_job(house: House) -> None:
    await asked(house)
    done = await asyncio.gather(*[working(house).round() for _ in range(4)])
    assert sum(done) == 3
    assert await made(house) == sorted(f"Mug {at}" for at in range(TOTAL))
    await house.check()


async def test_the_events_of_items_have_the_actor_of_the_job(house: House) -> None:
    make = partial(MakeBulkJob, house.shop.org, "synq", IMPORT, 1)
    envelope = Envelope(make(('[{"title": "Mug"}]',)), actor="key:ada")
    await house.writer.submit(envelope)
    await working(house).round()
    actors = await house.rows(schema.events, "type", "actor")
    assert {("product.created", "key:ada"), ("bulk_job.completed", "key:ada")} <= set(actors)


async def test_a_job_that_a_fast_clock_has_leased_goes_on(house: House) -> None:
    await asked(house, 3)
    house.ahead = 365 * 86_400 * 1_000_000
    with pytest.raises(ConnectionAbortedError):
        await working(house, Dying(house, 1)).round()
    house.ahead = 0
    assert await working(house).round() == 1
    assert await made(house) == ["Mug 0", "Mug 1", "Mug 2"]
