"""Retention when a process dies, a disk is full, or others are at it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs
from tests.pipeline.conftest import House, eventually
from tests.pipeline.retention_house import (
    DAY,
    KEPT,
    Dying,
    a_sweeper,
    archived,
    assert_clean,
    events_of,
    how_many_files,
    keys_of,
    mirrored,
    named,
    ordered,
)

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.refusal import Refusal
from entrepot.store.engine import Unavailable
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping.archive import EventArchive
from entrepot.writer.envelope import Outcome


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


async def test_what_was_archived_and_not_removed_is_archived_again(
    house: House, tmp_path: Path
) -> None:
    await mirrored(house, "a", "open", "paid", "cancelled")
    await mirrored(house, "b", "open", "cancelled")
    before = await events_of(house)
    house.advance(91 * DAY)
    dying = Dying(house.database, at=2)  # after the claim and the reading
    with pytest.raises(Unavailable):
        await a_sweeper(house, tmp_path, dying, keys_seconds=None).round()
    assert await events_of(house) == before
    first = named(archived(tmp_path))
    assert len(first) == 3
    await assert_clean(house)
    other = a_sweeper(house, tmp_path)
    assert (await other.round())["events"].organizations == 0, "the dead one's lease still runs"
    house.advance(KEPT.lease_seconds + 1)
    assert (await other.round())["events"].removed == 3
    gone = before - await events_of(house)
    assert sorted(named(archived(tmp_path))) == sorted([*first, *gone])
    assert set(first) == gone
    await assert_clean(house)


async def test_nothing_leaves_the_book_before_the_archive_is_on_the_disk(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mirrored(house, "a", "open", "paid", "cancelled")
    before = await events_of(house)
    house.advance(91 * DAY)
    sync, failing = os.fsync, [True, False]

    def fsync(file: int) -> None:
        if failing.pop() if failing else False:
            raise OSError(28, "No space left on device")
        sync(file)

    sweeper = a_sweeper(house, tmp_path)
    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(os, "fsync", fsync)
        await sweeper.round()
    assert failing == []
    assert "retention.not_archived" in [one["event"] for one in logs]
    assert await events_of(house) == before
    # The walk was given back: the next look goes on at once. No file without a line is left.
    assert how_many_files(tmp_path) == 0
    assert (await sweeper.round())["events"].removed == 2
    assert set(named(archived(tmp_path))) == before - await events_of(house)
    assert how_many_files(tmp_path) == 1
    await assert_clean(house)


async def test_an_archive_that_is_not_written_is_told_once_for_each_reason(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mirrored(house, "a", "open", "paid", "cancelled")
    house.advance(91 * DAY)
    sweeper = a_sweeper(house, tmp_path)
    errors = [
        OSError(28, "No space left on device", f"{tmp_path}/events-1.jsonl.gz"),
        OSError(28, "No space left on device", f"{tmp_path}/events-2.jsonl.gz"),
        OSError(13, "Permission denied", f"{tmp_path}/events-3.jsonl.gz"),
        PermissionError(f"no right to write into {tmp_path}"),
        PermissionError(f"no right to write into {tmp_path}"),
    ]
    told: list[str] = []
    with capture_logs() as logs:
        for error in errors:
            with monkeypatch.context() as patched:
                patched.setattr(EventArchive, "append", Mock(side_effect=error))
                await sweeper.round()
        for _ in range(2):
            await sweeper.round()
        told = [one["event"] for one in logs if one["event"] != "retention.swept"]
    assert told == [*["retention.not_archived"] * 3, "retention.archives_again"]


async def test_two_processes_share_the_walks(house: House, tmp_path: Path) -> None:
    for number in range(20):
        await ordered(house, f"key-{number}")
        await mirrored(house, f"m-{number}", "open", "cancelled")
    before = await events_of(house)
    house.advance(91 * DAY)
    small = {"keys_slice": 3, "events_slice": 3, "orders_slice": 3}

    async def give_way(_seconds: float) -> None:
        await asyncio.sleep(0)

    databases = [open_database(house.url) for _ in range(3)]
    sweepers = [a_sweeper(house, tmp_path, one, pause=give_way, **small) for one in databases]
    rounds = await asyncio.gather(*[sweeper.round() for sweeper in sweepers])
    for database in databases:
        await database.close()
    assert await keys_of(house) == set()
    gone = before - await events_of(house)
    assert len(gone) == 20
    assert sorted(named(archived(tmp_path))) == sorted(gone), "each walk is one process's"
    assert sum(one["keys"].removed for one in rounds) == 20
    assert sum(one["events"].removed for one in rounds) == 20
    await assert_clean(house)


async def test_orders_go_on_beside_it(house: House, tmp_path: Path) -> None:
    for number in range(10):
        await ordered(house, f"old-{number}")
    house.advance(31 * DAY)
    outcomes: list[Outcome] = []

    async def pause(_seconds: float) -> None:
        outcomes.append(await ordered(house, f"new-{len(outcomes)}"))

    await a_sweeper(house, tmp_path, keys_slice=2, pause=pause).round()
    assert len(outcomes) > 5
    assert not any(isinstance(one.result, Refusal) for one in outcomes)
    assert await keys_of(house) == {f"new-{n}" for n in range(len(outcomes))}
    await assert_clean(house)


async def test_it_runs_until_it_is_stopped_and_outlives_a_failure(
    house: House, tmp_path: Path
) -> None:
    await ordered(house, "old")
    house.advance(31 * DAY)
    dying = Dying(house.database, at=0)
    with capture_logs() as logs:
        sweeper = a_sweeper(house, tmp_path, dying, look_seconds=0.001)
        running = asyncio.create_task(sweeper.run())

        async def failed() -> bool:
            return any(one["event"] == "retention.put_off" for one in logs)

        await eventually(failed)
        # The database tells of its outage itself.
        assert {one["log_level"] for one in logs} == {"debug"}
        dying._left = 1_000_000

        async def went() -> bool:
            return not await keys_of(house)

        await eventually(went)
        sweeper.stop()
        await running


async def test_an_amended_order_keeps_the_events_that_were_read_of_it(
    house: House, tmp_path: Path
) -> None:
    """Between the reading and the removal the order moves: it is live, so its story stays."""
    order_id = await mirrored(house, "a", "open", "cancelled")
    house.advance(91 * DAY)

    class Meddling(EventArchive):
        def append(self, events: Any, at: int) -> None:
            super().append(events, at)
            asyncio.run_coroutine_threadsafe(move(), loop).result(20)

    async def move() -> None:
        await house.do(AmendOrder(house.shop.org, "konvo", order_id, words=(("konvo", "paid"),)))

    loop = asyncio.get_running_loop()
    sweeper = a_sweeper(house, tmp_path, archive=Meddling(tmp_path))
    assert (await sweeper.round())["events"].removed == 0
    assert len(await events_of(house, order_id)) == 3
    assert len(archived(tmp_path)) == 1
    await assert_clean(house)
