"""Databases for the tests: a real PostgreSQL of the session's own, and fresh SQLite files.

`database_url` and `module_database_url` run what asks for them once on each engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from tests.acceptance.clients import World, speaking
from tests.acceptance.server import Server
from tests.postgres import Postgres

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's PostgreSQL server."""
    server = Postgres()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> Callable[[], str]:
    """A factory: each call makes a fresh, empty PostgreSQL database and gives its URL."""
    return postgres.create


def sqlite_url(folder: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{folder / 'entrepot.db'}"


@pytest.fixture(scope="session")
def fresh_database(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A factory: the URL of a fresh, empty database on `sqlite` or `postgres`."""

    def make(engine: str) -> str:
        # Fetched by name, so that a run on SQLite alone starts no PostgreSQL.
        if engine == "postgres":
            server: Postgres = request.getfixturevalue("postgres")
            return server.create()
        folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        return sqlite_url(folders.mktemp("database"))

    return make


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, fresh_database: Callable[[str], str]) -> str:
    """The URL of a fresh, empty database for one test, on each engine in turn."""
    return fresh_database(request.param)


@pytest.fixture(scope="module", params=ENGINES)
def module_database_url(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> str:
    """The URL of a fresh, empty database for all tests of one module, on each engine in turn."""
    return fresh_database(request.param)


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that all tests of one module share, on each engine in turn."""
    with Server(module_database_url, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    """The demo organization of the module's server, in its three dialects."""
    with speaking(server) as demo:
        yield demo


@pytest.fixture(autouse=True)
def _loggers_of_this_test() -> Iterator[None]:
    """No test keeps a logger that another one has set up."""
    yield
    structlog.reset_defaults()
