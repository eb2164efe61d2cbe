"""Opening the database behind a URL."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from entrepot.store.engine import POOL_DEFAULT, Database

_PORT_MAX = 65_535
# Parameters that a URL may have after its `?`. PGSSLROOTCERT and its like name certificates.
_PARAMETERS = ("sslmode", "ssl", "host", "port", "passfile", "target_session_attrs")
_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# The driver reads the files of these variables before it connects: those of the client with every
# mode that may speak TLS, those of the authority where the server is checked.
_OWN_FILES, _FILES = ("PGSSLCERT", "PGSSLKEY"), ("PGSSLROOTCERT", "PGSSLCRL")
_CHECKED = ("require", "verify-ca", "verify-full")
_FORMS = "`sqlite:///path` or `postgresql://user:password@host:port/name`"


def open_database(
    url: str,
    pool_size: int = POOL_DEFAULT,
    *,
    patient: bool = False,
    pooler: str = "auto",
) -> Database:
    """The database behind a URL: `sqlite:///path` or `postgresql://user:password@host:port/name`.

    A `patient` one lets each statement take as long as it does, as a migration or an audit of a
    large book has to; otherwise a server that does not answer in time counts as unavailable, and
    PostgreSQL is told to read by index. `pooler`: whether one stands before PostgreSQL; `auto`
    finds it out.
    """
    parsed = parsed_url(url)
    # Each driver is imported where its database is spoken to.
    if parsed.get_backend_name() == "sqlite":
        from entrepot.store.engines.sqlite import SqliteDatabase  # noqa: PLC0415 - see above

        return SqliteDatabase(str(parsed.database))
    if parsed.get_backend_name() == "postgresql":
        from entrepot.store.engines.postgres import PostgresDatabase  # noqa: PLC0415 - see above

        _look_at_files(parsed)
        return PostgresDatabase(
            parsed.render_as_string(hide_password=False), pool_size, patient=patient, pooler=pooler
        )
    raise RuntimeError(
        f"{parsed.get_backend_name()} is no database that Entrepot speaks to; write {_FORMS}"
    )


def _look_at_files(parsed: URL) -> None:
    """Raise RuntimeError where a file for TLS cannot be read. The driver does not say which."""
    mode = parsed.query.get("ssl", os.environ.get("PGSSLMODE", "prefer" if parsed.host else ""))
    own = _OWN_FILES if mode in _TLS_MODES[1:] and os.environ.get("PGSSLCERT") else ()
    for name in (*own, *(_FILES if mode in _CHECKED else ())):
        path = os.environ.get(name)
        if path and not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise RuntimeError(
                f"{name}={path!r} is no file that can be read; name one that this user may read, "
                "or remove the variable"
            )


def parsed_url(url: str) -> URL:
    """The parts of a database's URL. `postgres://` is taken for `postgresql://`.

    Raises RuntimeError, in a sentence without the URL: the URL may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise RuntimeError(f"the database's URL cannot be read as one; write {_FORMS}") from error
    except ValueError as error:
        raise RuntimeError(
            "the port in the database's URL is no number from 1 to 65535; write 5432, say"
        ) from error
    if parsed.drivername == "postgres":
        parsed = parsed.set(drivername="postgresql")
    if parsed.get_backend_name() == "sqlite":
        # A file's name is meant as it is written, percent signs among it.
        return _of_file(make_url(url.replace("%", "%25")), url)
    if parsed.port is not None and not 0 < parsed.port <= _PORT_MAX:
        raise RuntimeError(
            "the port in the database's URL is no number from 1 to 65535; write 5432, say"
        )
    return _of_server(parsed) if parsed.get_backend_name() == "postgresql" else parsed


def _of_file(parsed: URL, url: str) -> URL:
    if parsed.host:
        raise RuntimeError(
            f"the database's URL has two slashes before {parsed.host!r}, and a file has no host; "
            "write three before a path, and four before one that begins with a slash: "
            "`sqlite:///path`"
        )
    if parsed.database in (None, "", ":memory:"):
        raise RuntimeError(f"the database's URL names no file; write {_FORMS}")
    if "?" in url:
        raise RuntimeError(
            "the database's URL has a `?` and what follows, which an SQLite file does not take; "
            "write `sqlite:///path`, without a `?` in the path"
        )
    return parsed


def _of_server(parsed: URL) -> URL:
    """With `sslmode`, as PostgreSQL's own programs spell it, under the driver's name for it."""
    for name in parsed.query:
        if name not in _PARAMETERS:
            raise RuntimeError(
                f"the database's URL has the parameter {name!r}, which Entrepot does not know; it "
                f"takes {', '.join(_PARAMETERS)}"
            )
    mode = parsed.query.get("sslmode", parsed.query.get("ssl"))
    if mode is None:
        return parsed
    if mode not in _TLS_MODES:
        raise RuntimeError(
            f"sslmode in the database's URL is none of its words; write {', '.join(_TLS_MODES)}"
        )
    return parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
