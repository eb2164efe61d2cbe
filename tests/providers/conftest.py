"""A sandbox on a fresh ledger, an outside view of that ledger, and other processes that use it."""

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3

from entrepot.providers.payment import OperationKind, OperationRequest, PaymentRequest
from entrepot.providers.sandbox import SandboxProvider

# Authorises keys "0" to "N-1" with eight callers and prints each key only once it was answered.
LOAD = """
import asyncio, sys
from entrepot.providers.payment import Authorised, PaymentRequest
from entrepot.providers.sandbox import SandboxProvider

async def main(path, count):
    sandbox = SandboxProvider(path, lock_wait_seconds=30)
    keys = iter(range(count))

    async def caller():
        for key in keys:
            request = PaymentRequest(str(key), f"order-{key}", "card", 1250, 2, "EUR")
            answer = await sandbox.authorise(request)
            assert isinstance(answer, Authorised), answer
            print(key, answer.provider_reference, flush=True)

    await asyncio.gather(*(caller() for _ in range(8)))
    await sandbox.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


KEY = "6f0c1a52-7f0e-5b1d-9c40-3a4f7f6f2b11"
ORDER = "018f2f6e-0000-7000-8000-000000000001"


def request_of(reference: str = "card", key: str = KEY, order: str = ORDER) -> PaymentRequest:
    return PaymentRequest(key, order, reference, units=1250, scale=2, currency="EUR")


def operation_of(
    kind: OperationKind,
    payment: PaymentRequest,
    units: int = 1250,
    *,
    of: str | None = None,
    final: bool = True,
    number: int = 1,
) -> OperationRequest:
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{payment.key!a}{kind}{number}"))
    return OperationRequest(key, payment, of, units, final, kind=kind)


def void_of(payment: PaymentRequest) -> OperationRequest:
    return operation_of("void", payment)


@contextmanager
def another_writer(path: Path) -> Iterator[None]:
    """Hold the ledger's write lock, as another process in the middle of a transaction does."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "sandbox.db"


@pytest.fixture
async def sandbox(path: Path) -> AsyncIterator[SandboxProvider]:
    provider = SandboxProvider(path)
    yield provider
    await provider.close()


class View:
    """The ledger as an outside check sees it: its own connection, committed data only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self._path)
        try:
            found: list[tuple[object, ...]] = connection.execute(sql).fetchall()
        finally:
            connection.close()
        return found

    def effects(self) -> list[object]:
        """Every effect that the ledger tells of, oldest first."""
        return [effect for (effect,) in self.rows("SELECT effect FROM operations ORDER BY id")]


@pytest.fixture
def view(path: Path) -> View:
    return View(path)


@pytest.fixture
def start_load(path: Path) -> Callable[[int], subprocess.Popen[str]]:
    """Start a process that authorises so many keys on the ledger and tells which were answered."""

    def start(count: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", LOAD, str(path), str(count)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return start
