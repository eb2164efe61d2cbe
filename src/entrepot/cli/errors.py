"""The one door for faults of the command line: one sentence each, and what to do about it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

from cyclopts import CycloptsError

from entrepot import settings


class OperatorError(Exception):
    """Something that the operator asked for cannot be done; the text says what helps."""


_URL = settings.PREFIX + "DATABASE_URL"
_WORDS_MAX = 300

# SQLite's primary result codes.
_SQLITE = {
    3: "{book} may not be used: {why}; give this user the right to read and write the file and its "
    "folder",
    5: "{book} is busy: {why}; stop the other program that writes to it, or try again",
    6: "{book} is busy: {why}; stop the other program that writes to it, or try again",
    8: "{book} cannot be written to: {why}; give this user the right to write to the file and its "
    "folder",
    10: "{book} cannot be read or written: {why}; look at the disk",
    11: "{book} is damaged: {why}; `entrepot verify` says where, and docs/verify.md what to do",
    13: "{book} cannot grow: {why}; make room, and try again",
    14: f"{{book}} cannot be opened: {{why}}; see that the path of {_URL} is a file in a folder "
    "that this user may read and write",
    26: f"{{book}} is no order book: {{why}}; name another file in {_URL}",
}
# PostgreSQL's states.
_POSTGRES = {
    "3D000": f"{{why}}; make it with `createdb`, or name another one in {_URL}",
    "28000": f"{{why}}; make the role with `createuser`, or name another one in {_URL}",
    "28P01": f"{{why}}; correct the password in {_URL}",
    "42501": "{why}; grant the role what README.md names: CREATE on the schema, and TEMPORARY on "
    "the database",
    "53300": "{why}; raise max_connections, or lower ENTREPOT_DATABASE_POOL",
    "57P03": "{why}; wait until PostgreSQL has started, and try again",
    "42P01": "{why}; `entrepot verify` says what the book lacks",
}


def sentence_of(error: BaseException) -> str:
    """What went wrong, in one sentence and with its remedy. The text shows no password."""
    if isinstance(error, OperatorError):
        return str(error)
    if isinstance(error, settings.SettingsError):
        return "; ".join(str(error).splitlines())
    if isinstance(error, CycloptsError):
        why = " ".join(str(error).split()).rstrip(".")
        return f"{why}; `entrepot --help` shows the commands, and each has a --help of its own"
    for one in _chain(error):
        said = _of_driver(one) or _of_system(one)
        if said:
            return " ".join(said.split())
    from entrepot.store.engine import Unavailable  # noqa: PLC0415 - the help does without the store

    if isinstance(error, Unavailable | RuntimeError):
        said = " ".join(str(error).split())
        return said if ";" in said else f"{said}; see that it runs where {_URL} says, and try again"
    kind, why = type(error).__name__, " ".join(str(error).split())[:_WORDS_MAX]
    return (
        f"an unexpected fault, {kind}: {why}; run it again with "
        f"{settings.PREFIX}LOG_LEVEL=debug to see where, and report it"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, the deepest cause first."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = getattr(one, "orig", None) or one.__cause__ or one.__context__
    return reversed(found)


def _of_driver(error: BaseException) -> str | None:
    code: Any = getattr(error, "sqlite_errorcode", None)
    state: Any = getattr(error, "sqlstate", None)
    why = str(error).partition("\n")[0].rpartition(">: ")[2][:_WORDS_MAX]
    if code is not None and code & 0xFF in _SQLITE:
        return _SQLITE[code & 0xFF].format(book=book_named(), why=why)
    if code is not None and "no such table" in why:
        return f"{book_named()} is not whole: {why}; `entrepot verify` says what it lacks"
    if isinstance(state, str):
        return _POSTGRES.get(state, "PostgreSQL refused: {why}").format(why=why)
    return None


def _of_system(error: BaseException) -> str | None:
    if isinstance(error, socket.gaierror):
        return f"the host of the database is not known: {error.strerror}; correct it in {_URL}"
    if isinstance(error, OSError) and error.filename is not None:
        name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
        return f"{name}: {error.strerror}; see that this user may read and write there"
    return None


def book_named() -> str:
    """The SQLite book of the settings by its path, or `the database`."""
    from entrepot.store.engine import parsed_url  # noqa: PLC0415 - the help does without the store

    try:
        parsed = parsed_url(settings.load().database_url)
    except (settings.SettingsError, RuntimeError):
        return "the database"
    sqlite = parsed.get_backend_name() == "sqlite"
    return str(parsed.database) if sqlite and parsed.database else "the database"
