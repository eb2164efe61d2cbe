"""Bringing a database's schema to head, and telling whether it is there."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError

from entrepot.store import schema
from entrepot.store.bulk import Conflict
from entrepot.store.engine import Database

_HERE = Path(__file__).parent / "migrations"
INSTALL_SECRET = "install_secret"  # noqa: S105 - the name of a row


def _config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = conn
    return config


def head() -> str:
    """The newest revision that this program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _upgrade(conn: Connection) -> None:
    command.upgrade(_config(conn), "head")
    kept = schema.installation
    if conn.execute(select(kept.c.value).where(kept.c.name == INSTALL_SECRET)).first() is None:
        conn.execute(insert(kept).values(name=INSTALL_SECRET, value=secrets.token_bytes(32)))


async def upgrade(database: Database) -> None:
    """Bring the schema to head, in one transaction; nothing happens when it is there already.

    Of several processes that start on an empty database at once, one makes the schema.
    """
    for patience in (0.2, 1.0):
        try:
            await database.write(_upgrade)
        except (Conflict, DBAPIError):
            await asyncio.sleep(patience)
        else:
            return
    await database.write(_upgrade)


async def revision(database: Database) -> str | None:
    """The revision that the database is at; None where it has no schema."""
    return await database.read(lambda conn: MigrationContext.configure(conn).get_current_revision())


async def install_secret(database: Database) -> bytes:
    """The secret of this book, made with its schema: payment keys are derived from it."""
    kept = schema.installation
    statement = select(kept.c.value).where(kept.c.name == INSTALL_SECRET)
    return bytes(await database.read(lambda conn: conn.execute(statement).scalar_one()))
