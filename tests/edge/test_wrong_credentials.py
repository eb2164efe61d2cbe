"""Wrong credentials are counted, said once a minute for an address, and answered ever later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
import structlog
from tests.edge.serving import without_a_book
from tests.edge.test_admission import Book, Clock

from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge import wrong_credentials
from entrepot.edge.access import Principal
from entrepot.edge.admission import REMEMBERED_SECONDS, Admission
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.services import Services
from entrepot.edge.wrong_credentials import (
    BURST,
    RATE,
    WAIT_SECONDS_MAX,
    WAITING_MAX,
    WrongCredentials,
)
from entrepot.telemetry import metrics

DIALECTS = pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)


class Sleeper:
    """Sleeps in the time of a clock that stands still, or for as long as it is told to."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.gate is not None:
            await self.gate.wait()


def counted(dialect: str) -> float:
    return float(metrics.wrong_credentials.labels(dialect)._value.get())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def wrong(clock: Clock, sleeper: Sleeper) -> WrongCredentials:
    return WrongCredentials(clock, sleeper)


async def test_the_first_ones_are_answered_at_once_and_the_next_ever_later(
    wrong: WrongCredentials, clock: Clock, sleeper: Sleeper
) -> None:
    before = counted("synq")
    for _ in range(BURST):
        await wrong.tried("synq", "10.0.0.1")
    assert sleeper.slept == []
    for _ in range(10):
        await wrong.tried("synq", "10.0.0.1")
    assert sleeper.slept == pytest.approx([n / RATE for n in range(1, 11)])
    await wrong.tried("synq", "10.0.0.2")  # another address owes nothing
    assert len(sleeper.slept) == 10
    clock.seconds += BURST / RATE + 1
    await wrong.tried("synq", "10.0.0.1")  # nor does one that was quiet
    assert len(sleeper.slept) == 10
    assert counted("synq") == before + BURST + 12


async def test_who_would_wait_too_long_is_told_when_to_come_back(
    wrong: WrongCredentials, sleeper: Sleeper
) -> None:
    for _ in range(BURST + int(RATE * WAIT_SECONDS_MAX)):
        await wrong.tried("synq", "10.0.0.1")
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            await wrong.tried("synq", "10.0.0.1")
        assert refused.value.refusal.reason is Reason.RATE_LIMITED
        assert refused.value.refusal.retry_after == pytest.approx(WAIT_SECONDS_MAX + 1 / RATE)
    assert max(sleeper.slept) == pytest.approx(WAIT_SECONDS_MAX)


async def test_no_more_wait_at_once_than_are_bearable(
    wrong: WrongCredentials, sleeper: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong_credentials, "BURST", 0)
    sleeper.gate = asyncio.Event()
    waiting = [asyncio.create_task(wrong.tried("konvo", f"10.0.0.{n}")) for n in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Refused):
        await wrong.tried("konvo", "10.0.1.1")
    sleeper.gate.set()
    await asyncio.gather(*waiting)
    await wrong.tried("konvo", "10.0.1.1")


async def test_one_line_a_minute_for_an_address(wrong: WrongCredentials, clock: Clock) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(30):
            await wrong.tried("polinate", "10.0.0.1")
        await wrong.tried("polinate", "10.0.0.2")
        clock.seconds += 61
        await wrong.tried("polinate", "10.0.0.1")
    said = [(one["event"], one["client"], one["tries"]) for one in lines]
    assert said == [
        ("credentials.wrong", "10.0.0.1", 1), ("credentials.wrong", "10.0.0.2", 1),
        ("credentials.wrong", "10.0.0.1", 30),
    ]  # fmt: skip


async def test_addresses_without_end_take_no_memory_without_end(
    wrong: WrongCredentials, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong_credentials, "CLIENTS_MAX", 10)
    with structlog.testing.capture_logs() as lines:
        for number in range(50):
            await wrong.tried("synq", f"10.0.0.{number}")
        clock.seconds += 120
        await wrong.tried("synq", "10.0.0.99")
    assert len(wrong._clients) <= 11
    assert [one["client"] for one in lines][10:] == ["others", "10.0.0.99"]


async def test_a_wrong_secret_is_looked_up_once_a_second(book: Book, clock: Clock) -> None:
    admission = Admission(book, monotonic=clock, rate=None)  # type: ignore[arg-type]
    book.gate.set()
    book.holds = None
    for _ in range(5):
        assert await admission.credential("wrong") is None
    assert book.reads == 1
    book.holds = "somebody"
    clock.seconds += REMEMBERED_SECONDS + 0.1
    assert await admission.credential("wrong") == "somebody"  # it was made meanwhile
    assert book.reads == 2


@pytest.fixture
def book() -> Book:
    return Book()


class Tries:
    """An admission that notes what was tried."""

    def __init__(self) -> None:
        self.wrong = self
        self.noted: list[tuple[str, str]] = []

    async def tried(self, dialect: str, address: str) -> None:
        self.noted.append((dialect, address))


@DIALECTS
async def test_only_wrong_credentials_are_a_try(dialect: Dialect) -> None:
    async def authenticate(headers: Mapping[str, str], _services: Services) -> Principal:
        raise refuse(Reason[headers["x-reason"].upper()])

    tries = Tries()
    services = without_a_book(tries)
    app: Any = build_app(services, [replace(dialect, authenticate=authenticate)], {}, lambda: "r")
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1))
    path = dialect.operations[0].path
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        none = await client.get(path, headers={"x-reason": "unauthenticated"})
        mine = await client.get(path, headers={"x-reason": "forbidden", "x-api-key": "k"})
        assert tries.noted == []
        for header in ("authorization", "x-api-key"):
            await client.get(path, headers={"x-reason": "unauthenticated", header: "k"})
    assert (none.status_code, mine.status_code) == (401, 403)
    assert tries.noted == [(dialect.name, "192.0.2.7")] * 2
