"""Deadlines run by the database's time, whatever the clocks of the processes say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.factories import new_id
from tests.pipeline.conftest import FAST, House

from entrepot import clock, serving, settings
from entrepot.cli.session import on_book
from entrepot.clock import BookClock
from entrepot.store import schema
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.opening import open_database
from entrepot.writer.writer import Writer

SECOND = 1_000_000
HOUR, YEAR = 3_600 * SECOND, 365 * 86_400 * SECOND
START = 1_900_000_000_000_000


class Machine:
    """A machine with two clocks, and a database that has one of its own."""

    def __init__(self) -> None:
        self.wall, self.steady, self.answer_takes = START, 5 * YEAR, 0
        self.database: int | None = START - HOUR
        self.clock = BookClock(lambda: self.wall, lambda: self.steady)

    def pass_by(self, microseconds: int) -> None:
        self.wall += microseconds
        self.steady += microseconds
        if self.database is not None:
            self.database += microseconds

    async def clock_of_database(self) -> int | None:
        self.pass_by(self.answer_takes // 2)
        told = self.database
        self.pass_by(self.answer_takes // 2)
        return told

    async def look(self) -> None:
        class Book:
            clock = staticmethod(self.clock_of_database)

        await self.clock.look(Book())


async def test_the_time_is_the_databases_whatever_the_machine_says() -> None:
    machine = Machine()
    assert machine.clock.now() == START, "nobody was asked yet"
    await machine.look()
    assert machine.clock.now() == machine.database == START - HOUR
    for jump in (YEAR, -2 * YEAR):
        machine.wall += jump
        machine.pass_by(SECOND)
        assert machine.clock.now() == machine.database
    await machine.look()
    assert machine.clock.now() == machine.database


async def test_an_answer_that_was_long_on_its_way_sets_no_clock() -> None:
    machine = Machine()
    machine.answer_takes = SECOND // 2
    await machine.look()
    assert machine.clock.now() == machine.database
    before = machine.clock.now() - (machine.database or 0)
    machine.database = (machine.database or 0) - HOUR
    machine.answer_takes = 20 * SECOND
    await machine.look()
    assert machine.clock.now() - machine.database == before + HOUR


async def test_without_a_clock_of_the_database_the_machines_counts() -> None:
    machine = Machine()
    machine.database = None
    await machine.look()
    machine.wall += YEAR
    assert machine.clock.now() == machine.wall


async def test_clocks_that_differ_are_told_once() -> None:
    machine = Machine()
    with capture_logs() as logs:
        await machine.look()
        await machine.look()
    assert [one["event"] for one in logs] == ["clock.differs"]
    assert logs[0]["machine_is_ahead_seconds"] == 3600.0
    machine.wall -= HOUR
    with capture_logs() as logs:
        await machine.look()
        machine.wall += 2 * HOUR
        await machine.look()
    assert [one["machine_is_ahead_seconds"] for one in logs] == [7200.0]


async def test_a_database_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LOOK_SECONDS", 0.0)
    made, asked = BookClock(lambda: START, lambda: 0), asyncio.Event()

    class Book:
        away = 2

        async def clock(self) -> int:
            if self.away:
                self.away -= 1
                raise Unavailable("no route to the book")
            asked.set()
            return START + HOUR

    keeping = asyncio.create_task(made.keep(Book()))
    async with asyncio.timeout(30):
        await asked.wait()
    keeping.cancel()
    assert made.now() == START + HOUR


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_a_database_tells_its_time(engine: str, fresh_database: Callable[[str], str]) -> None:
    database = open_database(fresh_database(engine))
    before = time.time_ns() // 1_000
    told = await database.clock()
    after = time.time_ns() // 1_000
    await database.close()
    assert (told is None) == (engine == "sqlite")
    # The server of a test has the clock of this machine.
    assert told is None or before - SECOND < told < after + SECOND


def test_a_server_and_a_command_go_by_the_clock_of_their_book(
    fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Database] = []

    class Noting(BookClock):
        async def look(self, book: Any) -> None:
            looked.append(book)

    url = fresh_database("sqlite")
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", url)
    monkeypatch.setattr(clock, "BOOK", Noting())

    async def served() -> None:
        database = open_database(url)
        await serving.begin_serving(database, settings.load())
        assert looked == [database]
        await database.close()

    asyncio.run(served())
    on_book(lambda database: database.read(lambda _: None), must_exist=True)
    assert len(looked) == 2


class TestTwoMachines:
    """An order that a machine accepts whose clock is an hour ahead, on PostgreSQL."""

    @pytest.fixture
    def book_url(self, fresh_database: Callable[[str], str]) -> str:
        return fresh_database("postgres")

    async def test_all_processes_write_the_databases_time(self, house: House) -> None:
        fast = BookClock(machine=lambda: time.time_ns() // 1_000 + HOUR)
        await fast.look(house.database)
        right: Any = house.now
        house.now = fast.now  # type: ignore[method-assign]
        house.writer = Writer(house.database, now=fast.now, new_id=new_id)
        house.start(settings=FAST)
        order_id = await house.place("pending-1")
        await house.until(order_id, "placed", "pending")
        latest = right() + SECOND
        [(held_until,)] = await house.rows(schema.reservations, "held_until")
        assert held_until <= latest + int(FAST.hold_seconds) * SECOND
        for column in ("created_at", "run_at"):
            [(at,)] = await house.rows(schema.jobs, column)
            assert at <= latest, column
        times = await house.rows(schema.events, "at")
        assert max(at for (at,) in times) <= latest
