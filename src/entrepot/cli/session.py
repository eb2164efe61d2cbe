"""Running one piece of work on the order book from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import Connection

from entrepot import settings, telemetry
from entrepot.store import accounts, migrate, order_names
from entrepot.store.engine import Database, Unavailable, open_database

T = TypeVar("T")


class OperatorError(Exception):
    """Something that the operator asked for cannot be done."""


# What is told in one sentence, without a trace.
FAULTS = (settings.SettingsError, Unavailable, OperatorError, RuntimeError)


def on_book(work: Callable[[Database], Awaitable[T]], *, up_to_date: bool = True) -> T:
    """Open the database of the settings, run `work` on it, close it. Makes the schema at need.

    Nobody else waits for it, so that it may take its time.
    """
    chosen = settings.load()
    telemetry.set_up_logging(chosen.log_level)

    async def run() -> T:
        database = open_database(chosen.database_url, chosen.database_pool, patient=True)
        try:
            if up_to_date:
                await migrate.upgrade(database)
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def write(work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction on the book."""
    return on_book(lambda database: database.write(work))


def organization(conn: Connection, name: str) -> accounts.Organization:
    """The organization that the operator means by a name, number or id."""
    found = accounts.organization_named(conn, name)
    if found is None:
        raise OperatorError(f"no organization is called {name!r}")
    return found


def order_called(conn: Connection, org: int, text: str) -> bytes:
    """The id of the organization's order that the operator means by any id or name of it."""
    found = order_names.find(conn, org, text, "operator")
    if found is None:
        raise OperatorError(f"no order, or more than one, is called {text!r}")
    return found
