"""What is asked or done in one organization never meets another one whose rows have the same ids,
keys, numbers, references and names.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection
from tests.store.altered_book import Undone
from tests.store.twins import (
    ASKED,
    EVERYWHERE,
    JOBLESS,
    ORG,
    TWINS,
    Work,
    lie,
    rows_of,
    with_twins,
)
from tests.store.twins_changed import DONE
from tests.store.verify_book import START, Healthy, healthy_book, operation_key

from entrepot.core.decide.notify import NotifyOrder, fetch_job_id
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob, Taken
from entrepot.core.decide.wake import WakeStep
from entrepot.store import accounts, keeping, reading, writing
from entrepot.store.engine import Database
from entrepot.store.engines import sql
from entrepot.store.engines.opening import open_database
from entrepot.store.question import Question
from entrepot.store.verify import verify

Rows = dict[str, list[Any]]
# The parameters by which a function of the store is told the organization.
OF_ONE = {"org", "sweep", "account"}


class Book(NamedTuple):
    """A book, the ids of its orders by name, the rows of the twins before anything was done, and
    the rows of the organization itself.
    """

    database: Database
    runner: asyncio.Runner
    ids: dict[str, bytes]
    before: list[Rows]
    rows: Rows

    def see(self, work: Callable[[Connection], Any]) -> Any:
        """What `work` sees in a transaction of which nothing stays."""

        def undone(conn: Connection) -> None:
            raise Undone(work(conn))

        with pytest.raises(Undone) as seen:
            self.runner.run(self.database.write(undone))
        return seen.value.seen


def _of_twins(conn: Connection) -> list[Rows]:
    return [rows_of(conn, twin) for twin in TWINS]


def opened(runner: asyncio.Runner, url: str, twins: Rows | None) -> Book:
    database = open_database(url)
    if twins is not None:
        runner.run(database.write(lambda conn: with_twins(conn, twins)))
    before = runner.run(database.read(_of_twins))
    made = runner.run(healthy_book(database))
    runner.run(_wait(made))
    rows = runner.run(database.read(lambda conn: rows_of(conn, ORG)))
    return Book(database, runner, made.ids, before, rows)


async def _wait(book: Healthy) -> None:
    """Two payments whose outcome the service says later, which it says of one; one whose money was
    taken; and announcements whose orders nobody fetches.
    """
    for name in ("waits", "woken"):
        order_id = await book.reserved(name, book.placing("hard", 1))
        job = await book.job(order_id)
        await book.tell(
            DeferJob(
                ORG, job.id, job.fence, job.run_at, "later", order_id=order_id, counted=False,
                waiting="the provider", running=Taken(1, 1, f"ref-{name}"),
            )
        )  # fmt: skip
    await book.tell(WakeStep(ORG, "sandbox", "ref-woken"))
    order_id = await book.reserved("moved", book.placing("hard", 1))
    job = await book.job(order_id)
    await book.tell(
        SettlePayment(ORG, order_id, job.id, job.fence, "captured", "", "ref-moved", payment=1)
    )
    fetch = fetch_job_id(ORG, "not-known-yet")
    [(fence,)] = await book.database.read(
        lambda conn: sql.fetch(
            conn, "SELECT fence FROM jobs WHERE org = $1 AND id = $2", (ORG, fetch)
        )
    )
    await book.tell(DeferJob(ORG, fetch, fence, START, "down", parked=True))
    url = "http://127.0.0.1/{orderId}"
    for source in (None, url):
        await book.database.write(lambda conn, s=source: accounts.set_source(conn, ORG, s, None))
        if source is None:
            await book.tell(NotifyOrder(ORG, "polinate", JOBLESS))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def books(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> Iterator[tuple[Book, Book]]:
    """The healthy book, and the same one made where its twins were before."""
    with asyncio.Runner() as runner:
        alone = opened(runner, fresh_database(request.param), None)
        crowded = opened(runner, fresh_database(request.param), alone.rows)
        yield alone, crowded
        for book in (alone, crowded):
            runner.run(book.database.close())


def test_a_life_among_twins_is_that_of_an_organization_alone(books: tuple[Book, Book]) -> None:
    alone, crowded = books
    assert all(crowded.before[0].values())
    assert crowded.see(_of_twins) == crowded.before
    expected, found = alone.rows, crowded.rows
    assert {name: rows for name, rows in found.items() if rows != expected[name]} == {}


def test_an_audit_takes_no_twins_row_for_one_of_the_organization(books: tuple[Book, Book]) -> None:
    report = books[1].see(lambda conn: verify(conn, operation_key=operation_key))
    # The references of a payment service are those of the whole book, and what is sealed for one
    # organization is a copy wherever another has it.
    assert {one.invariant for one in report.violations} == {"ACCOUNTS", "REFERENCES"}


@pytest.mark.parametrize("name", [*ASKED, *EVERYWHERE])
def test_a_question_finds_the_same_among_twins(books: tuple[Book, Book], name: str) -> None:
    def found(conn: Connection, book: Book) -> Any:
        if any(book.before[0].values()):  # where no twins are, nobody is there to lie of
            lie(conn)
        return (ASKED | EVERYWHERE)[name](conn, book.ids)

    alone, crowded = (book.see(partial(found, book=book)) for book in books)
    assert alone == crowded
    assert alone, "nothing was found, which proves nothing"


@pytest.mark.parametrize("name", DONE)
def test_a_change_touches_no_twin(books: tuple[Book, Book], name: str) -> None:
    def done(conn: Connection, ids: dict[str, bytes], work: Work) -> tuple[Any, Rows, list[Rows]]:
        return work(conn, ids), rows_of(conn, ORG), _of_twins(conn)

    alone, crowded = (
        book.see(lambda conn, ids=book.ids: done(conn, ids, DONE[name])) for book in books
    )
    assert alone[:2] == crowded[:2]
    assert alone[1] != books[0].rows, "nothing was changed, which proves nothing"
    assert crowded[2] == books[1].before


def _of_one_organization() -> Iterator[str]:
    """The store's functions that ask or change rows of one organization, by module and name."""
    names = ["entrepot.store.accounts", "entrepot.store.catalogue"]
    for room in (reading, writing, keeping):
        listed = pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
        names += [found.name for found in listed if not found.ispkg]
    for name in names:
        module = importlib.import_module(name)
        for called, found in vars(module).items():
            function = found.look if isinstance(found, Question) else found
            if called.startswith("_") or not inspect.isfunction(function):
                continue
            taken = inspect.signature(function).parameters
            if function.__module__ == name and "conn" in taken and OF_ONE & taken.keys():
                yield f"{name.rpartition('.')[2]}.{called}"


def test_every_function_of_one_organization_is_tried() -> None:
    assert set(_of_one_organization()) == ASKED.keys() | DONE.keys()
