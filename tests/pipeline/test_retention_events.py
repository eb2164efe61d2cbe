"""Events of finished orders move to the archive: exactly those, and none is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import (
    DAY,
    Watched,
    a_sweeper,
    archived,
    assert_clean,
    events_of,
    mirrored,
    named,
)

from entrepot.core.decide.jobs import job_ids
from entrepot.core.ids import dashed
from entrepot.pipeline.retention import Swept
from entrepot.store import schema


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


async def test_events_of_finished_orders_move_to_the_archive(house: House, tmp_path: Path) -> None:
    ended = await mirrored(house, "a", "open", "paid", "cancelled")
    cancelled = await mirrored(house, "b", "open", "cancelled")
    live = await mirrored(house, "c", "open", "paid")
    single = await mirrored(house, "d", "cancelled")
    before = await events_of(house)
    columns = ("seq", "type", "at", "body")
    told = {
        order: await house.rows(schema.events, *columns, subject_id=order)
        for order in (ended, cancelled)
    }
    house.advance(60 * DAY)
    young = await mirrored(house, "e", "open", "cancelled")
    house.advance(31 * DAY)
    placed = await house.place()
    assert (await a_sweeper(house, tmp_path).round())["events"].removed == 3
    gone = before - await events_of(house)
    assert gone == {(house.shop.org, dashed(ended), 1), (house.shop.org, dashed(ended), 2),
                    (house.shop.org, dashed(cancelled), 1)}  # fmt: skip
    assert len(await events_of(house, young)) == 2
    assert len(await events_of(house, live)) == 2
    assert len(await events_of(house, single)) == len(await events_of(house, placed)) == 1
    lines = archived(tmp_path)
    assert sorted(named(lines)) == sorted(gone)
    for order, events in told.items():
        kept = [(seq, type_, at, json.loads(body)) for seq, type_, at, body in sorted(events)][:-1]
        its = [line for line in lines if line["order_id"] == dashed(order)]
        assert [(o["seq"], o["type"], o["at"], o["body"]) for o in its] == kept
    await assert_clean(house)


async def test_an_order_that_goes_on_after_all_is_archived_again(
    house: House, tmp_path: Path
) -> None:
    order_id = await mirrored(house, "a", "open", "cancelled")
    sweeper = a_sweeper(house, tmp_path)
    house.advance(91 * DAY)
    await sweeper.round()
    before = await events_of(house, order_id)
    await mirrored(house, "a", "open", "paid", "cancelled")
    await assert_clean(house)
    gone = len(await events_of(house, order_id)) - 1
    assert gone > len(before)
    house.advance(91 * DAY)
    assert (await sweeper.round())["events"].removed == gone
    ranges = await house.rows(schema.order_archives, "first_seq", "last_seq")
    assert sorted(ranges) == [(1, 1), (2, 1 + gone)]
    assert sorted(seq for _, _, seq in named(archived(tmp_path))) == list(range(1, 2 + gone))
    await assert_clean(house)


@pytest.mark.parametrize(
    "more",
    [{"stage": "confirmed"}, {"payment": "disputed"}, {"returns": "requested"}, {"parked": True}],
    ids=str,
)
async def test_an_order_with_something_under_way_keeps_its_events(
    house: House, tmp_path: Path, more: dict[str, Any]
) -> None:
    await mirrored(house, "a", "open", "cancelled")
    await house.database.write(lambda conn: conn.execute(update(schema.orders), more))
    house.advance(91 * DAY)
    assert (await a_sweeper(house, tmp_path).round())["events"] == Swept(1, 1, 0)
    assert archived(tmp_path) == []


@pytest.mark.parametrize("which", [0, 1])
async def test_an_order_with_a_job_keeps_its_events(
    house: House, tmp_path: Path, which: int
) -> None:
    order_id = await mirrored(house, "a", "open", "cancelled")
    job = {
        "org": house.shop.org, "id": job_ids(order_id)[which], "kind": "void",
        "order_id": order_id,
        "state": "due", "run_at": 0, "leased_until": 0, "fence": 0, "tries": 0, "created_at": 0,
    }  # fmt: skip
    await house.database.write(lambda conn: conn.execute(insert(schema.jobs), job))
    house.advance(91 * DAY)
    assert (await a_sweeper(house, tmp_path).round())["events"].removed == 0


async def test_events_go_in_bounded_steps_however_many_an_order_has(
    house: House, tmp_path: Path
) -> None:
    words = ["open", "paid"] * 4
    await mirrored(house, "a", *words, "cancelled")
    await mirrored(house, "b", "open", "cancelled")
    await mirrored(house, "c", "open", "cancelled")
    before = await events_of(house)
    house.advance(91 * DAY)
    watched = Watched(house.database, schema.events)
    sweeper = a_sweeper(house, tmp_path, watched, events_slice=3, orders_slice=2)
    swept = (await sweeper.round())["events"]
    steps = [n for n in watched.removed if n > 0]
    assert max(steps) == 3
    assert len(steps) > 3
    gone = before - await events_of(house)
    assert len(gone) == swept.removed == len(before) - 3
    assert sorted(named(archived(tmp_path))) == sorted(gone)
    assert swept.looked_at == 3
    await assert_clean(house)


async def test_a_managed_order_that_failed_is_archived_too(house: House, tmp_path: Path) -> None:
    house.start()
    order_id = await house.place("declined")
    await house.until(order_id, "failed")
    await house.until_quiet()
    house.advance(91 * DAY)
    removed = (await a_sweeper(house, tmp_path).round())["events"].removed
    assert removed > 1
    assert len(await events_of(house, order_id)) == 1
    await assert_clean(house)
