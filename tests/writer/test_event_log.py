"""A reader that remembers the last number it has read misses no event, whoever writes them.

Transactions are held before they write and before they commit, in an order that Hypothesis draws;
some are rolled back with what they have written. The reader looks between any two steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.util import await_only
from tests.factories import open_shop
from tests.writer.processes import Gate, Process
from tests.writer.test_writer import Watched

from entrepot.clock import new_id
from entrepot.core.order import Event
from entrepot.core.refusal import Refusal
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.sql import Conflict
from entrepot.store.reading import event_log
from entrepot.store.verify import verify
from entrepot.writer.envelope import Outcome

LANES = 3
PATIENCE = 30
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Lane(Process):
    """A process that does one command at a time, and can be held before it commits."""

    def __init__(self, database: Database, org: int) -> None:
        watched = Watched(database)
        super().__init__(watched, org)  # type: ignore[arg-type]
        self.holds = database.dialect == "postgresql"
        watched.after = self._written
        self.written, self.commit = asyncio.Event(), asyncio.Event()
        self.failures = 0
        self.gate = Gate()
        self.task: asyncio.Task[Outcome] | None = None
        self.mine: bytes = b""

    def _written(self, _number: int) -> None:
        if self.failures:
            self.failures -= 1
            raise Conflict("rolled back with what it has written")
        self.written.set()
        if self.holds and not self.commit.is_set():
            await_only(self.commit.wait())

    async def begin(self, kind: str) -> None:
        """Begin a command. On PostgreSQL it has decided then, and waits to write."""
        self.gate, self.written, self.commit = Gate(), asyncio.Event(), asyncio.Event()
        self.failures = kind == "rolled back"
        command = self.change(self.mine) if kind == "change" else self.place(1 + len(kind) % 3)
        if not self.holds:
            self.gate.open.set()
        self.task = asyncio.create_task(self.do(command, self.gate.answer))
        if self.holds:
            await asyncio.wait_for(self.gate.reached.wait(), PATIENCE)

    async def ended(self) -> None:
        assert self.task is not None
        outcome = await asyncio.wait_for(self.task, PATIENCE)
        assert not isinstance(outcome.result, Refusal), outcome.result
        self.task = None


class Reader:
    """A reader that remembers the last number and asks for the following ones."""

    def __init__(self, database: Database, org: int) -> None:
        self.database, self.org = database, org
        self.seen: list[Event] = []

    async def look(self) -> None:
        last = self.seen[-1].number if self.seen else 0
        found = await self.database.read(lambda conn: event_log.after(conn, self.org, last, 1_000))
        self.seen.extend(found)


class Play:
    """Lanes on one organization, moved on a step at a time, and a reader that looks after each."""

    def __init__(self, databases: list[Database], org: int) -> None:
        self.reader = Reader(databases[0], org)
        self.lanes = [Lane(databases[at % len(databases)], org) for at in range(LANES)]
        self.holder: Lane | None = None  # has raised the counter, and is not committed
        self.waiting: list[Lane] = []  # for the counter

    async def open(self) -> None:
        for lane in self.lanes:
            lane.commit.set()
            [order] = await lane.placed()
            lane.mine = order.id
            await self.reader.look()

    async def step(self, lane: Lane, kind: str) -> None:
        """Begin, write, or commit: the next action of this lane. A lane that waits does nothing."""
        if lane.task is None:
            await lane.begin(kind)
        elif not lane.holds:
            await lane.ended()
        elif lane is self.holder:
            await self._commit(lane)
        elif lane not in self.waiting:
            await self._write(lane)
        await self.reader.look()

    async def _write(self, lane: Lane) -> None:
        lane.gate.open.set()
        self.waiting.append(lane)
        if self.holder is None:
            await self._next_holder()
        else:
            await self._blocked(len(self.waiting))

    async def _commit(self, lane: Lane) -> None:
        lane.commit.set()
        await lane.ended()
        self.holder = None
        if self.waiting:
            await self._next_holder()

    async def _next_holder(self) -> None:
        """Return when one of those that wait has written; the others wait for it now."""
        looks = {asyncio.create_task(lane.written.wait()): lane for lane in self.waiting}
        async with asyncio.timeout(PATIENCE):
            done, others = await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
        for look in others:
            look.cancel()
        [self.holder] = [looks[look] for look in done]
        self.waiting.remove(self.holder)

    async def _blocked(self, lanes: int) -> None:
        def waiting(conn: Connection) -> int:
            found: int = conn.exec_driver_sql(_WAITING).scalar_one()
            return found

        async with asyncio.timeout(PATIENCE):
            while await self.reader.database.read(waiting) < lanes:
                await self.reader.look()

    async def close(self) -> None:
        """Everybody comes to the end."""
        while busy := [lane for lane in self.lanes if lane.task and lane not in self.waiting]:
            await self.step(busy[0], "")


class Stage:
    """A book for all examples; each has an organization of its own."""

    def __init__(self, urls: list[str]) -> None:
        self.databases = [open_database(url) for url in urls]
        # One loop for all examples: the databases' connections belong to it.
        self._runner = asyncio.Runner()

    def run(self, work: Callable[[], Any]) -> Any:
        return self._runner.run(work())

    def close(self) -> None:
        async def end() -> None:
            report = await self.databases[0].read(verify)
            for database in self.databases:
                await database.close()
            assert report.violations == []

        self._runner.run(end())
        self._runner.close()


@pytest.fixture(scope="module")
def stage(module_database_url: str) -> Iterator[Stage]:
    several = LANES if module_database_url.startswith("postgres") else 1
    made = Stage([module_database_url] * several)
    yield made
    made.close()


KINDS = st.sampled_from(["one", "two orders", "change", "rolled back"])
STEPS = st.lists(st.tuples(st.integers(0, LANES - 1), KINDS), min_size=4, max_size=14)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_reader_of_the_log_misses_nothing(stage: Stage, steps: list[tuple[int, str]]) -> None:
    async def played() -> None:
        database = stage.databases[0]
        name = new_id().hex()
        org = (await database.write(lambda conn: open_shop(conn, name))).org
        play = Play(stage.databases, org)
        await play.open()
        for at, kind in steps:
            await play.step(play.lanes[at], kind)
        await play.close()
        seen = play.reader.seen
        newest = await database.read(lambda conn: event_log.newest(conn, org))
        assert [event.number for event in seen] == list(range(1, newest + 1))
        again = Reader(database, org)
        await again.look()
        assert again.seen == seen, "what was read stays as it was read"
        by_order: dict[bytes, list[int]] = {}
        for event in seen:
            by_order.setdefault(event.subject_id, []).append(event.seq)
        assert all(told == list(range(1, len(told) + 1)) for told in by_order.values())

    stage.run(played)
