"""The bare driver writes what the product wrote: as many rows, as long, and no key twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench.run import Options, Run

from bench import arrays, bare, book, sample
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate
from entrepot.store.schema import metadata
from entrepot.testing.server import Server, sqlite_url


@pytest.fixture(scope="module", params=("sqlite", "postgres"))
def taken(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, sample.Sample]:
    """The engine, and the rows of an array of 500 orders that it wrote."""
    place = tmp_path_factory.mktemp("array")
    with Server(fresh_database(request.param), place, role="api") as server:
        wanted = arrays.konvo(server.credentials, arrays.ARRAY)
        return request.param, arrays.take(server, wanted)


def test_a_sample_holds_what_every_order_brought(taken: tuple[str, sample.Sample]) -> None:
    sizes = {table.name: len(rows) for table, rows in taken[1].tables}
    assert {"orders", "order_lines", "events"} <= sizes.keys()
    assert "customers" not in sizes
    assert "variants" not in sizes
    assert all(size % arrays.ARRAY == 0 for size in sizes.values())


def test_a_batch_is_like_the_sample_and_unlike_every_other(
    taken: tuple[str, sample.Sample],
) -> None:
    batches = taken[1].batches()
    one, other = next(batches), next(batches)
    for (table, rows), (_, first), (_, second) in zip(taken[1].tables, one, other, strict=True):
        assert len(rows) == len(first) == len(second)
        assert sorted(map(_sizes, rows)) == sorted(map(_sizes, first))
        key = [list(table.columns).index(column) for column in table.primary_key.columns]
        keys = [{tuple(row[at] for at in key) for row in some} for some in (rows, first, second)]
        assert len(set().union(*keys)) == 3 * len(rows)


@pytest.mark.parametrize("at", [0, 1])
def test_each_way_writes_whole_batches_and_counts_them(
    taken: tuple[str, sample.Sample], at: int, fresh_database: Callable[[str], str]
) -> None:
    engine, rows_of_an_array = taken
    way = list(bare.WAYS[engine].values())[at]
    url = fresh_database(engine)
    migrated(url)
    batches = rows_of_an_array.batches()
    assert way(url, batches, 0.0) > 0
    assert book.orders(url) == arrays.ARRAY
    assert way(url, batches, 0.0) > 0
    assert book.orders(url) == 2 * arrays.ARRAY


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_lone_commits_are_in_the_database(
    engine: str, fresh_database: Callable[[str], str]
) -> None:
    url = fresh_database(engine)
    assert bare.commit_milliseconds(engine, url, 3) > 0
    assert book.rows(url, "SELECT count(*) FROM lone") == [(3,)]


def test_the_bare_driver_has_the_settings_of_the_product(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "product.db"))
    # The product copies its log in a thread, after as many pages as the bare driver in a commit.
    *names, last = [pragma.partition("=")[0] for pragma in bare.PRAGMAS]
    assert last == "wal_autocheckpoint"
    with database._writer.connect() as conn:
        product = [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    driver = bare.sqlite(sqlite_url(tmp_path))
    assert [driver.execute(f"PRAGMA {name}").fetchone()[0] for name in names] == product
    driver.close()


def test_a_fresh_place_is_one_nobody_else_has(tmp_path: Path) -> None:
    run = Run(Options(engines=("sqlite",)), tmp_path)
    places = [run.place("sqlite", "bare") for _ in range(2)]
    assert len({url for url, _ in places}) == 2
    assert all(folder.is_dir() for _, folder in places)


def migrated(url: str) -> None:
    async def upgrade() -> None:
        database = open_database(url)
        await migrate.upgrade(database)
        await database.close()

    asyncio.run(upgrade())


def _sizes(row: tuple[Any, ...]) -> list[int]:
    return [len(value) if isinstance(value, str | bytes) else -1 for value in row]


def test_every_table_is_looked_at(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    migrated(url)
    assert sample.read(url).keys() == metadata.tables.keys()
