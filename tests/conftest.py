"""Databases for the tests: a real PostgreSQL of the session's own, and fresh SQLite files.

`database_url` and `module_database_url` run what asks for them once on each engine.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy.engine import make_url
from tests.compiled_once import compile_once
from tests.found_once import go_directly
from tests.side_by_side import pytest_addoption, pytest_configure  # noqa: F401 - pytest's hooks

from entrepot.edge import words as _registered  # noqa: F401 - the words of every dialect
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.testing import forking
from entrepot.testing.clients import World, speaking
from entrepot.testing.pgbouncer import PgBouncer
from entrepot.testing.pooler import Pooler
from entrepot.testing.postgres import Postgres, folder_in_memory
from entrepot.testing.server import PATIENT, Server, sqlite_url

ENGINES = ("sqlite", "postgres")
Server.forked = True
# Times are measured in benchmarks: an example that takes long on a busy machine is no failure.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
compile_once()
# Tests speak http over the loopback interface. A client of httpx loads the authorities that it
# trusts for https, which takes 40 ms of a processor. In this folder it finds none. A file of
# authorities that the environment names would come before the folder.
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
os.environ.pop("SSL_CERT_FILE", None)
# Books of the tests are in memory where the system has room: a commit waits for no disk, and making
# and removing files takes less of a processor. A durable PostgreSQL has its folder on the disk.
if in_memory := folder_in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(in_memory))
# A test that logs an error prints its traceback plainly. With all values around it, which is
# structlog's own way, one error takes a second or two.
_printing = structlog.get_config()["processors"][-1]
_printing.exception_formatter = structlog.dev.plain_traceback
# The files that take longest, the longest first. They begin first, so that all processes of a run
# end together.
SLOW = (
    "contracts/facts/test_facts.py",
    "acceptance/test_schemathesis.py",
    "simulators/test_providers.py",
    "store/test_twins.py",
    "acceptance/test_recovery.py",
    "cli/test_streams.py",
    "store/test_verify.py",
    "acceptance/test_flash_sale.py",
    "edge/test_hostile.py",
    "store/test_verify_damage.py",
    "acceptance/test_reading_by_time.py",
    "writer/test_guarded.py",
    "acceptance/test_bad_input.py",
    "acceptance/test_disk.py",
    "store/test_list_model.py",
    "acceptance/test_many_processes.py",
    "store/test_migrations.py",
    "cli/test_faults.py",
    "store/test_verify_removed.py",
    "acceptance/test_shutdown.py",
    "acceptance/test_crash.py",
    "upgrade/test_upgrade.py",
    "acceptance/test_idempotency.py",
    "store/test_verify_pages.py",
    "faults/test_book.py",
    "core/test_explain.py",
    "pipeline/test_presence.py",
    "core/test_book_model.py",
    "pipeline/test_merging.py",
    "cli/test_orders.py",
    "cli/test_commands.py",
    "core/test_words.py",
    "edge/test_framing.py",
    "writer/test_shared_payments.py",
    "writer/test_walking.py",
    "store/test_lost_log.py",
    "cli/test_files.py",
    "edge/test_protocol.py",
    "store/test_search.py",
    "writer/test_shipping.py",
    "writer/test_commit_times.py",
    "acceptance/test_buyers.py",
    "pipeline/test_invoices.py",
    "store/test_retention.py",
    "store/test_conformance.py",
    "faults/test_authorising.py",
    "faults/test_amending.py",
    "faults/test_renewing.py",
    "acceptance/test_access.py",
    "store/test_verify_own_reading.py",
    "acceptance/test_readme.py",
    "edge/konvo/test_sent_back.py",
    "acceptance/test_limits.py",
    "acceptance/test_order_source.py",
    "acceptance/test_touches.py",
    "acceptance/test_valuation.py",
)
BEHIND_PGBOUNCER = "ENTREPOT_TEST_PGBOUNCER" in os.environ
# The engine of tests for which one engine is enough: set by `make test-postgres`.
ONE_ENGINE = os.environ.get("ENTREPOT_TEST_ENGINE", "sqlite")


@dataclass
class _Databases:
    """The databases of the session's PostgreSQL, once that runs."""

    server: Postgres | None = None
    kept: set[str] = field(default_factory=set)

    def drop(self, *names: str) -> None:
        """Remove these databases, without names all but those that are kept."""
        if self.server is not None:
            there = self.server.databases - self.kept
            for name in there.intersection(names) if names else there:
                self.server.drop(name)


_databases = _Databases()


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def pytest_collection_finish(session: pytest.Session) -> None:
    """The collector walks what all tests were made from no more: it stays until the end. Processes
    side by side have their servers from one that has loaded the program.
    """
    if session.config.getoption("side_by_side") > 1 and not session.config.option.collectonly:
        forking.load()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first, in their order."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """No test keeps a logger that another one has set up, and no database outlives the tests of its
    module: the files of all would fill the memory. A fixture for each test would cost more.
    """
    try:
        yield
    finally:
        structlog.reset_defaults()
        if nextitem is None or nextitem.path != item.path:
            _databases.drop()


@pytest.fixture(scope="session")
def databases() -> _Databases:
    """What the session has of PostgreSQL, so far."""
    return _databases


@pytest.fixture(scope="session")
def postgres(databases: _Databases) -> Iterator[Postgres]:
    """The session's PostgreSQL server."""
    server = databases.server = Postgres(durable=False)
    server.start()
    go_directly(server.port)
    yield server
    databases.server = None
    server.stop()


