"""Reading the log goes by the index of numbers, however many events there are."""

from __future__ import annotations

import re

from sqlalchemy import Connection
from tests.store.test_retention import furnish, plan

from entrepot.store.engine import Database
from entrepot.store.reading import audit, event_log


async def test_the_log_is_read_by_the_index_of_numbers(database: Database) -> None:
    def look(conn: Connection) -> str:
        return plan(conn, event_log.after_statement(1, 500, 100))

    await database.write(furnish)
    found = await database.write(look)
    by_index = r"events_number( on events)? ?(\(org=\? AND number>\?\)|.*\n\s+Index Cond: .*org = )"
    assert re.search(by_index, found), found
    assert "B-TREE" not in found, found
    assert "Sort" not in found, found


async def test_the_newest_events_are_found_by_the_index(database: Database) -> None:
    def look(conn: Connection) -> str:
        return plan(conn, audit.newest_statement(1, 50))

    await database.write(furnish)
    found = await database.write(look)
    by_index = r"events_number( on events)? ?(\(org=\?\)|.*\n\s+Index Cond: .*org = )"
    assert re.search(by_index, found), found
    assert "B-TREE" not in found, found
    assert "Sort" not in found, found
