"""Who has holds renewed is told of them by the version before, which has no such word."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection, select, text

from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate

CHOSEN = (
    "INSERT INTO organization_settings (org, capture, lapsing, attribution_days) "
    "VALUES (:org, 'manual', :lapsing, 7)"
)


async def test_who_has_holds_renewed_is_told_of_them_in_the_version_before(
    empty_database_url: str,
) -> None:

    def fill(conn: Connection) -> None:
        command.upgrade(migrate._config(conn), "0052")
        for org, lapsing in ((1, "renew"), (2, "capture")):
            conn.execute(text(CHOSEN), {"org": org, "lapsing": lapsing})

    def look(conn: Connection) -> list[tuple[int, str]]:
        its = schema.organization_settings.c
        return [tuple(row) for row in conn.execute(select(its.org, its.lapsing).order_by(its.org))]

    database = open_database(empty_database_url)
    try:
        await database.write(fill)
        assert await database.read(look) == [(1, "renew"), (2, "capture")]
        await database.write(lambda conn: command.downgrade(migrate._config(conn), "0051"))
        assert await database.read(look) == [(1, "alarm"), (2, "capture")]
        await migrate.upgrade(database)
        assert await database.read(look) == [(1, "alarm"), (2, "capture")]
    finally:
        await database.close()
