"""A reader by time misses nothing, though several servers write orders meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Self

import asyncpg
import pytest
from tests.acceptance.deployment import DEPLOYMENTS, deployed

from entrepot.testing.clients import (
    KONVO_ORDERS,
    POLINATE_ORDERS,
    Dialect,
    World,
    accepted,
    konvo_order,
    speaking,
)
from entrepot.testing.server import Server, beside, eventually

ARRAYS, ARRAY, SINGLES = 3, 1_000, 60


class Filter(NamedTuple):
    """A filter by time: how its pages are asked for, and what it speaks of."""

    dialect: str
    path: str
    name: str
    member: str
    rows: str
    limit: int


FILTERS = {
    name: Filter("polinate", POLINATE_ORDERS, name, member, "items", 100)
    for name, member in (
        ("createdSince", "createdAt"),
        ("updatedSince", "updatedAt"),
        ("modifiedSince", "updatedAt"),
    )
} | {
    name: Filter("konvo", KONVO_ORDERS, name, member, "result", 200)
    for name, member in (("created_at_min", "createdAt"), ("updated_at_min", "updatedAt"))
}


class Walker:
    """The walk of docs/dialects: all pages, then on from the latest time of the first one."""

    def __init__(self, world: World, wanted: Filter) -> None:
        self._world, self._wanted = world, wanted
        self.mark = ""
        self.seen: set[str] = set()

    def look(self) -> list[dict[str, Any]]:
        """The orders from the mark on."""
        wanted = self._wanted
        client: Dialect = self._world.dialects[wanted.dialect]
        query = {wanted.name: self.mark} if self.mark else {}
        found: list[dict[str, Any]] = []
        for number in range(1, 10**6):
            page = accepted(client.get(wanted.path, limit=wanted.limit, page=number, **query), 200)
            rows = page[wanted.rows]
            if number == 1:
                self.mark = max([self.mark, *[row[wanted.member] for row in rows]])
            found += rows
            if len(rows) < wanted.limit:
                break
        self.seen.update(row["id"] for row in found)
        return found


# ------------------------------------------------------------------ one that overtakes another


@pytest.fixture(scope="module")
def servers(
    fresh_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, World, World]]:
    """Two servers on one PostgreSQL, and the demo organization as clients of each see it."""
    folder = tmp_path_factory.mktemp("two")
    with Server(fresh_database("postgres"), folder) as one, beside(one) as other:
        with speaking(one) as world:
            elsewhere = World(other.url, one.credentials)
            with elsewhere.synq, elsewhere.polinate, elsewhere.konvo:
                yield one, world, elsewhere
        one.verify()


class Held:
    """An order that another transaction has locked, as any slow one may."""

    def __init__(self, url: str, order_id: str) -> None:
        self._url, self._order_id = url, bytes.fromhex(order_id)
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        self._conn = self._run(asyncpg.connect(self._url))
        self._run(self._conn.execute("BEGIN"))
        locked = "SELECT 1 FROM orders WHERE id = $1 FOR UPDATE"
        assert self._run(self._conn.fetchval(locked, self._order_id)) == 1
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._conn.close())
        self._loop.close()

    def waited_for(self) -> bool:
        """Whether somebody waits for a lock."""
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return bool(self._run(self._conn.fetchval(waits)))

    def let_go(self) -> None:
        self._run(self._conn.execute("ROLLBACK"))

    def _run(self, awaitable: Any) -> Any:
        return self._loop.run_until_complete(awaitable)


@pytest.mark.parametrize("name", ["updatedSince", "modifiedSince", "updated_at_min"])
def test_a_change_that_was_overtaken_is_later_than_what_was_seen(
    name: str, servers: tuple[Server, World, World]
) -> None:
    server, one, other = servers
    order_id = one.synq_created()["id"]
    walker = Walker(other, FILTERS[name])
    walker.look()
    spelled = order_id.replace("-", "")
    with Held(server.database_url, spelled) as held, ThreadPoolExecutor(1) as slow:
        patch = {"order": {"notes": "changed"}}
        changing = slow.submit(one.polinate.patch, f"ord_{spelled}", patch, f"key-{name}")
        eventually(held.waited_for, "the change waits for the order")
        # Without a payment it settles by itself, before the reader looks.
        fast = other.konvo_created()["id"]
        seen = walker.look()
        assert any(fast.replace("-", "") in row["id"].replace("-", "") for row in seen)
        held.let_go()
        answer = accepted(changing.result(), 200)
    assert answer["updatedAt"] == one.polinate.order(answer["id"])["updatedAt"]
    assert any(spelled in row["id"].replace("-", "") for row in walker.look())


# ------------------------------------------------------------------ under load


@pytest.fixture(scope="module", params=DEPLOYMENTS)
def deployment(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("load")
    with deployed(request.param, fresh_database, folder) as (server, world):
        yield world
        server.verify()


def test_arrays_beside_single_orders_are_all_seen(deployment: World) -> None:
    """Everything that was written while the readers looked, and what the pipeline made of it."""
    world = deployment
    walkers = {name: Walker(world, wanted) for name, wanted in FILTERS.items()}
    done = threading.Event()

    def arrays() -> None:
        for _ in range(ARRAYS):
            accepted(world.konvo.post(*[konvo_order() for _ in range(ARRAY)]))

    def singles() -> list[str]:
        created = [world.synq.create(world.synq_order()) for _ in range(SINGLES)]
        return [accepted(answer)["order_id"] for answer in created]

    def read(walker: Walker) -> None:
        while not done.is_set():
            walker.look()

    with ThreadPoolExecutor(len(walkers) + 2) as pool:
        writing = [pool.submit(arrays), pool.submit(singles)]
        reading = [pool.submit(read, walker) for walker in walkers.values()]
        try:
            for work in writing:
                work.result()
        finally:
            done.set()
        for work in reading:
            work.result()
    for walker in walkers.values():
        walker.look()
    total = accepted(world.konvo.get(KONVO_ORDERS, limit=1), 200)["count"]
    assert {name: len(walker.seen) for name, walker in walkers.items()} == dict.fromkeys(
        walkers, total
    )
