"""A book with orders, and an operator who types commands: for tests of the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, select
from structlog.testing import capture_logs
from tests.factories import Shop, new_id, open_shop

from entrepot.clock import now
from entrepot.core.decide.steps import DeferJob
from entrepot.core.order import Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.outside import SANDBOX
from entrepot.pipeline.steps.reserve import reserve
from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

LATER = 3_000_000_000
DOWN = "sandbox: not sent: the ledger is away"
TURN = f"authorise, try 2 of 50, next 08:54:10Z: {DOWN}"


class Office:
    """A book with orders, and an operator who types commands."""

    def __init__(self, url: str, printed: Callable[[], str]) -> None:
        self.url = url
        self._printed = printed
        self.shop = self.run(self._open)

    def run(self, work: Any, *args: Any) -> Any:
        async def inside() -> Any:
            self.database = open_database(self.url)
            self.writer = Writer(self.database, now=now, new_id=new_id)
            try:
                return await work(*args)
            finally:
                await self.database.close()

        return asyncio.run(inside())

    async def _open(self) -> Shop:
        await migrate.upgrade(self.database)
        shop = await self.database.write(open_shop)
        await self._do(shop.stocked(100_000))

        def forget(conn: Connection) -> None:
            """The log begins with what a test does."""
            conn.execute(delete(schema.events))
            conn.execute(delete(schema.order_counters))

        await self.database.write(forget)
        return shop

    async def _do(self, command: Any) -> Any:
        result = (await self.writer.submit(Envelope(command, "req-1"))).result
        assert not isinstance(result, Refusal), result
        return result

    async def _place(self, how: dict[str, Any] | None, said: dict[str, Any]) -> Order:
        result = await self._do(self.shop.order(**{"reference": str(new_id())} | said))
        assert isinstance(result, OrderResult)
        order = result.order
        job = await self._job(order.id)
        terms = Terms(now, lambda: 1.0, {})
        await self._do(reserve(job, frozenset(), SANDBOX, b"s" * 32, terms))
        if how is not None:
            job = await self._job(order.id)
            usual: dict[str, Any] = {
                "run_at": now() + LATER, "error": DOWN, "waiting": TURN, "order_id": order.id,
            }  # fmt: skip
            await self._do(DeferJob(job.org, job.id, job.fence, **usual | how))
        return order

    async def _job(self, order_id: bytes) -> Any:
        statement = select(schema.jobs).where(schema.jobs.c.order_id == order_id)
        row = await self.database.read(lambda conn: conn.execute(statement).one())
        return schema.JOBS.from_row(tuple(row))

    def place(self, how: dict[str, Any] | None = None, **said: Any) -> Order:
        """Place an order, reserve for it, and put its authorisation off as `how` says."""
        order = self.run(self._place, {} if how is None else how, said)
        assert isinstance(order, Order)
        return order

    def do(self, command: Any) -> Any:
        return self.run(self._do, command)

    def write(self, work: Callable[[Connection], Any]) -> Any:
        async def inside() -> Any:
            return await self.database.write(work)

        return self.run(inside)

    def jobs(self) -> list[tuple[Any, ...]]:
        """(state, tries, whether it is due) of every job, oldest first."""

        def work(conn: Connection) -> list[tuple[Any, ...]]:
            c = schema.jobs.c
            found = conn.execute(select(c.state, c.tries, c.run_at).order_by(c.id))
            return [(row[0], row[1], row[2] <= now()) for row in found]

        found: list[tuple[Any, ...]] = self.write(work)
        return found

    def types(self, command: Any, *args: Any, **flags: Any) -> str:
        self._printed()
        with capture_logs():
            command(*args, **flags)
        return self._printed()

    def told(self, command: Any, *args: Any, **flags: Any) -> Any:
        return json.loads(self.types(command, *args, as_json=True, **flags))
