"""Bringing a database's schema to head, and telling whether it is there."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, insert, inspect, select, table
from sqlalchemy.exc import DBAPIError

from entrepot import failpoints
from entrepot.store import schema
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.outage import OtherSchema
from entrepot.store.engines.sql import Conflict, sql_of

# Alembic is imported where the schema changes: a book that is at head does without it.
if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent / "migrations"
_STAMP = table("alembic_version", column("version_num"))
_SERIAL = re.compile(r"[0-9]{4}")
_NAMED_MAX = 3  # tables
# A process that starts waits so long for a database that is away, and looks so often.
REACHED_SECONDS, LOOK_SECONDS = 10.0, 0.5
_NAME_ANOTHER = "name another one in ENTREPOT_DATABASE_URL"
INSTALL_SECRET = "install_secret"  # noqa: S105 - the name of a row


def _config(conn: Connection | None = None) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = conn
    return config


@cache
def head() -> str:
    """The newest revision that this program knows: the files' serials are the revisions."""
    return max(_known())


@cache
def _known() -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in _HERE.glob("versions/[0-9]*.py"))


def why_not_at_head(found: str | None) -> str | None:
    """Why a book at this revision cannot be worked with, and what helps; None when it can."""
    if found == head():
        return None
    if found is None:
        return "the database has no order book yet; `entrepot migrate` makes one"
    if found in _known():
        return f"the book's schema is {found}, older than {head()}; run `entrepot migrate`"
    if not _SERIAL.fullmatch(found):
        return f"the database's schema is {found!r}, which is another program's; {_NAME_ANOTHER}"
    return (
        f"the book's schema is {found}, newer than this program, which knows {head()}; install "
        "the newer version again, or restore the book from before its upgrade"
    )


def is_newer(found: str) -> bool:
    """Whether a newer version than this wrote the book, or another program."""
    return found not in _known()


class NewerSchema(RuntimeError):
    """The book was written by a newer version."""


class NoOrderBook(RuntimeError):
    """The database is another program's, or cannot hold an order book."""


def _require_room(conn: Connection) -> None:
    """Raise NoOrderBook where no order book can be made in this database.

    A file belongs to one program; a PostgreSQL database may have other tables beside the book's.
    """
    is_file = sql_of(conn).own_file
    tables = set(inspect(conn).get_table_names()) - {_STAMP.name}
    foreign = tables if is_file else tables & schema.metadata.tables.keys()
    if foreign:
        named = ", ".join(sorted(foreign)[:_NAMED_MAX])
        raise NoOrderBook(
            f"the database has tables already, and no schema of an order book ({named}); "
            f"{_NAME_ANOTHER}, or see what `entrepot verify` says of it"
        )
    if is_file:
        return
    encoding = conn.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise NoOrderBook(
            f"the database's encoding is {encoding}, which has no place for all names; make one "
            "with `createdb -E UTF8 -T template0`"
        )


def _upgrade(conn: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above

    if revision_of(conn) is None:
        _require_room(conn)
    command.upgrade(_config(conn), "head")
    kept = schema.installation
    if conn.execute(select(kept.c.value).where(kept.c.name == INSTALL_SECRET)).first() is None:
        conn.execute(insert(kept).values(name=INSTALL_SECRET, value=secrets.token_bytes(32)))
    failpoints.reached("migrate.commit")


async def upgrade(database: Database) -> None:
    """Bring the schema to head, in one transaction; do nothing if the schema is there already.

    If several processes start on an empty database at once, one of them makes the schema.
    """
    for patience in (0.2, 1.0):
        try:
            found = await revision(database)
            if found == head():
                return
            if found is not None and is_newer(found):
                raise NewerSchema(why_not_at_head(found))
            await database.write(_upgrade)
        except (Conflict, OtherSchema, DBAPIError):
            await asyncio.sleep(patience)
        else:
            return
    await database.write(_upgrade)


async def reached(database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Wait until the database can be read, for ten seconds at most: a process that takes the place
    of another one may begin while the database is away. Raises Unavailable.
    """
    until = monotonic() + REACHED_SECONDS
    while True:
        try:
            await revision(database)
        except Unavailable:
            if monotonic() >= until:
                raise
            await asyncio.sleep(LOOK_SECONDS)
        else:
            return


async def revision(database: Database) -> str | None:
    """The revision that the database is at; None where it has no schema."""
    return await database.read(revision_of)


def revision_of(conn: Connection) -> str | None:
    """The revision that a connection's database is at; None where it has no schema.

    Raises NoOrderBook.
    """
    if not inspect(conn).has_table(_STAMP.name):
        return None
    found = conn.execute(select(_STAMP.c.version_num)).scalars().all()
    if len(found) > 1:
        raise NoOrderBook(f"the database has more than one schema version; {_NAME_ANOTHER}")
    return found[0] if found else None


async def install_secret(database: Database) -> bytes:
    """The secret of this book, made with its schema: payment keys are derived from it."""
    secret = await database.read(secret_of)
    if secret is None:
        raise RuntimeError(
            "the book has no secret to make payment keys from; restore its table `installation` "
            "from a backup: new keys would ask for payments again"
        )
    return secret


def secret_of(conn: Connection) -> bytes | None:
    """The secret in a connection's book; None where it is gone."""
    kept = schema.installation
    statement = select(kept.c.value).where(kept.c.name == INSTALL_SECRET)
    found = conn.execute(statement).scalar_one_or_none()
    return None if found is None else bytes(found)
