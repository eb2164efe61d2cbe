"""For any book, a page and its total are those that a plain list would give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update
from tests.store.test_conformance import an_order

from entrepot.clock import new_id
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.properties import parse
from entrepot.core.words import moved_by
from entrepot.edge.polinate.words import goods_of, stages_of
from entrepot.store import schema
from entrepot.store import verify as verifying
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.reading import lists, property_lists, queries, span_walk
from entrepot.store.verify import own_reading, verify
from entrepot.store.writing import spans, tallies
from entrepot.store.writing.flush import flush
from entrepot.store.writing.properties import paths
from entrepot.store.writing.working_set import load

PHASES, STATUSES = ("ACTIVE", "PENDING"), ("PACKED", "UNASSIGNED", "ACCEPTED")
PROPERTIES = (
    None, None, "{}", '{"a":1}', '{"a":2,"b":1}', '{"a":{"b":1},"a.b":2}', '{"b":{"c":true}}',
)  # fmt: skip


class Told(NamedTuple):
    """How an order is made, or how the n-th of those that there are is changed. The first one of a
    batch says when: not before an order was made that is changed, otherwise in no order.
    """

    change: int | None
    phase: str
    status: str
    at: int
    properties: str | None


TIMES = st.integers(1, 13)
TOLD = st.builds(
    Told,
    st.one_of(st.none(), st.none(), st.integers(0, 50)),
    st.sampled_from(PHASES),
    st.sampled_from(STATUSES),
    TIMES,
    st.sampled_from(PROPERTIES),
)
BATCHES = st.lists(st.lists(TOLD, min_size=1, max_size=12), min_size=1, max_size=6)


_TIMES = OrderFilter._fields[:7]
_ASKED = st.sets(
    st.sampled_from([*_TIMES, "phase", "status", "value", "there", "there"]), min_size=0, max_size=3
)


@st.composite
def filters(draw: Callable[[Any], Any]) -> OrderFilter:
    """Up to three conditions at once; more of them would match nothing most of the time."""
    asked = draw(_ASKED)
    said = {name: draw(TIMES) for name in _TIMES if name in asked}
    wanted = OrderFilter(**said)
    if "phase" in asked:
        wanted = wanted._replace(stages=stages_of(draw(st.sampled_from(PHASES))))
    if "status" in asked:
        wanted = wanted._replace(goods=goods_of(draw(st.sampled_from(STATUSES))))
    if not asked & {"value", "there"}:
        return wanted
    wanted = wanted._replace(property_path=draw(st.sampled_from(["a", "b", "a.b", "b.c", "x"])))
    if "value" in asked:
        return wanted._replace(property_value=draw(st.sampled_from(["1", "2", "true"])))
    return wanted._replace(property_exists=draw(st.booleans()))


PAGES = st.tuples(st.integers(1, 8), st.one_of(st.integers(0, 6), st.integers(0, 60)))
LOOKS = st.lists(st.tuples(filters(), PAGES), min_size=1, max_size=12)


class Shop:
    """One organization of the tested book, and the same orders in a plain list."""

    def __init__(self, book: Book, org: int) -> None:
        self.book, self.org = book, org
        self.orders: list[Order] = []

    def write(self, batch: list[Told]) -> None:
        """All of it in one transaction, as the writer does."""
        changed: dict[int, Order] = {}
        made: list[Order] = []
        for told in batch:
            if told.change is not None and self.orders:
                place = told.change % len(self.orders)
                changed[place] = as_told(changed.get(place, self.orders[place]), told)
            else:
                made.append(as_told(an_order(self.org, new_id(), lines=()), told))
        at = max([batch[0].at, *[order.created_at for order in changed.values()]])

        def work(conn: Connection) -> None:
            # As in a book from before times rose with the commits.
            conn.execute(update(schema.order_counters).values(committed_at=-1000))
            facts = Facts(at, new_id)
            load(conn, Needs(orders={(self.org, o.id) for o in changed.values()}), facts)
            changes = Changes(facts)
            changes.orders.put_all(made)
            changes.orders.put_all(changed.values())
            facts.absorb(changes)
            flush(conn, facts)

        self.book.write(work)
        for place, order in changed.items():
            self.orders[place] = order._replace(updated_at=at)
        numbers = count(len(self.orders) + 1)
        dated = [order._replace(created_at=at, updated_at=at) for order in made]
        self.orders.extend(order._replace(number=next(numbers)) for order in dated)

    def look(self, wanted: OrderFilter, limit: int, offset: int) -> None:
        """Compare one page."""
        matching = [order.id for order in reversed(self.orders) if matches(wanted, order)]
        page = self.book.read(
            lambda conn: queries.page(conn, self.org, wanted, limit=limit, offset=offset)
        )
        assert page.total == len(matching)
        assert [order.id for order in page.orders] == matching[offset : offset + limit]


def as_told(order: Order, told: Told) -> Order:
    facets = moved_by("polinate_phase", told.phase, order.facets)
    facets = moved_by("polinate_status", told.status, facets)
    return order._replace(facets=facets, properties=told.properties, version=order.version + 1)


@lru_cache(maxsize=4096)
def _said(properties: str) -> frozenset[tuple[str, str]]:
    """The paths of properties, kept: each order is compared with hundreds of filters."""
    return frozenset(paths(parse(properties)))


def matches(wanted: OrderFilter, order: Order) -> bool:
    """The meaning of the filter, in the plainest words."""
    made, changed, w = order.created_at, order.updated_at, wanted
    said = _said(order.properties) if order.properties else frozenset()
    has = any(path == w.property_path for path, _ in said)
    return all((
        w.created_after is None or made > w.created_after,
        w.updated_after is None or changed > w.updated_after,
        w.modified_after is None or made > w.modified_after or changed > w.modified_after,
        w.created_min is None or made >= w.created_min,
        w.created_max is None or made <= w.created_max,
        w.updated_min is None or changed >= w.updated_min,
        w.updated_max is None or changed <= w.updated_max,
        not w.stages or order.facets.stage in w.stages,
        not w.goods or f"{order.facets.fulfilment}/{order.facets.returns}" in w.goods,
        w.property_exists is None or has == w.property_exists,
        w.property_value is None or (w.property_path, f"={w.property_value}") in said,
    ))  # fmt: skip


class Book:
    """A database with small spans, and organizations with consecutive numbers."""

    def __init__(self, url: str) -> None:
        # One loop for all examples: the database's connections belong to it.
        self._runner = asyncio.Runner()
        self.database: Database = open_database(url)
        self._runner.run(migrate.upgrade(self.database))
        self._orgs = count(1)

    def shop(self) -> Shop:
        return Shop(self, next(self._orgs))

    def write(self, work: Callable[[Connection], Any]) -> Any:
        return self._runner.run(self.database.write(work))

    def read(self, work: Callable[[Connection], Any]) -> Any:
        return self._runner.run(self.database.read(work))

    def close(self) -> None:
        self._runner.run(self.database.close())
        self._runner.close()


@pytest.fixture(scope="module")
def small_spans() -> Iterator[None]:
    """Spans of 2, 6 and 24 orders, and slots of as many microseconds, so that a few fill many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "SIZES", (2, 6, 24))
        patch.setattr(span_walk, "SPANS_AT_ONCE", 2)
        patch.setattr(tallies, "SLOTS", (2, 6, 24))
        patch.setattr(own_reading, "SPAN_SIZES", (2, 6, 24))
        patch.setattr(own_reading, "SLOT_SIZES", (2, 6, 24))
        # The checks are kept from audit to audit; these are of other sizes.
        patch.setattr(verifying, "_checks", verifying._checks.__wrapped__)
        patch.setattr(property_lists, "LISTED", 2)
        patch.setattr(lists, "FEW", 3)
        yield


