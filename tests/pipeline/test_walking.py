"""A walk takes its share of what the process has left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest

from entrepot.pipeline import walking
from entrepot.pipeline.walking import Gait, Walking
from entrepot.store.engine import Database
from entrepot.store.engines import waits
from entrepot.store.engines.opening import open_database

# Without looks in a pause: how long it lasts follows from what was before it.
GAIT = Gait(share=0.1, least=0.01, look_again_seconds=30.0)


class Clocks:
    """The time, and the seconds in which the process worked or waited for the disk."""

    time = busy = 0.0


class Steps(Walking):
    """A walk whose steps take a tenth of a second. `pauses` are those that it made."""

    def __init__(self, clocks: Clocks, gait: Gait, database: Any = None) -> None:
        self.clocks, self.pauses = clocks, list[float]()
        self.busy = 0.0  # the part of its pauses in which the process works
        super().__init__(
            cast(Database, database), "steps", now=lambda: 0, gait=gait,
            monotonic=lambda: clocks.time, pause=self.wait,
            busy=None if database else lambda: clocks.busy,
        )  # fmt: skip

    async def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clocks.busy += seconds * self.busy
        self.clocks.time += seconds

    async def round(self) -> Any:
        async def step() -> None:
            self.clocks.time += 0.1

        await self.paced(step())


@pytest.mark.parametrize(
    ("busy", "pause"),
    [
        (0.0, 0.9),  # nothing else to do: a tenth of the time
        (0.5, 3.9),  # half of the time is left: a quarter of the share
        (0.6, 6.15),
        (0.8, 9.9),  # never less than a hundredth
        (1.0, 9.9),
        (1.7, 9.9),  # more than one processor, with the threads
    ],
)
async def test_a_walk_waits_longer_the_busier_its_process_is(busy: float, pause: float) -> None:
    clocks = Clocks()
    walk = Steps(clocks, GAIT)
    clocks.time, clocks.busy = 0.9, busy
    await walk.round()
    assert walk.pauses == [pytest.approx(pause)]


async def test_a_pause_is_bounded() -> None:
    clocks = Clocks()
    walk = Steps(clocks, GAIT._replace(pause_max_seconds=2.0))
    clocks.time, clocks.busy = 0.9, 1.0
    await walk.round()
    assert walk.pauses == [2.0]


async def test_a_long_pause_ends_soon_after_the_process_has_time_again() -> None:
    clocks = Clocks()
    walk = Steps(clocks, GAIT._replace(look_again_seconds=2.0))
    clocks.time, clocks.busy, walk.busy = 0.9, 1.0, 1.0

    async def wait(seconds: float) -> None:
        await Steps.wait(walk, seconds)
        walk.busy = float(len(walk.pauses) < 2)

    walk._pause = wait
    await walk.round()
    # The third part, of an idle process, makes up for more than the tenth of a second of work.
    assert walk.pauses == [2.0, 2.0, 2.0]


async def test_the_parts_of_a_long_pause_are_as_long_as_the_pause() -> None:
    clocks = Clocks()
    walk = Steps(clocks, GAIT._replace(look_again_seconds=2.0))
    clocks.time, clocks.busy, walk.busy = 0.9, 1.0, 1.0
    await walk.round()
    assert walk.pauses == [2.0, 2.0, 2.0, 2.0, pytest.approx(1.9)]


async def test_what_a_process_did_before_its_last_step_counts_no_more() -> None:
    clocks = Clocks()
    walk = Steps(clocks, GAIT)
    clocks.time, clocks.busy = 0.9, 1.0
    await walk.round()
    await walk.round()
    assert walk.pauses == [pytest.approx(9.9), pytest.approx(0.9)]


async def test_a_process_that_waits_for_its_writes_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No order is taken while SQLite has the event loop wait; PostgreSQL may need the processor."""
    database, clocks = SimpleNamespace(waited_seconds=0.0), Clocks()
    monkeypatch.setattr(walking.time, "process_time", lambda: clocks.busy)
    walk = Steps(clocks, GAIT, database)
    clocks.time, clocks.busy, database.waited_seconds = 0.9, 0.2, 0.3
    await walk.round()
    assert walk.pauses == [pytest.approx(3.9)]


class Passing:
    """Clocks of which each look finds more: three seconds passed, of one of which it worked."""

    def __init__(self) -> None:
        self.passed, self.worked = count(10.0, 3.0), count(5.0, 1.0)

    def perf_counter(self) -> float:
        return next(self.passed)

    def process_time(self) -> float:
        return next(self.worked)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


async def test_a_write_tells_how_long_the_process_waited(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that passed, without what the process itself worked meanwhile."""
    await database.read(lambda _: None)
    monkeypatch.setattr(waits, "time", Passing())
    await database.write_guarded(lambda _: None)
    assert database.waited_seconds == pytest.approx(2.0)


def test_writes_side_by_side_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "time", Passing())
    waited = waits.Waits()
    with waited:
        with waited:
            assert waited.seconds == pytest.approx(2.0)
        assert waited.seconds == pytest.approx(4.0)
    assert waited.seconds == pytest.approx(6.0)
    assert waited.seconds == pytest.approx(6.0)
