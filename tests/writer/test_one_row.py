"""Commands of one batch that change one row: the row is written once, as the last one leaves it.

The store guards what it writes. A row that a batch changed and took away, or made and took away,
would be guarded in vain: the batch would meet a conflict with itself, and be written twice.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from tests.factories import open_shop
from tests.quantities import much
from tests.writer.test_writer import Watched

from entrepot.clock import new_id, now
from entrepot.core.commands import Command, CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.steps import DeferJob, FinishJob
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer


class Batches:
    """An organization's book, to which several commands come at once."""

    def __init__(self, database: Database, org: int) -> None:
        self.database, self.org = Watched(database), org
        self.writer = Writer(self.database, now=now, new_id=new_id)

    async def at_once(self, *commands: Command) -> int:
        """How many transactions it took to write all of these commands."""
        before = self.database.writes
        outcomes = await self.writer.submit_all([Envelope(command) for command in commands])
        refused = [one.result for one in outcomes if isinstance(one.result, Refusal)]
        assert refused == []
        return self.database.writes - before

    async def placed(self, lines: int) -> Order:
        """A managed order without a payment, of so many lines."""
        drafts = tuple(thing(f"thing-{number}") for number in range(lines))
        outcome = await self.writer.submit(Envelope(PlaceOrder(self.org, "synq", "EUR", drafts)))
        assert isinstance(outcome.result, OrderResult)
        return outcome.result.order

    def amending(self, order: Order, **changes: Any) -> AmendOrder:
        return AmendOrder(self.org, "polinate", order.id, **changes)

    async def rows(self, *columns: Any) -> list[tuple[Any, ...]]:
        def work(conn: Connection) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in conn.execute(select(*columns).order_by(*columns))]

        return await self.database.read(work)


def thing(title: str) -> DraftLine:
    return DraftLine(
        "items[0]", VariantRef(names=(("title", title),)), much(1), Amount(100, 2), title=title
    )


async def batches(database: Database) -> Batches:
    shop = await database.write(open_shop)
    return Batches(database, shop.org)


async def test_a_line_is_changed_and_taken_away_in_one_batch(database: Database) -> None:
    book = await batches(database)
    order = await book.placed(2)
    first, second = order.lines
    written = await book.at_once(
        book.amending(order, update_lines=(LineChange("u", first.id, much(7)),)),
        book.amending(order, delete_lines=(("d", first.id),)),
    )
    assert written == 1
    assert await book.rows(schema.order_lines.c.id) == [(second.id,)]


async def test_a_line_is_made_changed_and_taken_away_in_one_batch(database: Database) -> None:
    """The order is new as well, and is told four times."""
    book = await batches(database)
    written = await book.at_once(
        *[mirrored(book.org, titles) for titles in (["a", "b"], ["b"], ["b", "c"], ["c"])]
    )
    assert written == 1
    assert await book.rows(schema.order_lines.c.title) == [("c",)]
    assert await book.rows(schema.orders.c.number) == [(1,)]


def mirrored(org: int, titles: list[str]) -> MirrorOrders:
    """One order as its sender tells it, with lines of these things."""
    digest = repr(titles).encode().ljust(32)[:32]
    total, lines = Amount(100 * len(titles), 2), tuple(map(thing, titles))
    draft = OrderDraft("[0]", "s-1", digest, "EUR", total, lines, CustomerRef(), (), {})
    return MirrorOrders(org, "konvo", (draft,))


async def test_a_step_is_put_off_and_done_in_one_batch(database: Database) -> None:
    book = await batches(database)
    await book.placed(1)
    [(job_id, fence)] = await book.rows(schema.jobs.c.id, schema.jobs.c.fence)
    written = await book.at_once(
        DeferJob(book.org, job_id, fence, now(), "not yet"), FinishJob(book.org, job_id, fence)
    )
    assert written == 1
    assert await book.rows(schema.jobs.c.id) == []
