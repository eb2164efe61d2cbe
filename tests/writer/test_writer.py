"""Group commit on both engines: shared transactions, replays, conflicts, poison and bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from tests.pooled import database_url  # noqa: F401 - a fixture
from tests.quantities import much
from tests.writer.taking import Taking

from entrepot.clock import new_id, now
from entrepot.core import decide as decisions
from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult, ReplayedResult, Result
from entrepot.store import accounts, schema
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.sql import Conflict
from entrepot.writer.envelope import Answer, Envelope, Idempotency, Outcome
from entrepot.writer.hooks import Hooks
from entrepot.writer.idempotency import fingerprint
from entrepot.writer.queues import Limits
from entrepot.writer.writer import Writer


class Watched:
    """A database that counts its write transactions and can be told to fail some of them."""

    def __init__(self, inner: Database) -> None:
        self.inner, self.dialect, self.waited_seconds = inner, inner.dialect, 0.0
        self.side_by_side = inner.side_by_side
        self.writes = 0
        self.before: Callable[[int], None] = lambda _: None
        self.after: Callable[[int], None] | None = None

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        return await self.watch(self.inner.write, work)

    async def write_guarded(self, work: Callable[[Connection], Any]) -> Any:
        # A write that is made to fail after its last statement needs a transaction to fail in.
        write = self.inner.write if self.after else self.inner.write_guarded
        return await self.watch(write, work)

    async def watch(self, write: Any, work: Callable[[Connection], Any]) -> Any:
        self.writes += 1
        number = self.writes

        def watched(conn: Connection) -> Any:
            self.before(number)
            done = work(conn)
            if self.after:
                self.after(number)
            return done

        return await write(watched)

    async def read(self, work: Callable[[Connection], Any]) -> Any:
        return await self.inner.read(work)

    async def close(self) -> None:
        await self.inner.close()


async def an_organization(database: Database) -> int:
    made = await database.write(lambda c: accounts.create_organization(c, "Acme", now(), new_id))
    return made.org


def a_writer(database: Watched, hooks: Hooks | None = None, **limits: int) -> Writer:
    return Writer(database, now=now, new_id=new_id, limits=Limits(**limits), hooks=hooks)


def place(org: int, title: str = "Mug", price: int = 100) -> PlaceOrder:
    line = DraftLine("items[0]", VariantRef(names=(("title", title),)), much(2), Amount(price, 2))
    return PlaceOrder(org, "synq", "EUR", (line,), said={"payment_provider": "stripe"})


def answer(result: Result | Refusal) -> Answer:
    if isinstance(result, Refusal):
        return Answer(400, result.sentence.encode())
    assert isinstance(result, OrderResult)
    return Answer(201, result.order.id.hex().encode())


def keyed(command: PlaceOrder, key: str, content: bytes = b"same") -> Envelope:
    idempotency = Idempotency(key, "place", ("content",), fingerprint([content]))
    return Envelope(command, None, idempotency, answer)


async def count(database: Database, table: schema.Table) -> int:
    statement = select(func.count()).select_from(table)
    return await database.read(lambda conn: conn.execute(statement).scalar_one())


async def test_who_comes_while_others_still_come_shares_their_transaction(
    database: Database,
) -> None:
    org = await an_organization(database)
    watched = Watched(database)
    writer = a_writer(watched)

    async def after(turns: int) -> Outcome:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await writer.submit(Envelope(place(org)))

    await asyncio.gather(*[after(turns) for turns in range(5)])
    assert watched.writes == 1
    assert await count(database, schema.orders) == 5


async def test_commands_that_wait_together_share_a_transaction(database: Database) -> None:
    watched = Watched(database)
    org = await an_organization(database)
    writer = a_writer(watched)
    outcomes = await writer.submit_all([Envelope(place(org)) for _ in range(40)])
    assert all(isinstance(outcome.result, OrderResult) for outcome in outcomes)
    assert watched.writes == 1
    assert await count(database, schema.orders) == 40
    # The forty lines name one title: the batch made its variant once.
    assert await count(database, schema.variants) == 1


async def test_a_batch_is_bounded_by_the_orders_it_writes(database: Database) -> None:
    watched = Watched(database)
    org = await an_organization(database)
    writer = a_writer(watched, batch_max=8)
    await writer.submit_all([Envelope(place(org)) for _ in range(20)])
    assert watched.writes == 3
    draft = OrderDraft("[0]", "s", b"d" * 16, "EUR", Amount(1, 0), (), CustomerRef(), (), {})
    arrays = [
        MirrorOrders(org, "konvo", tuple(draft._replace(sender_id=f"{n}-{i}") for i in range(6)))
        for n in range(2)
    ]
    await writer.submit_all([Envelope(array) for array in arrays])
    assert watched.writes == 5


async def test_a_refusal_touches_nothing_of_its_neighbours(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    bad = AdjustStock(org, new_id(), new_id(), much(-1), "")
    outcomes = await writer.submit_all([Envelope(place(org)), Envelope(bad), Envelope(place(org))])
    assert isinstance(outcomes[1].result, Refusal)
    assert outcomes[1].result.reason is Reason.OUT_OF_STOCK
    assert await count(database, schema.orders) == 2


async def test_one_key_makes_one_order_within_a_batch_and_across(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    first = await writer.submit_all([keyed(place(org), "k") for _ in range(64)])
    later = await writer.submit(keyed(place(org), "k"))
    answers = {outcome.answer for outcome in (*first, later)}
    assert len(answers) == 1
    assert [outcome.replayed for outcome in first] == [False] + [True] * 63
    assert isinstance(later.result, ReplayedResult)
    assert await count(database, schema.orders) == 1


async def test_two_writers_with_one_key_make_one_order(database: Database) -> None:
    """Each is blind to the other's batch; the unique key makes the slower one run again."""
    org = await an_organization(database)
    writers = [a_writer(Watched(database)) for _ in range(4)]
    outcomes = await asyncio.gather(
        *[writer.submit(keyed(place(org, f"t{n}"), f"k{n % 3}"))
          for n in range(30) for writer in writers]
    )  # fmt: skip
    assert all(outcome.answer and outcome.answer.status == 201 for outcome in outcomes)
    assert await count(database, schema.orders) == 3
    assert len({outcome.answer for outcome in outcomes}) == 3


