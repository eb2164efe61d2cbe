"""Orders that a text means, on both engines: what is kept, and what nobody has read yet."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.asked import listen, plan_of
from tests.store.test_conformance import (
    LINE,
    NOW,
    an_order,
    an_organization,
    new_id,
    store,
    written,
)

from entrepot.core.facets import Facets
from entrepot.core.needs import Needs
from entrepot.core.order import Event, Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.order_terms import Said, asked_for, fits, terms_of
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines import sql
from entrepot.store.keeping import search as keeping
from entrepot.store.keeping.retention import SEARCH, Sweep
from entrepot.store.reading import keyset, search
from entrepot.store.verify import verify

ORDERS = 60
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara")
TEXTS = (
    "a", "ada", "grace b2", "b2", "s-7", "sku-1", "SKU-2", "sku", "b2@example.org", "a b1",
    "+49 30 1234501", "030 12345", "12", "#12", "nobody", "ada sku-2",
)  # fmt: skip
FILTERS = (
    OrderFilter(),
    OrderFilter(stages=("failed",)),
    OrderFilter(origins=("konvo",), created_after=NOW - 1),
)


def someone(org: Any, n: int) -> Order:
    return an_order(
        org.org, org.guest_id, id=new_id(), properties=None, lines=(
            LINE._replace(id=new_id(), sku=f"SKU-{n % 4}"),
            LINE._replace(id=new_id(), sku=None if n % 2 else f"only-{n}"),
        ),
        sender_id=f"s-{n}", first_name=NAMES[n % 5], last_name=f"B{n % 3}",
        email=f"b{n % 7}@example.org", phone=f"+49 (30) 12345-{n:02}",
        origin="konvo" if n % 3 else "native", facets=Facets("failed" if n % 6 == 0 else "placed"),
    )  # fmt: skip


class Book:
    """A book of one organization, and what each of its orders should be found by."""

    def __init__(self, database: Database, org: Any) -> None:
        self.database, self.org = database, org
        self.orders: list[Order] = []

    async def place(self, count: int) -> None:
        for _ in range(count):
            n = len(self.orders) + 1
            made = someone(self.org, n)
            await store(self.database, written(made), needs=Needs(orgs={self.org.org}))
            self.orders.append(made.changed(number=n))

    async def amend(self, number: int, **said: Any) -> None:
        """As an amendment does: another row, and the event that tells of it."""
        before = self.orders[number - 1]
        after = before.changed(version=before.version + 1, **said)

        def work(conn: Connection) -> None:
            row = schema.orders.c
            its = (row.org == self.org.org, row.id == before.id)
            conn.execute(schema.orders.update().where(*its).values(version=after.version, **said))
            counter = schema.order_counters
            [[events]] = conn.execute(
                counter.update().where(counter.c.org == self.org.org)
                .values(events=counter.c.events + 1).returning(counter.c.events)
            )  # fmt: skip
            told = Event(self.org.org, before.id, after.version, "order.amended", NOW, "konvo",
                         "{}", number=events)  # fmt: skip
            conn.execute(schema.events.insert().values(**told._asdict()))

        await self.database.write(work)
        self.orders[number - 1] = after

    async def keep(self, steps: int = 1_000, **slices: int) -> int:
        """Let the walk go on; how many steps it took."""
        for step in range(steps):
            found = await self.database.read(lambda c: keeping.behind(c, self.org.org - 1, 1))
            if not found or found[0].org != self.org.org:
                return step
            [sweep] = found
            take = partial(keeping.read, sweep=sweep, slices=keeping.Slices(**slices))
            read = await self.database.read(take)
            await self.database.write(lambda c, r=read: keeping.write(c, r))
        return steps

    def meant(self, text: str, wanted: OrderFilter) -> list[int]:
        asked = asked_for(text)
        return [
            one.number for one in reversed(self.orders)
            if fits(_terms(one), one.number, asked)
            and (not wanted.stages or one.facets.stage in wanted.stages)
            and (not wanted.origins or one.origin in wanted.origins)
        ]  # fmt: skip

    async def pages(self, text: str, limit: int, wanted: OrderFilter) -> list[keyset.Behind]:
        found: list[keyset.Behind] = []
        before = None
        while not found or before is not None:
            asked = wanted._replace(text=text, before=before)
            page = await self.database.read(
                lambda c, a=asked: search.find(c, self.org.org, a, limit)
            )
            assert len(page.numbers) <= limit
            assert page.after is None or before is None or page.after < before
            found.append(page)
            before = page.after
        return found

    async def compare(self, limits: tuple[int, ...] = (4, 100)) -> None:
        for text, limit, wanted in itertools.product(TEXTS, limits, FILTERS):
            pages = await self.pages(text, limit, wanted)
            found = [number for page in pages for number in page.numbers]
            assert found == self.meant(text, wanted), (text, limit, wanted)

    async def check(self) -> None:
        """The kept terms are those of the orders, by the audit's own code."""
        report = await self.database.read(verify)
        assert "SEARCH" not in {one.invariant for one in report.violations}, report.violations


def _terms(one: Order) -> frozenset[bytes]:
    said = Said(*[getattr(one, name) for name in Said._fields])
    return terms_of(said, [line.sku for line in one.lines])


@pytest.fixture
async def book(database: Database) -> Book:
    return Book(database, await an_organization(database))


