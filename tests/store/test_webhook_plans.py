"""Due webhooks are found by indexes, however many have nothing to be sent."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Connection, insert, text, update
from tests.asked import listen, plan_of
from tests.factories import open_shop

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Row
from entrepot.store.reading import webhooks

MANY = 3_000
LATER = 10**9
ASTRAY = 10**15  # no wait is so long


def _filled(conn: Connection) -> list[bytes]:
    """Organizations of one webhook each: one wrote of late, one fails, one repeats an event."""
    first = open_shop(conn).org
    ids = [number.to_bytes(16, "big") for number in range(1, MANY + 1)]
    conn.execute(insert(schema.order_counters), [
        {"org": first + at, "orders": 0, "events": 5, "committed_at": at}
        for at in range(1, MANY)
    ])  # fmt: skip
    conn.execute(insert(schema.webhooks), [
        {"org": first + at, "id": id_, "url": "u", "types": "", "format": "native",
         "state": "active", "secret": b"s", "reached": 5, "again": "", "tries": 0, "next_at": 0,
         "leased_until": 0, "version": 1, "created_at": 1, "updated_at": 1}
        for at, id_ in enumerate(ids) if at
    ])  # fmt: skip
    w = schema.webhooks
    late, failing, again = ids[-1], ids[10], ids[11]
    for id_, said in (
        (late, {"reached": 4}), (failing, {"reached": 4, "next_at": 7}),
        (again, {"again": "3", "next_at": LATER}), (ids[12], {"reached": 4, "next_at": LATER}),
        (ids[13], {"reached": 4, "leased_until": LATER}), (ids[14], {"reached": 4}),
        (ids[15], {"reached": 4, "leased_until": ASTRAY}),
        (ids[16], {"reached": 4, "next_at": ASTRAY}),
    ):  # fmt: skip
        conn.execute(update(w).where(w.c.id == id_).values(**said))
    if conn.dialect.name != "sqlite":  # nobody counts the rows of a book in SQLite
        conn.execute(text("ANALYZE"))
    return [failing, again, late]


async def test_due_webhooks_are_found_by_indexes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await database.write(_filled)
    heard: list[tuple[str, Row]] = []

    def look(conn: Connection) -> list[bytes]:
        return sorted(one.id for one in webhooks.due(conn, 20, MANY - 3, 9))

    with monkeypatch.context() as patch:
        listen(patch, lambda statement, values: heard.append((statement, values)))
        assert await database.read(look) == wanted
    [(statement, values)] = heard
    plan = await database.read(lambda conn: plan_of(conn, statement, values))
    for index in ("order_counters_committed", "webhooks_due", "webhooks_again"):
        assert index in plan, plan
    # What was found is gone through, and the few webhooks that send an event once more.
    whole = [step for step in plan.splitlines() if re.match(r"SCAN (?!s\d|\(subquery)", step)]
    assert whole in ([], ["SCAN w USING INDEX webhooks_again"]), plan
    assert "Seq Scan" not in plan, plan
    everything = await database.read(lambda conn: webhooks.due(conn, 20, 0, 9))
    assert len(everything) == len(wanted) + 3
