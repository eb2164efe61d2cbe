"""A caller is looked up once for all requests at the same time, and forgotten in a second."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest

from entrepot.edge.admission import Admission
from entrepot.store.engine import Unavailable


class Book:
    """A database whose reads take until the gate opens, and then find or raise what it holds."""

    dialect = "sqlite"

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.reads = 0
        self.holds: Any = "somebody"

    async def read(self, work: Any) -> Any:  # noqa: ARG002
        self.reads += 1
        await self.gate.wait()
        if isinstance(self.holds, Exception):
            raise self.holds
        return self.holds


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def admission(book: Book, clock: Clock) -> Admission:
    return Admission(book, monotonic=clock, rate=None)  # type: ignore[arg-type]


async def asking(admission: Admission, how_many: int) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(admission.credential("secret")) for _ in range(how_many)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_a_thousand_at_once_are_one_look_up(admission: Admission, book: Book) -> None:
    tasks = await asking(admission, 1_000)
    book.gate.set()
    assert set(await asyncio.gather(*tasks)) == {"somebody"}
    assert book.reads == 1
    assert await admission.credential("secret") == "somebody"
    assert book.reads == 1


async def test_a_second_later_it_is_looked_up_again(
    admission: Admission, book: Book, clock: Clock
) -> None:
    book.gate.set()
    await admission.credential("secret")
    clock.seconds += 1.0
    book.holds = None
    assert await admission.credential("secret") is None
    assert await admission.credential("secret") is None
    assert book.reads == 2


async def test_a_look_up_that_takes_long_is_not_joined(
    admission: Admission, book: Book, clock: Clock
) -> None:
    """Its result may be older than a revocation that has to hold by now."""
    first = await asking(admission, 1)
    clock.seconds += 1.0
    second = await asking(admission, 1)
    book.gate.set()
    await asyncio.gather(*first, *second)
    assert book.reads == 2


class Known(NamedTuple):
    id: bytes


async def test_a_revoked_key_is_forgotten_at_once(admission: Admission, book: Book) -> None:
    book.holds = Known(b"k")
    book.gate.set()
    assert await admission.credential("secret") == admission.known("secret") == Known(b"k")
    admission.forget(b"other")
    assert admission.known("secret") == Known(b"k")
    book.holds = None
    admission.forget(b"k")
    assert admission.known("secret") is None
    assert await admission.credential("secret") is None


async def test_a_look_up_from_before_a_revocation_finds_nobody(
    admission: Admission, book: Book
) -> None:
    book.holds = Known(b"k")
    [task] = await asking(admission, 1)
    admission.forget(b"k")
    book.gate.set()
    assert await task is None
    assert admission.known("secret") is None


async def test_who_leaves_takes_nobody_along(admission: Admission, book: Book) -> None:
    first, second = await asking(admission, 2)
    first.cancel()
    await asyncio.sleep(0)
    book.gate.set()
    assert await second == "somebody"
    assert book.reads == 1


async def test_a_failure_is_everybody_s_and_not_remembered(
    admission: Admission, book: Book
) -> None:
    book.holds = Unavailable("away")
    tasks = await asking(admission, 3)
    book.gate.set()
    for task in tasks:
        with pytest.raises(Unavailable):
            await task
    book.holds = "somebody"
    assert await admission.credential("secret") == "somebody"
    assert book.reads == 2
