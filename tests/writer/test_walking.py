"""A reader by time misses nothing, in whatever order transactions begin and are committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from tests.factories import Shop, open_shop
from tests.writer.processes import MILLISECOND, Gate, Process, released

from entrepot.core.commands import Command
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.results import OrderResult, OrdersResult
from entrepot.store.engines.opening import open_database
from entrepot.store.reading import queries
from entrepot.store.verify import verify
from entrepot.writer.envelope import Outcome

PAGE = 3


class Walker:
    """A reader by time: it takes everything after its mark, which is then the latest time of the
    first page.
    """

    def __init__(self, process: Process, column: str) -> None:
        self._process, self._column, self._mark = process, column, 0

    async def look(self) -> set[bytes]:
        """The orders that are there after the mark."""
        wanted = OrderFilter(**{f"{self._column}_after": self._mark})
        seen: set[bytes] = set()
        for offset in range(0, 10**6, PAGE):
            orders = await self._page(wanted, offset)
            seen.update(order.id for order in orders)
            times = [getattr(order, f"{self._column}_at") for order in orders]
            self._mark = max([self._mark, *times]) if offset == 0 else self._mark
            if len(orders) < PAGE:
                return seen
        raise AssertionError("a list without an end")

    async def _page(self, wanted: OrderFilter, offset: int) -> list[Order]:
        def work(conn: Connection) -> list[Order]:
            page = queries.page(conn, self._process.org, wanted, limit=PAGE, offset=offset)
            return list(page.orders)

        return await self._process.database.read(work)


PROCESSES = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.integers(0, PROCESSES - 1), st.sampled_from([1, 1, 5])),
        st.tuples(st.just("change"), st.integers(0, PROCESSES - 1), st.integers(0, 50)),
        st.tuples(st.just("commit"), st.integers(0, PROCESSES - 1), st.just(0)),
        st.tuples(st.just("clock"), st.integers(0, PROCESSES - 1), st.integers(-3_000, 3_000)),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
    ),
    max_size=24,
)


class Story:
    """Processes that begin and commit in any order, and readers that look in between."""

    def __init__(self, processes: list[Process]) -> None:
        self._processes = processes
        self._readers = {name: Walker(processes[0], name) for name in ("created", "updated")}
        self._open: dict[int, tuple[Gate, asyncio.Task[Outcome]]] = {}
        self._orders: list[bytes] = []
        self._unseen: dict[str, set[bytes]] = {"created": set(), "updated": set()}

    async def tell(self, steps: list[tuple[str, int, int]]) -> None:
        for what, at, value in steps:
            await self._step(what, at, value)
        for at in list(self._open):
            await self._commit(at)
        await self._look()

    async def _step(self, what: str, at: int, value: int) -> None:
        process = self._processes[at]
        if what == "look":
            await self._look()
        elif what == "clock":
            process.clock += value * MILLISECOND
        elif what == "commit":
            await self._commit(at)
        elif what == "place":
            await self._begin(at, process.place(value))
        elif self._orders:
            await self._begin(at, process.change(self._orders[value % len(self._orders)]))

    async def _begin(self, at: int, command: Command) -> None:
        await self._commit(at)
        process = self._processes[at]
        if process.database.dialect == "sqlite":
            self._note(await process.do(command))
        else:
            self._open[at] = await process.held(command)

    async def _commit(self, at: int) -> None:
        if at in self._open:
            self._note(await released(self._open.pop(at)))

    def _note(self, outcome: Outcome) -> None:
        result = outcome.result
        if isinstance(result, OrdersResult):
            made = [order.id for order in result.orders]
            self._orders += made
            self._unseen["created"].update(made)
            self._unseen["updated"].update(made)
        else:
            assert isinstance(result, OrderResult)
            self._unseen["updated"].add(result.order.id)

    async def _look(self) -> None:
        for name, reader in self._readers.items():
            assert self._unseen[name] <= await reader.look(), name
            self._unseen[name].clear()


@pytest.fixture(scope="module")
def run(module_database_url: str) -> Iterator[Callable[[Awaitable[Any]], Any]]:
    # One loop for all examples: the databases' connections belong to it.
    with asyncio.Runner() as runner:
        yield runner.run  # type: ignore[misc]


def test_a_reader_misses_nothing(module_database_url: str, run: Callable[[Any], Any]) -> None:
    databases = [open_database(module_database_url)]
    if databases[0].dialect == "postgresql":
        databases += [open_database(module_database_url) for _ in range(PROCESSES - 1)]
    shops = iter(range(10**6))

    async def example(steps: list[tuple[str, int, int]]) -> None:
        name = f"Shop {next(shops)}"
        shop: Shop = await databases[0].write(lambda conn: open_shop(conn, name))
        processes = [Process(databases[n % len(databases)], shop.org) for n in range(PROCESSES)]
        await Story(processes).tell(steps)

    @settings(max_examples=60)
    @given(STEPS)
    def nothing_is_missed(steps: list[tuple[str, int, int]]) -> None:
        run(example(steps))

    nothing_is_missed()
    assert run(databases[0].read(verify)).violations == []
    for database in databases:
        run(database.close())