@pytest.fixture(scope="session")
def pooler(postgres: Postgres) -> Iterator[Pooler]:
    """A pooler before the session's PostgreSQL: every transaction has another backend."""
    with Pooler(postgres.port) as running:
        yield running


@pytest.fixture(scope="session")
def bouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    """PgBouncer before the session's PostgreSQL."""
    with PgBouncer(postgres.port, postgres.account) as running:
        yield running


@pytest.fixture(scope="session")
def reached(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """A function: the URL by which a database of the session's PostgreSQL is reached.

    `direct` goes there, `pooled` through the pooler; `postgres` is direct too, but in a run that is
    told so it goes through PgBouncer.
    """

    def through(url: str, way: str) -> str:
        way = "bounced" if way == "postgres" and BEHIND_PGBOUNCER else way
        if way not in ("pooled", "bounced"):
            return url
        port = request.getfixturevalue("pooler" if way == "pooled" else "bouncer").port
        return make_url(url).set(port=port).render_as_string(hide_password=False)

    return through


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> Callable[[], str]:
    """A factory: each call makes a fresh, empty PostgreSQL database and gives its URL."""
    return postgres.create


@pytest.fixture(scope="session")
def empty_database(
    request: pytest.FixtureRequest, reached: Callable[[str, str], str]
) -> Callable[[str], str]:
    """A factory: the URL of an empty database, without a schema, on SQLite or on PostgreSQL."""

    def make(engine: str) -> str:
        # Fetched by name, so that a run on SQLite alone starts no PostgreSQL.
        if engine != "sqlite":
            server: Postgres = request.getfixturevalue("postgres")
            return reached(server.create(), engine)
        folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        return sqlite_url(folders.mktemp("database"))

    return make


@pytest.fixture(scope="session")
def fresh_database(
    request: pytest.FixtureRequest,
    empty_database: Callable[[str], str],
    reached: Callable[[str, str], str],
    databases: _Databases,
) -> Callable[[str], str]:
    """A factory: the URL of a database with the schema and no rows, on SQLite or on PostgreSQL.

    Each is a copy of one that was migrated once in the session: copying takes a tenth of the time.
    """
    migrated: dict[str, str] = {}

    def make(engine: str) -> str:
        kind = "sqlite" if engine == "sqlite" else "direct"
        if kind not in migrated:
            migrated[kind] = _migrated(empty_database(kind))
            databases.kept.add(_name(migrated[kind]))
        if kind == "direct":
            server: Postgres = request.getfixturevalue("postgres")
            return reached(server.create(template=migrated[kind]), engine)
        copy = empty_database(kind)
        shutil.copyfile(*(url.removeprefix("sqlite:///") for url in (migrated[kind], copy)))
        return copy

    return make


@pytest.fixture(scope="session")
def one_database(fresh_database: Callable[[str], str]) -> Callable[[], str]:
    """A factory: the URL of a fresh database for tests for which one engine is enough."""
    return partial(fresh_database, ONE_ENGINE)


@pytest.fixture(scope="session")
def lasting_database(one_database: Callable[[], str], databases: _Databases) -> Callable[[], str]:
    """The same for servers that the tests of several modules share."""

    def make() -> str:
        url = one_database()
        databases.kept.add(_name(url))
        return url

    return make


def _migrated(url: str) -> str:
    async def upgrade() -> None:
        database = open_database(url)
        await migrate.upgrade(database)
        await database.close()

    # In a thread of its own: a fixture that asks may run in an event loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(upgrade())).result()
    return url


@pytest.fixture(params=ENGINES)
def empty_database_url(
    request: pytest.FixtureRequest, empty_database: Callable[[str], str], databases: _Databases
) -> Iterator[str]:
    """The URL of an empty database for one test, without a schema, on each engine in turn."""
    url = empty_database(request.param)
    yield url
    databases.drop(_name(url))


@pytest.fixture(params=ENGINES)
def database_url(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str], databases: _Databases
) -> Iterator[str]:
    """The URL of a fresh database for one test, on each engine in turn."""
    url = fresh_database(request.param)
    yield url
    databases.drop(_name(url))


@pytest.fixture(scope="module", params=ENGINES)
def module_database_url(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> str:
    """The URL of a fresh database for all tests of one module, on each engine in turn."""
    return fresh_database(request.param)


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that all tests of one module share, on each engine in turn."""
    with Server(module_database_url, tmp_path_factory.mktemp("server"), env=PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    """The demo organization of the module's server, in its three dialects."""
    with speaking(server) as demo:
        yield demo
