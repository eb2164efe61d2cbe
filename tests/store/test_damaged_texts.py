"""A text of a row that is no UTF-8 any more, in SQLite: its readers get the row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from structlog.testing import capture_logs

from entrepot.core.broadcasts import NO_COST, Broadcast
from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.reading import broadcasts
from entrepot.store.schema import readable
from entrepot.store.verify import verify

ID = b"b" * 16
TOLD = Broadcast(
    7, ID, "Spring", "Sent", "null", "null", "", None, 0, 0, 0, 0, NO_COST, "", 5, 5, 1
)  # fmt: skip


@pytest.mark.parametrize("way", ["read", "read_one", "read_long"])
async def test_a_text_with_a_flipped_bit_keeps_nobody_from_the_list(
    way: str, fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every list with such a row answered 500."""
    monkeypatch.setattr(readable, "_told", set())
    database: Any = open_database(fresh_database("sqlite"))
    kept = schema.BROADCASTS

    def damage_name(conn: Connection) -> None:
        conn.exec_driver_sql(
            "UPDATE broadcasts SET name = CAST(x'53707269ee67' AS TEXT) WHERE id = ?", (ID,)
        )

    def damage(conn: Connection) -> None:
        for id_ in (ID, b"c" * 16):
            values = dict(zip(kept.columns, kept.to_row(TOLD._replace(id=id_)), strict=True))
            conn.execute(insert(kept.table).values(values))
        damage_name(conn)

    def look(conn: Connection) -> list[str]:
        found = broadcasts.listed(conn, 7, None, 10)
        return [one.name for one in found]

    await database.write(damage)
    ask = getattr(database, way)
    with capture_logs() as logs:
        assert await ask(look) == ["Spring", "Spri\ufffdg"]
        assert await ask(look) == ["Spring", "Spri\ufffdg"]
    told = [(line["table"], line["column"], line["row"]) for line in logs]
    assert told == [("broadcasts", "name", {"org": 7, "id": ID.hex()})]
    assert database._read_conn.connection.driver_connection.text_factory is str
    report = await database.read(verify)
    assert [one for one in report.violations if one.invariant == "DAMAGE"], report

    def of_another_kind(conn: Connection) -> None:
        conn.exec_driver_sql("UPDATE broadcasts SET name = 'Spring', audience = '[1]'")

    await database.write(of_another_kind)
    told = (await database.read(verify)).violations
    named = [one.witnesses for one in told if one.invariant == "DAMAGE"]
    assert [one["unknown_value"] for one in named[0]] == ["audience"] * 2
    await database.write(damage_name)
    # Writers do not take such a text for one that can be kept.
    with pytest.raises(Exception, match="UTF-8"):
        await database.write(look)
    await database.close()
