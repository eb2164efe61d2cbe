"""Faults of the command line: one sentence each, with its remedy."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from cyclopts import CycloptsError

from entrepot import settings
from entrepot.cli.lines import printable


class OperatorError(Exception):
    """A command cannot be done. The text says why and what helps."""


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
    26: f"{{book}} is not an order book: {{why}}; name another file in {_URL}",
}
# PostgreSQL's states, and below them their classes.
_ANOTHER_WRITES = "{why}; another program works on the same rows: try again"
_POSTGRES = {
    "3D000": f"{{why}}; make it with `createdb`, or name another one in {_URL}",
    "28P01": f"{{why}}; correct the password in {_URL}",
    "28": "{why}; make the role with `createuser`, give it LOGIN, or name another one in " + _URL,
    "42501": "{why}; grant the role what README.md names: CREATE on the schema, and TEMPORARY on "
    "the database",
    "53300": "{why}; raise the limit (max_connections, or CONNECTION LIMIT of the role or the "
    "database), or lower ENTREPOT_DATABASE_POOL",
    "53100": "{why}; make room on PostgreSQL's disk, and try again",
    "57014": "{why}; raise statement_timeout for the role or the database, or try again when "
    "PostgreSQL has less to do",
    "57P03": "{why}; wait until PostgreSQL has started, and try again",
    "57": "{why}; see that PostgreSQL runs, and try again",
    "25006": f"{{why}}; name the primary server in {_URL}, or have its transactions write again "
    "(default_transaction_read_only)",
    "55000": "{why}; let connections to it in (`ALTER DATABASE ... ALLOW_CONNECTIONS true`), or "
    f"name another one in {_URL}",
    "55P03": _ANOTHER_WRITES, "40": _ANOTHER_WRITES, "23505": _ANOTHER_WRITES,
    "42P01": "{why}; `entrepot verify` says what the book lacks",
    "42P07": f"{{why}}; the database has tables of another program: name another one in {_URL}",
    "22P05": "{why}; make a database with the encoding UTF8 (`createdb -E UTF8 -T template0`)",
    **dict.fromkeys(
        ("XX001", "XX002"), "{why}; the database is damaged: `entrepot verify` says where"
    ),
}  # fmt: skip
_ANY_STATE = "PostgreSQL refused: {why}; its own log says more"
_LET_IN = (
    f"{{why}}; let the role in by a line of pg_hba.conf, and add ?sslmode=require to {_URL} where "
    "the server asks for TLS"
)
_NO_TLS = (
    f"{{why}}; set TLS up there, or take `sslmode` out of {_URL}, and see that the program at this "
    "port is PostgreSQL"
)
_UNTRUSTED = (
    "the certificate of the database is not taken: {why}; name the file of its authority's "
    f"certificate in PGSSLROOTCERT, and the host in {_URL} as the certificate has it"
)
_NO_COMMON_TLS = (
    "TLS with the database cannot be set up: {why}; look at sslmode in "
    f"{_URL}, and at the files that PGSSLROOTCERT, PGSSLCERT and PGSSLKEY name"
)
# Faults of the system that name no file.
_SYSTEM = {
    errno.ENOSPC: "make room on the disk, and try again",
    errno.EDQUOT: "make room on the disk, and try again",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "raise the system's limit of open files",
    errno.ENOMEM: "give the program more memory",
    errno.EAGAIN: "raise the limit of processes (`ulimit -u`)",
}


def sentence_of(error: BaseException) -> str:
    """The fault in one sentence, with its remedy. The text shows no password."""
    return printable(_sentence_of(error))


def _sentence_of(error: BaseException) -> str:
    if isinstance(error, OperatorError):
        return str(error)
    if isinstance(error, EOFError):
        return "the input ended before all was told; tell what is asked for, or use --from FILE"
    if isinstance(error, settings.SettingsError):
        return "; ".join(str(error).splitlines())
    if isinstance(error, CycloptsError):
        why = " ".join(str(error).split()).rstrip("., ")
        return f"{why}; `entrepot --help` shows the commands, and each has a --help of its own"
    for one in _chain(error):
        known = _of_driver(one) or _of_system(one)
        if known:
            return " ".join(known.split())
    from entrepot.store.engine import Unavailable  # noqa: PLC0415 - the help does without the store

    if isinstance(error, Unavailable | RuntimeError):
        why = " ".join(str(error).split())
        return why if ";" in why else f"{why}; see that it runs where {_URL} says, and try again"
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
        if "pg_hba.conf" in why:
            return _LET_IN.format(why=why)
        sentence = next(
            (_POSTGRES[state[:n]] for n in (5, 2) if state[:n] in _POSTGRES), _ANY_STATE
        )
        return sentence.format(why=why)
    if "rejected SSL upgrade" in why:
        return _NO_TLS.format(why=why)
    return None


def _of_system(error: BaseException) -> str | None:
    if isinstance(error, socket.gaierror):
        return f"the host of the database is not known: {error.strerror}; correct it in {_URL}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _UNTRUSTED.format(why=error.verify_message.rstrip("."))
    if isinstance(error, ssl.SSLError):
        return _NO_COMMON_TLS.format(why=(error.reason or str(error)).replace("_", " ").lower())
    if isinstance(error, OSError) and error.filename is not None:
        name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
        return f"{name}: {error.strerror}; see that this user may read and write there"
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        return f"{error.strerror}; {_SYSTEM[error.errno]}"
    return None


def book_named() -> str:
    """The SQLite book of the settings by its path, or `the database`."""
    from entrepot.store.engines.opening import parsed_url  # noqa: PLC0415 - the help does without the store

    try:
        parsed = parsed_url(settings.load().database_url)
    except (settings.SettingsError, RuntimeError):
        return "the database"
    sqlite = parsed.get_backend_name() == "sqlite"
    return str(parsed.database) if sqlite and parsed.database else "the database"
