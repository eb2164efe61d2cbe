"""A payment reference pays one live order, whoever places orders with it at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, select
from structlog.testing import capture_logs
from tests.factories import open_shop
from tests.writer.test_first_step import Desk, a_desk
from tests.writer.test_writer import Watched

from entrepot.clock import new_id, now
from entrepot.core import decide as decisions
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.results import Decision, OrderResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import migrate
from entrepot.store.writing import paying
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load
from entrepot.telemetry import metrics
from entrepot.writer import shared_payments
from entrepot.writer.envelope import Envelope, Outcome
from entrepot.writer.writer import Writer


def order_of(outcome: Outcome) -> Order:
    assert isinstance(outcome.result, OrderResult)
    return outcome.result.order


async def placed(desk: Desk, reference: str = "pi_same", quantity: int = 1) -> Order:
    return order_of(await desk.do(desk.shop.order(reference, quantity)))


def cancelling(order: Order) -> AmendOrder:
    return AmendOrder(order.org, "synq", order.id, words=(("synq", "cancelled"),))


async def claims(desk: Desk) -> list[tuple[str, str, bytes]]:
    c = schema.payment_claims.c
    statement = select(c.provider, c.reference, c.order_id).order_by(c.reference)
    return await desk.database.read(lambda conn: [tuple(row) for row in conn.execute(statement)])


async def shares(desk: Desk, order: Order) -> bytes | None:
    c = schema.orders.c
    statement = select(c.shares_payment_of).where(c.id == order.id)
    return await desk.database.read(lambda conn: conn.execute(statement).scalar_one())


async def test_a_second_order_shares_the_payment_until_the_first_has_ended(
    database: Database,
) -> None:
    desk = await a_desk(database, 10)
    first, second = await placed(desk), await placed(desk)
    apart = await placed(desk, "pi_other")
    assert [await shares(desk, one) for one in (first, second, apart)] == [None, first.id, None]
    ours, theirs = ("stripe", "pi_same", first.id), ("stripe", "pi_other", apart.id)
    assert await claims(desk) == [theirs, ours]
    await desk.do(cancelling(second))
    assert await claims(desk) == [theirs, ours]
    await desk.do(cancelling(first))
    third = await placed(desk)
    assert await shares(desk, third) is None
    assert await claims(desk) == [theirs, ("stripe", "pi_same", third.id)]


async def test_a_third_order_says_that_the_second_one_has_the_payment_too(
    database: Database,
) -> None:
    """The first one has ended, and the second one has no claim."""
    desk = await a_desk(database, 10)
    first, second = await placed(desk), await placed(desk)
    await desk.do(cancelling(first))
    third = await placed(desk)
    assert await shares(desk, third) == second.id
    assert await claims(desk) == [("stripe", "pi_same", third.id)]
    await desk.do(cancelling(third))
    fourth = await placed(desk)
    assert await shares(desk, fourth) == second.id
    await together(desk, cancelling(second), cancelling(fourth))
    fifth = await placed(desk)
    assert await shares(desk, fifth) is None
    await desk.do(cancelling(fifth))
    assert await claims(desk) == []


async def test_the_version_before_finds_no_claim_of_an_order_that_ended(
    database: Database,
) -> None:
    desk = await a_desk(database, 10)
    first, _ = await placed(desk), await placed(desk)
    theirs, fourth = await placed(desk, "pi_other"), await placed(desk, "pi_other")
    apart = await placed(desk, "pi_third")
    await desk.do(cancelling(first))
    await database.write(lambda conn: command.downgrade(migrate._config(conn), "0059"))
    left = [("stripe", "pi_other", theirs.id), ("stripe", "pi_third", apart.id)]
    assert await claims(desk) == left
    await migrate.upgrade(database)
    assert await desk.column(schema.payment_claims, "shared") == [True, False]
    await desk.do(cancelling(theirs))
    assert await shares(desk, await placed(desk, "pi_other")) == fourth.id


async def test_a_new_version_takes_the_claims_of_saved_methods_away(database: Database) -> None:
    desk = await a_desk(database, 10)
    saved = [("stripe", "cus_1/pm_1"), ("stripe", "cus_1/card_1"), ("adyen", "shopper/84"),
             ("paypal", "vault/t")]  # fmt: skip
    kept = [("adyen", "ABCD"), ("paypal", "vault"), ("stripe", "cus_1"), ("stripe", "pm_1")]
    for number in range(len(saved + kept)):
        await placed(desk, f"pi_{number}")

    def rename(conn: Connection) -> None:
        c = schema.payment_claims.c
        for number, (provider, reference) in enumerate(saved + kept):
            its = schema.payment_claims.update().where(c.reference == f"pi_{number}")
            conn.execute(its.values(provider=provider, reference=reference))

    await database.write(lambda conn: command.downgrade(migrate._config(conn), "0060"))
    await database.write(rename)
    await migrate.upgrade(database)
    assert [claim[:2] for claim in await claims(desk)] == sorted(kept, key=lambda one: one[1])


async def test_within_a_batch_too_a_third_order_says_who_has_the_payment(
    database: Database,
) -> None:
    desk = await a_desk(database, 10)
    order = desk.shop.order("pi_same")
    first = await placed(desk)
    second, _, third = await together(desk, order, cancelling(first), order)
    assert (second.shares_payment_of, third.shares_payment_of) == (first.id, second.id)
    *_, fourth = await together(desk, cancelling(second), cancelling(third), order)
    assert fourth.shares_payment_of is None
    assert await claims(desk) == [("stripe", "pi_same", fourth.id)]


async def test_other_orders_are_looked_for_only_where_a_payment_is_shared(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order whose payment is its own costs no statement more, also after an earlier end."""
    desk = await a_desk(database, 100)
    looked, stand_with = [], paying.stand_with

    def look(*asked: Any) -> list[bytes]:
        looked.append(asked[3])
        return stand_with(*asked)

    monkeypatch.setattr(paying, "stand_with", look)
    first = await placed(desk)
    await desk.do(cancelling(first))
    first, _ = await placed(desk), await placed(desk, "pi_other")
    await placed(desk)
    assert looked == []
    await together(desk, cancelling(first), *[desk.shop.order("pi_same") for _ in range(5)])
    assert looked == ["pi_same"]


