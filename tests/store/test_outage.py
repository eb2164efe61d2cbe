"""The log of an outage: the database's sentence once a minute, and a line at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update
from structlog.testing import capture_logs

from entrepot.serving import begin_serving
from entrepot.settings import Settings
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines import readiness
from entrepot.store.engines.outage import (
    SENTENCES_MAX,
    Damaged,
    NoRoom,
    OtherSchema,
    Outage,
    Unavailable,
)
from entrepot.store.keeping import migrate
from entrepot.store.reading import queries

FULL = "database or disk is full"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage(clock: Clock) -> Outage:
    made = Outage("writing", clock)
    made.tells = True
    return made


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as captured:
        yield captured


def test_the_sentence_is_told_once_a_minute_and_the_end_once(
    outage: Outage, clock: Clock, logs: list[Any]
) -> None:
    for _ in range(130):
        clock.now += 1
        outage.failed(NoRoom(FULL))
    told = [{"doing": "writing", "why": FULL, "failures": n} for n in (1, 61, 121)]
    lines = [{"event": "database.unavailable", "log_level": "error", **one} for one in told]
    assert logs == lines
    clock.now += 1
    for _ in range(3):
        outage.worked(proven=True)
    back = {
        "event": "database.back", "log_level": "warning", "doing": "writing", "failures": 130,
        "after_seconds": 130.0,
    }  # fmt: skip
    assert logs == [*lines, back]
    assert outage.error is None


def test_each_sentence_is_told_and_no_more_than_a_few(
    outage: Outage, clock: Clock, logs: list[Any]
) -> None:
    for number in range(100):
        outage.failed(Unavailable("no " + "really " * number))
    assert len(logs) == SENTENCES_MAX
    clock.now += 61
    outage.failed(Unavailable("another one"))
    assert len(logs) == SENTENCES_MAX + 1


def test_a_full_disk_is_told_once_whatever_file_has_no_room(
    outage: Outage, logs: list[Any]
) -> None:
    for number in range(16_384, 16_400):
        outage.failed(NoRoom(f'could not extend file "base/5/{number}": No space left on device'))
    assert [one["why"] for one in logs] == [
        'could not extend file "base/5/16384": No space left on device'
    ]


def test_a_flutter_is_told_once(outage: Outage, clock: Clock, logs: list[Any]) -> None:
    for _ in range(20):
        clock.now += 1
        outage.failed(Unavailable("terminating connection"))
        outage.worked()
    assert [line["event"] for line in logs] == ["database.unavailable", "database.back"]


def test_an_outage_that_comes_again_is_told_again_once_it_lasts(
    outage: Outage, clock: Clock, logs: list[Any]
) -> None:
    for _ in range(2):
        for _ in range(30):
            outage.failed(Unavailable("refused"))
            clock.now += 0.1
        outage.worked()
    assert [line["event"] for line in logs] == ["database.unavailable", "database.back"] * 2


def test_a_small_write_is_not_the_end_of_a_full_disk(
    outage: Outage, clock: Clock, logs: list[Any]
) -> None:
    for _ in range(20):
        outage.failed(NoRoom(FULL))
        clock.now += 0.5
        outage.worked()
        assert outage.error is not None
    assert [line["event"] for line in logs] == ["database.unavailable"]
    clock.now += 0.6
    assert not outage.is_known(), "a small write does not put the proof off"
    clock.now += 9.5
    outage.worked()
    assert outage.error is None, "nothing failed for a while"
    outage.failed(NoRoom(FULL))
    outage.worked(proven=True)
    assert outage.error is None


def test_a_command_raises_its_sentence_and_logs_nothing(clock: Clock, logs: list[Any]) -> None:
    outage = Outage("reading", clock)
    outage.failed(Unavailable("refused"))
    outage.worked()
    assert logs == []


def test_damage_stays_and_the_rest_goes(outage: Outage) -> None:
    outage.failed(Unavailable("refused"))
    outage.worked()
    assert not outage.damaged
    outage.failed(Damaged("database disk image is malformed"))
    outage.worked()
    assert (outage.error, outage.damaged) == (None, True)


def test_a_recent_use_needs_no_proof(outage: Outage, clock: Clock) -> None:
    assert not outage.is_known()
    outage.worked()
    clock.now += 4.9
    assert outage.is_known()
    clock.now += 0.2
    assert not outage.is_known()
    outage.failed(Unavailable("refused"))
    clock.now += 0.9
    assert outage.is_known()
    clock.now += 0.2
    assert not outage.is_known()


class Away:
    """A database that is away for so many reads."""

    def __init__(self, reads: int) -> None:
        self.left = reads

    async def read(self, _work: Any) -> str:
        if self.left:
            self.left -= 1
            raise Unavailable("no route to the book")
        return migrate.head()


async def test_a_process_that_starts_waits_for_a_database_that_is_away_for_a_moment(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def passes(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr(asyncio, "sleep", passes)
    database: Any = Away(5)
    await migrate.reached(database, clock)
    assert database.left == 0
    database = Away(1000)
    with pytest.raises(Unavailable, match="no route to the book"):
        await migrate.reached(database, clock)
    assert database.left > 900


_WRITES: dict[str, Any] = {
    "DROP TABLE order_lines": delete(schema.order_lines),
    "ALTER TABLE orders DROP COLUMN notes": update(schema.orders).values(notes=""),
}


@pytest.mark.parametrize("lacking", _WRITES)
async def test_a_schema_that_lacks_something_is_an_outage_that_is_told_once(
    database: Database, logs: list[Any], lacking: str
) -> None:
    """As where an old program runs on a newer book, or a new one on an older: each request failed
    with a traceback of its own.
    """

    def older(conn: Connection) -> None:
        conn.exec_driver_sql(lacking).close()
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'").close()

    await database.write(older)
    await begin_serving(database, Settings(role="api"))
    for _ in range(10):
        with pytest.raises(OtherSchema, match="entrepot verify"):
            await database.read(lambda conn: queries.order_by_id(conn, 1, b"o" * 16))
    with pytest.raises(OtherSchema):
        await database.write(lambda conn: conn.execute(_WRITES[lacking]))
    told = [line for line in logs if line["event"] == "database.unavailable"]
    assert [line["doing"] for line in told] == ["reading", "writing"]
    assert all("schema is not the one" in line["why"] for line in told)
    assert await readiness.fault(database) == "schema"
