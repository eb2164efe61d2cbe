"""A house with a real book and a real sandbox, whose worker can be started, stopped and doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select
from tests.factories import Shop, new_id, open_shop
from tests.quantities import units
from tests.writer.taking import Taking

from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import OrderDraft
from entrepot.core.ids import dashed
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, Refusal, refuse
from entrepot.core.results import OrderResult, Result
from entrepot.edge.polinate.credentials import business_text
from entrepot.pipeline.holding import Holding
from entrepot.pipeline.retry import starting_at
from entrepot.pipeline.settings import WorkerSettings
from entrepot.pipeline.steps.outside import SourceDialect
from entrepot.pipeline.worker import Worker
from entrepot.providers.payment import (
    AuthoriseAnswer,
    CaptureAnswer,
    Notification,
    OperationRequest,
    PaymentProvider,
    PaymentRequest,
    RefundAnswer,
    VoidAnswer,
)
from entrepot.providers.sandbox import SandboxProvider
from entrepot.providers.sandbox_ledger import Ledger
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.verify import keys_by, verify
from entrepot.store.verify.report import Report
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

FAST = WorkerSettings(
    pending_seconds=0.01, busy_seconds=0.01, idle_seconds=0.02, gauges_seconds=60.0
)
POLICIES = {name: p._replace(cap_seconds=0.01) for name, p in starting_at(0.001).items()}
SECRET = b"s" * 32
DEADLINE_SECONDS = 20.0


def unread(document: bytes, sender_id: str, org: int) -> OrderDraft:
    """A reader for houses that fetch nothing."""
    raise refuse(Reason.INVALID, "nothing is read here")


async def eventually(what: Callable[[], Awaitable[Any]]) -> Any:
    """The first true answer; fails when there is none within the deadline."""
    until = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = await what()
        if found:
            return found
        assert time.monotonic() < until, "it did not come about in time"
        await asyncio.sleep(0.005)


class Scripted:
    """The sandbox, but for what a test puts in its way."""

    def __init__(self, inner: SandboxProvider) -> None:
        self.name = inner.name
        self.terms = inner.terms
        self.inner = inner
        self.calls: list[PaymentRequest] = []
        self.voids: list[PaymentRequest] = []
        self.looks: list[str] = []
        self.instead: Callable[[PaymentRequest], Awaitable[AuthoriseAnswer | None]] | None = None

    async def authorise(self, request: PaymentRequest, known: str | None = None) -> AuthoriseAnswer:
        self.calls.append(request)
        answer = await self.instead(request) if self.instead else None
        return answer or await self.inner.authorise(request, known)

    async def capture(self, request: OperationRequest) -> CaptureAnswer:
        return await self.inner.capture(request)

    async def void(self, request: OperationRequest) -> VoidAnswer:
        self.voids.append(request.payment)
        return await self.inner.void(request)

    async def refund(self, request: OperationRequest) -> RefundAnswer:
        return await self.inner.refund(request)

    async def look_up(
        self, request: PaymentRequest | OperationRequest, known: str | None = None
    ) -> Any:
        self.looks.append(request.key)
        return await self.inner.look_up(request, known)

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification | None:
        return self.inner.read_notification(headers, body)

    def found_since(self, since: int) -> AsyncIterator[Any]:
        return self.inner.found_since(since)

    async def check(self) -> str | None:
        return await self.inner.check()

    async def close(self) -> None:
        await self.inner.close()


class House:
    """One organization's book, the sandbox, and the workers that a test starts."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.ahead = 0  # microseconds that this house's clock is ahead
        self.ledger_path = folder / "sandbox.db"
        self.database = open_database(url)
        self.writer = Writer(self.database, now=self.now, new_id=new_id)
        self.provider = Scripted(SandboxProvider(self.ledger_path))
        self.shop: Shop
        self._workers: list[tuple[Worker, asyncio.Task[None]]] = []
        self._databases: list[Database] = [self.database]

    def now(self) -> int:
        return time.time_ns() // 1000 + self.ahead

    def advance(self, seconds: float) -> None:
        """Put the clock ahead and have the workers look at it."""
        self.ahead += int(seconds * 1_000_000)
        for worker, _ in self._workers:
            worker._holding.wake()

    async def open(self, on_hand: int) -> None:
        self.shop = await self.database.write(open_shop)
        await self.do(self.shop.stocked(on_hand))

    def start(
        self,
        provider: PaymentProvider | None = None,
        settings: WorkerSettings = FAST,
        *,
        apart: bool = False,
        **more: Any,
    ) -> Worker:
        """Start a worker behind this house's writer; `apart`: as another process on the book."""
        usual: dict[str, Any] = {
            "policies": POLICIES, "providers": {},
            "dialect": SourceDialect("polinate", business_text, more.pop("fetch_reader", unread)),
        }  # fmt: skip
        database = self.database
        if apart:
            database = open_database(self.url)
            self._databases.append(database)
        clock: dict[str, Any] = {"now": self.now} | {
            name: more.pop(name) for name in ("now", "random01") if name in more
        }
        holding = Holding(database, settings=settings, **clock)
        writer = Writer(database, now=self.now, new_id=new_id, hooks=holding)
        if not apart:
            self.writer = writer
        worker = Worker(
            holding, writer, sandbox=provider or self.provider, secret=SECRET, **usual | more
        )
        self._workers.append((worker, asyncio.create_task(worker.run())))
        return worker

    def taken_by(self, process: int | None) -> None:
        """From now on jobs are born leased to a process that does nothing; None: to nobody."""
        hooks = None if process is None else Taking(self.now, process)
        self.writer = Writer(self.database, now=self.now, new_id=new_id, hooks=hooks)

    async def do(self, command: Command, request_id: str = "req-1") -> Result:
        outcome = await self.writer.submit(Envelope(command, request_id))
        assert not isinstance(outcome.result, Refusal), outcome.result
        return outcome.result

    async def place(self, reference: str | None = "card", quantity: int = 1, **said: Any) -> bytes:
        """Place an order; its id."""
        result = await self.do(self.shop.order(reference, quantity, **said))
        assert isinstance(result, OrderResult)
        return result.order.id

    async def cancel(self, order_id: bytes) -> Order:
        words = (("polinate_phase", "CANCELLED"),)
        result = await self.do(AmendOrder(self.shop.org, "polinate", order_id, words=words))
        assert isinstance(result, OrderResult)
        return result.order

    async def account(self, service: str) -> None:
        """The organization has an account at a payment service."""
        row = {"org": self.shop.org, "service": service, "added_at": self.now()}
        made = insert(schema.provider_accounts).values(row)
        await self.database.write(lambda conn: conn.execute(made))

    async def rows(self, table: Any, *columns: str, **where: Any) -> list[tuple[Any, ...]]:
        def work(conn: Connection) -> list[tuple[Any, ...]]:
            statement = select(*[table.c[c] for c in columns])
            for column, value in where.items():
                statement = statement.where(table.c[column] == value)
            return [tuple(row) for row in conn.execute(statement)]

        return await self.database.read(work)

    async def stage(self, order_id: bytes) -> tuple[Any, ...]:
        """(stage, payment, reason, parked) of an order."""
        columns = ("stage", "payment", "reason", "parked")
        [row] = await self.rows(schema.orders, *columns, id=order_id)
        return (*row[:3], bool(row[3]))

    async def until(self, order_id: bytes, *facets: str, parked: bool = False) -> None:
        """Wait until the order stands in (stage, payment), and whether it is parked."""

        async def there() -> bool:
            stage, payment, _, is_parked = await self.stage(order_id)
            return (stage, payment)[: len(facets)] == facets and is_parked == parked

        await eventually(there)

    async def until_quiet(self) -> None:
        """Wait until there is no job left."""

        async def quiet() -> bool:
            return not await self.rows(schema.jobs, "id")

        await eventually(quiet)

    async def reserved(self) -> tuple[int, set[str]]:
        """How much of the variant is reserved, and the states of all reservations."""
        [(reserved,)] = await self.rows(schema.stock_levels, "reserved")
        states = {state for (state,) in await self.rows(schema.reservations, "state")}
        return units(reserved), states

    async def events(self, order_id: bytes) -> list[str]:
        found = await self.rows(schema.events, "seq", "type", subject_id=order_id)
        return [type_ for _, type_ in sorted(found)]

    async def check(self) -> None:
        """Fail with what is wrong in the book."""
        report = await self._verified()
        assert report.ok, report.violations

    async def violated(self) -> set[str]:
        """The invariants that do not hold in the book."""
        return {one.invariant for one in (await self._verified()).violations}

    async def _verified(self) -> Report:
        operation_key = keys_by(SECRET, {})
        return await self.database.read(lambda conn: verify(conn, operation_key=operation_key))

    def live(self) -> list[tuple[str, int]]:
        """Orders that the sandbox holds money for, and how many times."""
        return self.provider.inner.live_authorisations()

    def effects(self, order_id: bytes) -> list[str]:
        """The effects for an order by the sandbox's own ledger, oldest first."""
        ledger = Ledger(self.ledger_path)
        found = ledger.connected(5.0).execute(
            "SELECT effect FROM operations WHERE order_ref = ? ORDER BY id", (dashed(order_id),)
        )
        effects = [effect for (effect,) in found]
        ledger.close()
        return effects

    async def close(self) -> None:
        for worker, task in self._workers:
            await worker.stop()
            await task
        await self.provider.close()
        for database in self._databases:
            await database.close()


@pytest.fixture
def book_url(one_database: Callable[[], str]) -> str:
    """The URL of a test's book; a module may name another one."""
    return one_database()


@pytest.fixture
async def house(book_url: str, tmp_path: Path) -> AsyncIterator[House]:
    made = House(book_url, tmp_path)
    await made.open(on_hand=10)
    yield made
    await made.close()