async def test_a_text_finds_what_it_means_however_far_the_walk_is(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book.place(ORDERS)
    await book.compare((100,))  # nothing is kept
    await book.keep(2, orders=7)
    await book.amend(3, first_name="Nobody", email=None)  # kept before, and amended since
    await book.amend(50, first_name="Nobody", external_id="s-7")  # not kept yet
    await book.compare()
    await book.check()
    assert await book.keep(orders=7) > 5
    await book.place(3)  # a moment ago
    await book.amend(9, last_name="Nobody", phone=None)
    await book.compare()
    await book.keep()
    await book.compare()
    await book.check()
    monkeypatch.setattr(search, "FEW", 2)  # each word is had by many
    await book.compare()
    for name in ("UNREAD_MAX", "AT_ONCE"):
        monkeypatch.setattr(search, name, 5)
    await book.place(8)
    await book.compare((3,))


async def test_a_page_ends_after_so_many_orders_that_nobody_read(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book.place(30)
    monkeypatch.setattr(search, "UNREAD_MAX", 10)
    pages = await book.pages("s-2", 5, OrderFilter())
    assert [page.numbers for page in pages] == [[], [], [2]]
    await book.keep()
    pages = await book.pages("s-2", 5, OrderFilter())
    assert [page.numbers for page in pages] == [[2]]


async def test_amendments_long_ago_are_found_once_they_are_read(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book.place(6)
    await book.keep()
    await book.amend(2, first_name="Konrad")
    await book.place(2)
    monkeypatch.setattr(search, "TAIL", 2)
    [page] = await book.pages("konrad", 5, OrderFilter())
    assert page.numbers == []
    await book.keep()
    [page] = await book.pages("konrad", 5, OrderFilter())
    assert page.numbers == [2]


async def test_a_step_that_is_repeated_changes_nothing_and_two_walks_conflict(book: Book) -> None:
    await book.place(5)
    await book.amend(2, email="new@example.org")
    await book.keep()
    table = schema.order_terms
    before = await book.database.read(lambda c: c.execute(table.select()).all())
    [fence] = await book.database.read(
        lambda c: c.execute(
            schema.sweeps.select().with_only_columns(schema.sweeps.c.fence)
            .where(schema.sweeps.c.kind == SEARCH)
        ).scalars().all()
    )  # fmt: skip
    late = Sweep(book.org.org, SEARCH, fence=fence)
    for sweep in (late, late._replace(fence=fence - 1)):
        read = await book.database.read(lambda c, s=sweep: keeping.read(c, s, keeping.Slices()))
        assert (read.new, read.gone) == ([], [])
        if sweep is late:
            await book.database.write(lambda c, r=read: keeping.write(c, r))
        else:
            with pytest.raises(sql.Conflict):
                await book.database.write(lambda c, r=read: keeping.write(c, r))
    assert await book.database.read(lambda c: c.execute(table.select()).all()) == before
    await book.check()


@pytest.mark.parametrize("few", [search.FEW, 0], ids=["by terms", "through the list"])
async def test_two_organizations_never_meet(
    book: Book, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Orders are found by the index of terms, or through the list where many have each term."""
    monkeypatch.setattr(search, "FEW", few)
    other = Book(book.database, await an_organization(book.database, "Other"))
    for one in (book, other):
        await one.place(5)
    await other.amend(1, email="theirs@example.org")
    await other.amend(3, email="b2@example.org")  # which one of ours has
    for keep in (False, True):
        if keep:
            await book.keep()
            await other.keep()
        [page] = await book.pages("theirs@example.org", 5, OrderFilter())
        assert page.numbers == []
        for text in ("ada", "b2@example.org"):
            [page] = await book.pages(text, 5, OrderFilter())
            assert page.numbers == book.meant(text, OrderFilter()) != []
    await book.check()


async def test_no_statement_of_a_search_goes_through_a_table(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book.place(ORDERS)
    await book.keep()
    await book.place(1)
    await book.amend(5, first_name="Konrad")
    heard: list[tuple[str, Any]] = []
    listen(monkeypatch, lambda statement, parameters: heard.append((statement, parameters)))
    wanted = OrderFilter(text="ada sku-2 b1@example.org 12", stages=("placed",))
    for text in ("grace b2", "s-7", "030 12345", "12"):
        await book.database.read(
            lambda c, t=text: search.find(c, book.org.org, wanted._replace(text=t), 5)
        )
    monkeypatch.setattr(search, "FEW", 0)
    await book.database.read(lambda c: search.find(c, book.org.org, wanted, 5))
    monkeypatch.undo()
    assert len(heard) > 20
    for statement, parameters in heard:
        plan = await _plan(book.database, statement, parameters)
        for table in ("orders", "order_terms", "events", "order_lines"):
            assert f"SCAN {table}" not in plan, (statement, plan)
        for alias in ("o", "t", "e"):
            assert f"SCAN {alias} " not in plan, (statement, plan)
        assert "Seq Scan on o" not in plan, (statement, plan)
        assert "Seq Scan on e" not in plan, (statement, plan)


async def _plan(database: Database, statement: str, parameters: Any) -> str:
    def explain(conn: Connection) -> str:
        if database.dialect != "sqlite":
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        # A blank behind each line: the name of a table ends there.
        return f"{plan_of(conn, statement, parameters)} ".replace("\n", " \n")

    return await database.write(explain)
