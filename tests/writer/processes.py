"""Processes on one book, each with a clock of its own, whose transactions can be held up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from sqlalchemy import Connection, select
from sqlalchemy.util import await_only
from tests.writer.test_guarded import array

from entrepot.clock import new_id
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.order import Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult, OrdersResult, Result
from entrepot.edge.times import millis_text
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.writer.envelope import Answer, Envelope, Idempotency, Outcome
from entrepot.writer.writer import Writer

NOON = 1_800_000_000_000_000
MILLISECOND = 1_000
SECOND = 1_000_000


class Gate:
    """Holds a transaction up between deciding and writing, where the database lets others go on."""

    def __init__(self) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    def answer(self, result: Result | Refusal) -> Answer:
        self.reached.set()
        if not self.open.is_set():
            await_only(self.open.wait())
        return told(result)


def told(result: Result | Refusal) -> Answer:
    """The times that an answer shows, as the dialects write them."""
    orders = result.orders if isinstance(result, OrdersResult) else ()
    if isinstance(result, OrderResult):
        orders = (result.order,)
    shown = [(millis_text(one.created_at), millis_text(one.updated_at)) for one in orders]
    return Answer(200, json.dumps(shown).encode())


class Process:
    """One process on the book, with a clock of its own."""

    def __init__(self, database: Database, org: int) -> None:
        self.database, self.org, self.clock = database, org, NOON
        self.writer = Writer(database, now=lambda: self.clock, new_id=new_id)
        self._names = iter(range(10**9))

    def place(self, orders: int = 1) -> Command:
        # Each array makes a thing of its own known, so that no two meet there.
        name = new_id().hex()
        return array(self.org, name, name, orders)

    def change(self, order_id: bytes) -> Command:
        return AmendOrder(self.org, "polinate", order_id, said={"notes": new_id().hex()})

    async def do(
        self,
        command: Command,
        answer: Callable[[Result | Refusal], Answer] = told,
        key: Idempotency | None = None,
    ) -> Outcome:
        return await self.writer.submit(Envelope(command, None, key, answer))

    async def placed(self, orders: int = 1) -> tuple[Order, ...]:
        result = (await self.do(self.place(orders))).result
        assert isinstance(result, OrdersResult)
        return result.orders

    async def changed(self, order_id: bytes) -> Order:
        result = (await self.do(self.change(order_id))).result
        assert isinstance(result, OrderResult)
        return result.order

    async def book(self) -> dict[bytes, tuple[int, int]]:
        """When each order was created and updated."""
        c = schema.orders.c
        statement = select(c.id, c.created_at, c.updated_at).where(c.org == self.org)

        def work(conn: Connection) -> dict[bytes, tuple[int, int]]:
            return {row[0]: (row[1], row[2]) for row in conn.execute(statement)}

        return await self.database.read(work)

    async def held(self, command: Command) -> tuple[Gate, asyncio.Task[Outcome]]:
        """A transaction that has decided, and waits to write."""
        gate = Gate()
        task = asyncio.create_task(self.do(command, gate.answer))
        await asyncio.wait_for(gate.reached.wait(), 20)
        return gate, task


async def released(held: tuple[Gate, asyncio.Task[Outcome]]) -> Outcome:
    held[0].open.set()
    outcome = await asyncio.wait_for(held[1], 20)
    assert not isinstance(outcome.result, Refusal), outcome.result
    return outcome
