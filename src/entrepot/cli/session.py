"""How a command opens the order book, works on it and closes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from entrepot import clock, settings, telemetry
from entrepot.cli.errors import OperatorError
from entrepot.core import ids
from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database, parsed_url
from entrepot.store.engines.private_files import readable_by_others
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import migrate
from entrepot.store.writing import announced, order_names

__all__ = [
    "Meant",
    "OperatorError",
    "commit",
    "on_book",
    "order_meant",
    "order_words",
    "organization",
    "read",
    "require_book",
]

T = TypeVar("T")

_TRIES = 4
_NAMED_MAX = 5  # orders that one text may mean and that are listed
MAKERS = "`entrepot serve`, `migrate`, `demo` and `org create` make one"


def on_book(
    work: Callable[[Database], Awaitable[T]],
    *,
    up_to_date: bool = True,
    must_exist: bool = False,
    serving: bool = False,
) -> T:
    """Open the database of the settings, run `work` on it, close it.

    `up_to_date` makes the schema or migrates it. `must_exist` changes no schema: the book has to be
    there and up to date. `serving` leaves the warning about readable files to the server. No other
    work waits for this connection, so statements have no time limit. Raises OperatorError if
    there is no such book.
    """
    chosen = settings.load()
    telemetry.set_up_logging(chosen.log_level)
    if must_exist:
        require_book(chosen.database_url)

    async def run() -> T:
        database = open_database(
            chosen.database_url, chosen.database_pool, patient=True, pooler=chosen.database_pooler
        )
        try:
            if must_exist:
                why_not = migrate.why_not_at_head(await migrate.revision(database))
                if why_not is not None:
                    raise OperatorError(why_not)
            elif up_to_date:
                await migrate.upgrade(database)
            await clock.BOOK.look(database)
            return await work(database)
        finally:
            await database.close()

    done = asyncio.run(run())
    if not must_exist and not serving:
        warn_of_readers(chosen.database_url)
    return done


def warn_of_readers(url: str) -> None:
    """Log a warning if other users may read the SQLite file of a URL or the files beside it.

    New files are readable by their owner only. The mode of an existing file is its owner's choice.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite":
        return
    book = Path(str(parsed.database))
    for path in (book, *(book.with_name(book.name + end) for end in ("-wal", "-shm"))):
        if path.is_file() and readable_by_others(path):
            telemetry.log.warning("book.readable_by_others", path=str(path), remedy="chmod 600")


def require_book(url: str) -> None:
    """Raise OperatorError if the URL names an SQLite file that is missing or empty."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite":
        return
    path = Path(str(parsed.database))
    if path.is_dir():
        raise OperatorError(
            f"{path} is a folder, not an order book; name a file in {settings.PREFIX}DATABASE_URL"
        )
    if not path.exists() or path.stat().st_size == 0:
        raise OperatorError(f"there is no order book at {path}; {MAKERS}")


def read(work: Callable[[Connection], T]) -> T:
    """Run `work`, which only reads, on an existing book. No file needs to be writable."""
    return on_book(lambda database: database.read(work), must_exist=True)


async def commit(database: Database, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction. If another process was faster, run it again.

    Raises Conflict after the last of four tries.
    """
    for _ in range(_TRIES - 1):
        with suppress(Conflict):
            return await database.write(work)
    return await database.write(work)


def organization(conn: Connection, name: str) -> accounts.Organization:
    """The organization that the operator means by a name, in any case, a number or an id.

    Raises OperatorError where none is meant, or where a name is the number of another one.
    """
    found = accounts.organizations_meant(conn, name)
    if not found:
        alike = accounts.organizations_like(conn, name)
        if len(alike) == 1:
            return alike[0]
        raise OperatorError(f"no organization is called {name!r}; `entrepot org list` shows them")
    if len(found) > 1:
        listed = ", ".join(f"{one.name!r} ({ids.dashed(one.id)})" for one in found)
        raise OperatorError(f"{name!r} means more than one organization: {listed}; give the id")
    return found[0]


class Meant(NamedTuple):
    """An order that an operator means: its organization's number, and its id."""

    org: int
    order_id: bytes


def order_words(words: Sequence[str], org: str | None = None) -> tuple[str | None, str]:
    """ORG, if it is named, and ORDER, of the words ORDER or ORG ORDER.

    Raises OperatorError for other words.
    """
    taken = 2 if org is None else 1
    if not words:
        raise OperatorError("no order is named; name it by an id, a name, or its number as #1042")
    if len(words) > taken:
        extra = ", ".join(repr(word) for word in words[taken:])
        raise OperatorError(f"one ORDER is taken, and {extra} is too much; name one")
    return (words[0] if len(words) == taken > 1 else org), words[-1]


def order_meant(conn: Connection, words: Sequence[str], org: str | None = None) -> Meant:
    """The order that the operator means by ORDER, or by ORG and ORDER.

    ORDER is any id, name or number (`#1042`) of it. Without an organization it is looked for in
    all of them. Raises OperatorError where no order is meant, or more than one.
    """
    org, text = order_words(words, org)
    mine = accounts.organizations(conn) if org is None else [organization(conn, org)]
    found = [(one, its) for one in mine for its in order_names.called(conn, one.org, text)]
    if not found:
        if text.isprintable() and any(announced.meant(conn, one.org, {text}) for one in mine):
            sentence = f"order {text!r} is announced, and nobody has told it yet"
            raise OperatorError(f"{sentence}; `entrepot orders --announced` says what to do")
        raise OperatorError(f"no order is called {text!r}; give its id")
    if len(found) > 1:
        listed = ", ".join(
            f"{ids.dashed(its.id)} (#{its.number} of {one.name})" for one, its in found[:_NAMED_MAX]
        )
        more = f" and {len(found) - _NAMED_MAX} more" if len(found) > _NAMED_MAX else ""
        raise OperatorError(f"more than one order is called {text!r}: {listed}{more}; give the id")
    [(one, its)] = found
    return Meant(one.org, its.id)