async def test_a_reused_key_names_the_part_that_differs(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    await writer.submit(keyed(place(org), "k", b"one"))
    outcome = await writer.submit(keyed(place(org), "k", b"two"))
    assert isinstance(outcome.result, Refusal)
    assert outcome.result.reason is Reason.KEY_REUSED
    assert "content" in outcome.result.sentence
    assert not outcome.replayed


async def test_a_refusal_under_a_key_is_stored(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    line = DraftLine("items[0]", VariantRef(variant_id=new_id()), much(1), Amount(1, 0))
    refused = PlaceOrder(org, "synq", "EUR", (line,))
    first = await writer.submit(keyed(refused, "k"))
    second = await writer.submit(keyed(refused, "k"))
    assert isinstance(first.result, Refusal)
    assert second.replayed
    assert second.answer == first.answer


async def test_a_conflict_runs_the_batch_again(database: Database) -> None:
    watched = Watched(database)
    org = await an_organization(database)

    def fail(number: int) -> None:
        if number == 1:
            raise Conflict("somebody was faster")

    watched.after = fail
    outcomes = await a_writer(watched).submit_all([Envelope(place(org)) for _ in range(3)])
    assert all(isinstance(outcome.result, OrderResult) for outcome in outcomes)
    assert watched.writes == 2
    assert await count(database, schema.orders) == 3


async def test_one_bad_command_fails_only_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = await an_organization(database)
    poison = place(org, "Poison")
    rule = decisions._RULES[PlaceOrder]

    def judge(command: PlaceOrder, facts: Any) -> Any:
        if command is poison:
            raise ZeroDivisionError
        return rule.decide(command, facts)

    monkeypatch.setitem(decisions._RULES, PlaceOrder, rule._replace(decide=judge))
    commands = [place(org), place(org), poison, place(org), place(org)]
    outcomes = await a_writer(Watched(database)).submit_all([Envelope(c) for c in commands])
    failed = [isinstance(outcome.result, Refusal) for outcome in outcomes]
    assert failed == [False, False, True, False, False]
    refusal = outcomes[2].result
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.INTERNAL
    assert await count(database, schema.orders) == 4


async def test_a_writer_that_breaks_leaves_nobody_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a log that cannot be written: the batch is answered, and the next one is carried out."""
    org = await an_organization(database)
    watched = Watched(database)
    writer = a_writer(watched, batch_max=2)

    def fail(number: int) -> None:
        if number == 1:
            raise Conflict("somebody was faster")

    def broken(*_: object, **__: object) -> None:
        raise ValueError("I/O operation on closed file")

    watched.after = fail
    monkeypatch.setattr("entrepot.writer.writer.log.info", broken, raising=False)
    waiting = writer.submit_all([Envelope(place(org)) for _ in range(4)])
    outcomes = await asyncio.wait_for(waiting, 10)
    kinds = [isinstance(outcome.result, Refusal) for outcome in outcomes]
    assert kinds == [True, True, False, False]


async def test_a_database_that_is_gone_refuses_and_stores_nothing(database: Database) -> None:
    watched = Watched(database)
    org = await an_organization(database)

    def gone(_: int) -> None:
        raise Unavailable("gone")

    watched.before = gone
    outcome = await a_writer(watched).submit(keyed(place(org), "k"))
    assert isinstance(outcome.result, Refusal)
    assert outcome.result.reason is Reason.UNAVAILABLE
    watched.before = lambda _: None
    assert isinstance((await a_writer(watched).submit(keyed(place(org), "k"))).result, OrderResult)


async def test_a_full_queue_refuses_at_once(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database), queue_max=5)
    outcomes: list[Outcome] = await writer.submit_all([Envelope(place(org)) for _ in range(9)])
    refused = [o.result for o in outcomes if isinstance(o.result, Refusal)]
    assert [r.reason for r in refused] == [Reason.OVERLOADED] * 4
    assert all(r.retry_after for r in refused)
    assert await count(database, schema.orders) == 5


async def test_jobs_are_born_leased_where_a_worker_takes_them(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    await writer.submit(Envelope(place(org)))
    taking = Taking(now)
    writer = a_writer(Watched(database), taking)
    await writer.submit(Envelope(place(org)))
    statement = select(schema.jobs.c.id).where(schema.jobs.c.fence == 1)
    handed = [job.id for job, _ in taking.handed]
    assert await database.read(lambda c: c.execute(statement).scalars().all()) == handed
    assert len(handed) == 1
