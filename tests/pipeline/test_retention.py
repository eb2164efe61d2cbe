"""Old idempotency rows leave the book: exactly those, in small steps, and each walk to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import (
    DAY,
    KEPT,
    Watched,
    a_sweeper,
    assert_clean,
    events_of,
    keys_of,
    mirrored,
    ordered,
)

from entrepot.pipeline.retention import Retention, Swept
from entrepot.pipeline.walking import Idle
from entrepot.store import schema
from entrepot.telemetry import metrics


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


async def test_a_key_is_kept_for_its_period_and_new_after_it(house: House, tmp_path: Path) -> None:
    sweeper = a_sweeper(house, tmp_path)
    first, second = await ordered(house, "first"), await ordered(house, "second")
    house.advance(29 * DAY)
    assert (await sweeper.round())["keys"].removed == 0
    again = await ordered(house, "first")
    assert again.replayed
    assert again.answer == first.answer
    await ordered(house, "young")
    house.advance(3 * DAY)
    removed = metrics.retention_removed.labels("keys")._value.get()
    assert (await sweeper.round())["keys"] == Swept(1, 3, 2)
    assert metrics.retention_removed.labels("keys")._value.get() == removed + 2
    assert await keys_of(house) == {"young"}
    assert (await ordered(house, "young")).replayed
    await assert_clean(house)
    once_more = await ordered(house, "second")
    assert not once_more.replayed
    assert once_more.answer != second.answer
    await assert_clean(house)


async def test_the_id_of_a_mirrored_order_does_not_expire(house: House, tmp_path: Path) -> None:
    sweeper = a_sweeper(house, tmp_path, events_seconds=None)
    first = await mirrored(house, "sender-1", "paid")
    await ordered(house, "old")
    house.advance(400 * DAY)
    await sweeper.round()
    assert await keys_of(house) == set()
    assert await mirrored(house, "sender-1", "paid", "shipped") == first


async def test_a_longer_period_counts_from_now_on(house: House, tmp_path: Path) -> None:
    """Also where a walk for the shorter one had begun."""
    await ordered(house, "kept")
    house.advance(31 * DAY)
    short = a_sweeper(house, tmp_path)
    done: list[float] = []

    async def pause(seconds: float) -> None:
        done.append(seconds)
        if len(done) == 2:  # a look, a claim
            short.stop()

    short._pause = pause
    await short.round()
    longer = a_sweeper(house, tmp_path, keys_seconds=60 * DAY)
    assert (await longer.round())["keys"] == Swept(1, 1, 0)
    assert await keys_of(house) == {"kept"}


async def test_what_is_off_stays(house: House, tmp_path: Path) -> None:
    await ordered(house, "old")
    order_id = await mirrored(house, "a", "open", "cancelled")
    house.advance(10_000 * DAY)
    off = a_sweeper(house, tmp_path, keys_seconds=None, events_seconds=None)
    assert await off.round() == {}
    assert await keys_of(house) == {"old"}
    assert len(await events_of(house, order_id)) == 2
    with pytest.raises(ValueError, match="archive"):
        Retention(house.database, now=house.now, settings=KEPT)


async def test_steps_are_bounded_and_each_is_followed_by_its_share_of_rest(
    house: House, tmp_path: Path
) -> None:
    for number in range(11):
        await ordered(house, f"key-{number}")
    house.advance(31 * DAY)
    watched = Watched(house.database, schema.idempotency_keys)
    pauses: list[float] = []
    ticks = iter(range(10_000))

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    sweeper = a_sweeper(
        house, tmp_path, watched, keys_slice=3, events_seconds=None, pause=pause,
        monotonic=lambda: float(next(ticks)),
    )  # fmt: skip
    sweeper._idle = Idle(lambda: 0.0, lambda: 0.0)
    await sweeper.round()
    assert [n for n in watched.removed if n] == [3, 3, 3, 2]
    # A look, and then every transaction, of a second each: 19 seconds, in parts of two.
    parts = [2.0] * 9 + [pytest.approx(1.0)]
    assert pauses == parts * (len(watched.removed) + 1)


async def test_a_walk_that_was_stopped_goes_on_where_it_was(house: House, tmp_path: Path) -> None:
    for number in range(6):
        await ordered(house, f"key-{number}")
    house.advance(31 * DAY)
    done: list[float] = []
    ticks = iter(range(10_000))
    # Every transaction takes a hundredth of a second, so that no pause is divided, however slow
    # the machine is.
    sweeper = a_sweeper(house, tmp_path, keys_slice=2, monotonic=lambda: next(ticks) / 100)

    async def pause(seconds: float) -> None:
        done.append(seconds)
        if len(done) == 3:  # a look, a claim, a slice
            sweeper.stop()

    sweeper._pause = pause
    await sweeper.round()
    assert await keys_of(house) == {"key-2", "key-3", "key-4", "key-5"}
    assert await house.rows(schema.sweeps, "kind", "reached", "leased_until", "ended_at") == [
        ("keys", b"key-1", 0, 0)
    ]
    # The second walk looks at what is left, and not again where the first has been.
    assert (await a_sweeper(house, tmp_path, keys_slice=2).round())["keys"] == Swept(1, 4, 4)
    assert await keys_of(house) == set()


@pytest.mark.parametrize("times", [{"leased_until": 2**60}, {"ended_at": 2**60}], ids=str)
async def test_a_walk_of_a_clock_that_stood_ahead_is_not_waited_for(
    house: House, tmp_path: Path, times: dict[str, int]
) -> None:
    await ordered(house, "first")
    house.advance(31 * DAY)
    assert (await a_sweeper(house, tmp_path).round())["keys"].removed == 1
    await house.database.write(lambda conn: conn.execute(schema.sweeps.update().values(times)))
    await ordered(house, "second")
    house.advance(31 * DAY)
    assert (await a_sweeper(house, tmp_path).round())["keys"].removed == 1


async def test_a_long_walk_keeps_its_lease_although_nothing_is_old(
    house: House, tmp_path: Path
) -> None:
    for number in range(4):
        await ordered(house, f"key-{number}")
    leases: set[int] = set()

    async def pause(_seconds: float) -> None:
        house.advance(40)
        leases.update(until for (until,) in await house.rows(schema.sweeps, "leased_until"))

    slow = a_sweeper(
        house, tmp_path, keys_slice=1, lease_seconds=100, events_seconds=None, pause=pause
    )
    await slow.round()
    assert len(leases) > 2


async def test_a_walk_begins_ten_times_a_period(house: House, tmp_path: Path) -> None:
    sweeper = a_sweeper(house, tmp_path)
    with capture_logs() as logs:
        assert (await sweeper.round())["keys"].organizations == 1
        assert (await sweeper.round())["keys"].organizations == 0
    assert [(one["event"], one["kind"]) for one in logs] == [
        ("retention.swept", "keys"), ("retention.swept", "events"),
    ]  # fmt: skip
    house.advance(3 * DAY + 60)
    assert (await sweeper.round())["keys"].organizations == 1


async def test_a_period_that_is_longer_than_time_removes_nothing(
    house: House, tmp_path: Path
) -> None:
    await ordered(house, "k-1")
    forever = 1e12 * DAY
    swept = await a_sweeper(house, tmp_path, keys_seconds=forever, events_seconds=forever).round()
    assert {kind: one.removed for kind, one in swept.items()} == {"keys": 0, "events": 0}
    assert len(await house.rows(schema.idempotency_keys, "key")) == 1
