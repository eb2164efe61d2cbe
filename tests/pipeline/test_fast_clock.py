"""A clock that stood ahead and came back strands no job, whatever the job had come to."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert
from structlog.testing import capture_logs
from tests.pipeline.conftest import POLICIES, SECRET, House

from entrepot.core.decide.jobs import PUT_OFF_MAX
from entrepot.pipeline.retry import Policy
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.outside import SANDBOX
from entrepot.pipeline.steps.reserve import reserve
from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.writing import queue

SECOND, HOUR, YEAR = 1_000_000, 3_600, 365 * 86_400
SLOW = {**POLICIES, "authorise": Policy(50.0, 50.0, 50)}
NOW = 1_900_000_000_000_000


@pytest.mark.parametrize("jump", [30, HOUR - 1, YEAR])
@pytest.mark.parametrize("step", ["reserve", "authorise"])
async def test_a_book_that_a_fast_clock_has_written_goes_on(
    house: House, jump: int, step: str
) -> None:
    """The order, its first step and the step after that are made while the clock stands ahead."""
    house.ahead = jump * SECOND
    order_id = await house.place()
    if step == "authorise":
        [row] = await house.rows(schema.jobs, *schema.JOBS.columns)
        terms = Terms(house.now, lambda: 1.0, POLICIES)
        await house.do(reserve(schema.JOBS.from_row(row), frozenset(), SANDBOX, SECRET, terms))
    assert await house.rows(schema.jobs, "kind") == [(step,)]
    house.ahead = 0
    with capture_logs() as logs:
        house.start(policies=SLOW, random01=lambda: 1.0)
        await house.until(order_id, "confirmed", "authorized")
    assert "pipeline.clock_was_ahead" in [entry["event"] for entry in logs]
    await house.cancel(order_id)
    await house.until_quiet()
    await house.check()


class Deferred(NamedTuple):
    """A job that a clock put off which stood ahead by `jump`, `since` microseconds ago.

    `wait`: for how long; None where the job was only made.
    """

    jump: int
    wait: int | None
    since: int

    @property
    def chosen(self) -> int:
        return NOW - self.since + self.jump

    @property
    def run_at(self) -> int:
        return self.chosen + (self.wait or 0)


DEFERRED = st.builds(
    Deferred,
    st.integers(0, 2 * PUT_OFF_MAX) | st.integers(0, YEAR * SECOND),
    st.none() | st.integers(0, PUT_OFF_MAX),
    st.integers(0, 2 * PUT_OFF_MAX),
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deferred=st.lists(DEFERRED, min_size=20, max_size=40))
def test_no_job_waits_for_longer_than_it_was_put_off(
    database_url: str, deferred: list[Deferred]
) -> None:
    """Each job is taken now, or is due within its own wait, whatever the clock was."""
    rows = [
        {
            "org": 1, "id": number.to_bytes(16, "big"), "kind": "fetch", "payload": "x",
            "state": "due", "run_at": one.run_at, "leased_until": 0, "fence": 0, "tries": 0,
            "created_at": one.chosen, "put_off_at": None if one.wait is None else one.chosen,
        }
        for number, one in enumerate(deferred)
    ]  # fmt: skip

    def work(conn: Connection) -> set[bytes]:
        conn.execute(delete(schema.jobs))
        conn.execute(insert(schema.jobs), rows)
        lease = queue.Lease(NOW, NOW + 60 * SECOND)
        taken = queue.claim(conn, NOW, lease.until, 99) + queue.claim_astray(conn, lease, 99)
        return {one.job.id for one in taken}

    async def run() -> set[bytes]:
        database = open_database(database_url)
        await migrate.upgrade(database)
        try:
            return await database.write(work)
        finally:
            await database.close()

    taken: Any = asyncio.run(run())
    for row, one in zip(rows, deferred, strict=True):
        left = max(one.run_at - NOW, 0)
        most = min((one.wait or 0) + queue.SKEW, PUT_OFF_MAX)
        assert row["id"] in taken or left <= most, one