@pytest.fixture(scope="module")
def book(module_database_url: str, small_spans: None) -> Iterator[Book]:
    made = Book(module_database_url)
    yield made
    made.close()


def test_every_page_is_that_of_a_plain_list(book: Book) -> None:
    examples = 150 if book.database.dialect == "sqlite" else 25

    @settings(max_examples=examples)
    @given(BATCHES, LOOKS)
    def every_page(
        batches: list[list[Told]], looks: list[tuple[OrderFilter, tuple[int, int]]]
    ) -> None:
        shop = book.shop()
        for batch in batches:
            shop.write(batch)
        for wanted, (limit, offset) in looks:
            shop.look(wanted, limit, offset)

    every_page()
    # The tallies that led to all these pages are those of the orders.
    told = {one.invariant for one in book.read(verify).violations}
    assert not told & {"NUMBERS", "PROPERTIES", "SPANS", "TALLIES"}
    for table in (
        schema.order_spans, schema.order_property_tallies, schema.order_update_tallies,
    ):  # fmt: skip
        assert book.read(lambda conn, t=table: conn.execute(t.select()).first()), table.name


ONE_BY_ONE = {
    **{name: [OrderFilter(**{name: time}) for time in range(0, 44, 5)] for name in _TIMES},
    "phase": [OrderFilter(stages=stages_of(phase)) for phase in PHASES],
    "status": [OrderFilter(goods=goods_of(status)) for status in STATUSES],
    "value": [OrderFilter(property_path="a", property_value=value) for value in ("1", "2", "3")],
    "there": [OrderFilter(property_path=path, property_exists=True) for path in ("a", "a.b", "x")],
    "absent": [
        OrderFilter(property_path=path, property_exists=False) for path in ("a", "b.c", "x")
    ],
}


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_each_filter_by_itself_and_each_page_of_it(book: Book, name: str) -> None:
    """Many orders, times that rise and some that do not, and every page of the list."""
    shop = book.shop()
    for n in range(0, 120, 5):
        shop.write([
            Told(None, PHASES[m % 7 == 0], STATUSES[m % 11 % 3],
                 1 + (m // 4 if n % 3 else m * 7 % 40), PROPERTIES[m % 7])
            for m in range(n, n + 5)
        ])  # fmt: skip
        shop.write([Told(n * 13, "ACTIVE", "PACKED", 1 + n * 11 % 43, None)])
    for wanted in ONE_BY_ONE[name]:
        for offset in range(0, 126, 9):
            shop.look(wanted, 9, offset)