async def test_an_order_that_fails_in_its_own_batch_leaves_no_claim(database: Database) -> None:
    desk = await a_desk(database, 1)
    await placed(desk, quantity=2)
    assert await desk.column(schema.orders, "stage") == ["failed"]
    assert await claims(desk) == []


async def together(desk: Desk, *commands: Command) -> list[Order]:
    before = desk.database.writes
    outcomes = await desk.writer.submit_all([Envelope(command) for command in commands])
    assert desk.database.writes == before + 1
    return [order_of(outcome) for outcome in outcomes]


async def test_of_a_whole_batch_the_first_order_has_the_payment(database: Database) -> None:
    desk = await a_desk(database, 100)
    counted = metrics.shared_payments
    before = counted._value.get()
    with capture_logs() as said:
        first, *others = await together(desk, *[desk.shop.order("pi_same") for _ in range(32)])
        again = await placed(desk)
    assert {one.shares_payment_of for one in (*others, again)} == {first.id}
    assert await claims(desk) == [("stripe", "pi_same", first.id)]
    assert counted._value.get() - before == 32
    [warning] = [line for line in said if line["event"] == "order.shared_payment"]
    assert warning == {
        "event": "order.shared_payment", "log_level": "warning", "org": first.org,
        "order_id": dashed(others[0].id), "shares_payment_of": dashed(first.id),
    }  # fmt: skip


async def test_a_reference_passes_on_within_a_batch(database: Database) -> None:
    desk = await a_desk(database, 10)
    first = await placed(desk)
    order = desk.shop.order("pi_same")
    _, second, third = await together(desk, cancelling(first), order, order)
    assert (second.shares_payment_of, third.shares_payment_of) == (None, second.id)
    assert await claims(desk) == [("stripe", "pi_same", second.id)]


async def test_each_organization_has_payments_of_its_own(database: Database) -> None:
    desk = await a_desk(database, 10)
    other = await database.write(lambda conn: open_shop(conn, "Other"))
    await desk.do(other.stocked(10))
    orders = await together(desk, desk.shop.order("pi_same"), other.order("pi_same"))
    assert [one.shares_payment_of for one in orders] == [None, None]
    assert len(await claims(desk)) == 2


async def test_of_two_processes_at_once_the_later_one_looks_again(database: Database) -> None:
    """Another process places the first order after this one has looked for it."""
    desk = await a_desk(database, 10)
    command, facts, needs = desk.shop.order("pi_same"), Facts(now(), new_id), Needs()
    decisions.add_needs(command, needs)

    def look(conn: Connection) -> None:
        load(conn, needs, facts)

    await database.read(look) if database.dialect == "sqlite" else await database.write(look)
    decision = decisions.decide(command, facts)
    assert isinstance(decision, Decision)
    facts.absorb(decision.changes)
    first = await placed(desk)
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))
    second = order_of(await desk.do(command))
    assert second.shares_payment_of == first.id
    assert await claims(desk) == [("stripe", "pi_same", first.id)]


async def test_many_processes_at_once_leave_one_order_without_a_word(database: Database) -> None:
    desk = await a_desk(database, 100)
    writers = [Writer(Watched(database), now=now, new_id=new_id) for _ in range(4)]
    command = Envelope(desk.shop.order("pi_same"))
    batches = await asyncio.gather(*[one.submit_all([command] * 4) for one in writers])
    orders = [order_of(outcome) for batch in batches for outcome in batch]
    [first] = [one for one in orders if one.shares_payment_of is None]
    assert {one.shares_payment_of for one in orders} == {None, first.id}
    assert await claims(desk) == [("stripe", "pi_same", first.id)]


async def test_what_the_log_remembers_has_a_bound(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_payments, "_TOLD_MAX", 2)
    desk = await a_desk(database, 100)
    with capture_logs() as said:
        for reference in ("a", "b", "c", "a"):
            await placed(desk, reference)
            await placed(desk, reference)
    told = [line for line in said if line["event"] == "order.shared_payment"]
    assert len(told) == 4
    assert len(desk.writer._shared_payments._told) <= 2
