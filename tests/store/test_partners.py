"""Customers are found by several words at a bounded cost: the rarest word leads, in parts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, insert
from tests.asked import listen, plan_of

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines import sql
from entrepot.store.engines.opening import open_database
from entrepot.store.reading import partners

ORG, CUSTOMERS, LOOKED_AT = 7, 600, 100
IDS = [number.to_bytes(16, "big") for number in range(CUSTOMERS)]
# Which customers have each word in their names.
WORDS: dict[str, Callable[[int], bool]] = {
    "all": lambda _: True,
    "even": lambda number: number % 2 == 0,
    "odd": lambda number: number % 2 == 1,
    "early": lambda number: 1 <= number <= 21,
    "rare": lambda number: number in (0, 250, 599),
}


class Book(NamedTuple):
    """A book with the words of many customers, and what each statement looked at."""

    database: Database
    looked_at: list[int]

    async def page(
        self, terms: tuple[str, ...], after: bytes | None = None, limit: int = 50
    ) -> tuple[list[bytes], bytes | None]:
        self.looked_at.clear()

        def work(conn: Connection) -> tuple[list[bytes], bytes | None]:
            ordered = partners._rarest_first(conn, ORG, terms)
            return partners._of_all(conn, ORG, ordered, after, limit)

        return await self.database.read(work)

    async def pages(self, *terms: str, limit: int = 50) -> list[list[bytes]]:
        """Every page, each within the bound."""
        found, after = await self.page(terms, limit=limit)
        pages = [found]
        while after is not None:
            found, after = await self.page(terms, after, limit)
            pages.append(found)
            assert sum(self.looked_at) <= LOOKED_AT
        return pages


@pytest.fixture
async def book(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Book]:
    database = open_database(database_url)
    rows = [
        {"org": org, "term": word.encode(), "customer_id": id_}
        for org in (ORG, ORG + 1)
        for word, has in WORDS.items()
        for number, id_ in enumerate(IDS)
        if has(number)
    ]
    await database.write(lambda conn: conn.execute(insert(schema.contact_terms), rows))
    for name, value in (("FEW", 64), ("AT_ONCE", 8), ("LOOKED_AT", LOOKED_AT)):
        monkeypatch.setattr(partners, name, value)
    made = Book(database, [])
    part = partners._part

    def counted(*asked: object) -> object:
        rows = part(*asked)  # type: ignore[arg-type]
        made.looked_at.append(len(rows))
        return rows

    monkeypatch.setattr(partners, "_part", counted)
    yield made
    await database.close()


@pytest.mark.parametrize("terms", [("all", "rare"), ("rare", "all"), ("all", "even", "rare")])
async def test_the_rarest_word_leads(book: Book, terms: tuple[str, ...]) -> None:
    found, after = await book.page(terms)
    wanted = [0, 250] if "even" in terms else [0, 250, 599]
    assert (found, after) == ([IDS[number] for number in reversed(wanted)], None)
    assert book.looked_at == [3]


@pytest.mark.parametrize("limit", [1, 7, 50])
async def test_every_customer_with_all_words_is_on_one_page(book: Book, limit: int) -> None:
    pages = await book.pages("all", "even", limit=limit)
    assert [id_ for page in pages for id_ in page] == IDS[-2::-2]
    assert all(len(page) <= limit for page in pages)


async def test_a_full_page_is_the_last_one_where_nobody_else_has_both_words(book: Book) -> None:
    found, after = await book.page(("early", "even"), limit=10)
    assert (len(found), after) == (10, None)
    assert (await book.page(("early", "even"), limit=9))[1] == IDS[4]


async def test_a_page_ends_early_where_no_customer_has_both_words(book: Book) -> None:
    pages = await book.pages("even", "odd")
    assert pages == [[], [], [], []]
    assert await book.page(("all", "nobody")) == ([], None)


async def test_no_word_is_gathered_to_look_for_it_at_each_customer(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL would rather read all customers who have the second word, for one page."""
    heard: list[tuple[str, sql.Row]] = []
    with monkeypatch.context() as patch:
        listen(patch, lambda statement, values: heard.append((statement, values)))
        await book.page(("even", "all"))
    asked = [one for one in heard if "EXISTS" in one[0]]
    assert asked

    def plans(conn: Connection) -> list[str]:
        return [_served(conn, *one) for one in asked]

    for plan in await book.database.write(plans):
        assert re.search(r" o\b[^>]*customer_id ?=", plan), plan


def _served(conn: Connection, statement: str, values: sql.Row) -> str:
    """The plan as a server has it made: PostgreSQL's serves once, for any values."""
    if conn.dialect.name == "sqlite":
        return plan_of(conn, statement, values)
    conn.exec_driver_sql("ANALYZE contact_terms")
    conn.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    conn.exec_driver_sql(f"PREPARE asked AS {statement}")
    told = ", ".join(f"'\\x{v.hex()}'" if isinstance(v, bytes) else str(v) for v in values)
    rows = conn.exec_driver_sql(f"EXPLAIN EXECUTE asked ({told})").scalars().all()
    conn.exec_driver_sql("DEALLOCATE asked")
    return "\n".join(rows)
