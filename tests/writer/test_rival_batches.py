"""A batch and its neighbours: other commands of it, other processes, the log."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import structlog
from sqlalchemy import Connection, select
from sqlalchemy.util import greenlet_spawn
from structlog.testing import capture_logs
from tests.quantities import much
from tests.writer.taking import Taking
from tests.writer.test_writer import Watched, a_writer, an_organization, count, place

from entrepot.clock import new_id, now
from entrepot.core import decide as decisions
from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.broadcast import ChangeBroadcast, RecordBroadcast
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.stocking import ChangeVariant, MakeVariant
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.results import BroadcastResult, Decision, NotedResult, OrderResult, VariantResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import migrate
from entrepot.store.writing import writes
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load
from entrepot.telemetry import without_values
from entrepot.writer.envelope import Answer, Envelope, Idempotency
from entrepot.writer.idempotency import fingerprint

SECRET = "ada.lovelace@example.org"


def of(org: int, **said: str) -> PlaceOrder:
    """An order of the customer with this e-mail address."""
    who = CustomerRef(identifiers=(("email", SECRET),), email=SECRET, **said)
    line = DraftLine("items[0]", VariantRef(names=(("title", "Mug"),)), much(1), Amount(100, 2))
    return PlaceOrder(org, "synq", "EUR", (line,), who)


async def test_a_sender_means_the_same_order_whoever_shares_the_batch(database: Database) -> None:
    """A notification's look-up by reference does not make the reference a sender's identifier."""
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    named = place(org)._replace(said={"external_reference": "PO-1"})
    placed = (await writer.submit(Envelope(named))).result
    assert isinstance(placed, OrderResult)
    draft = OrderDraft(
        "[0]", "PO-1", b"d" * 16, "EUR", Amount(1, 0), (), CustomerRef(),
        (("konvo", "cancelled"),), {},
    )  # fmt: skip
    both = (NotifyOrder(org, "polinate", "PO-1"), MirrorOrders(org, "konvo", (draft,)))
    await writer.submit_all([Envelope(command) for command in both])
    statement = select(schema.orders.c.stage).where(schema.orders.c.id == placed.order.id)
    assert await database.read(lambda conn: conn.execute(statement).scalar_one()) == "placed"
    assert await count(database, schema.orders) == 2


async def test_two_processes_do_not_undo_each_other_s_customer(database: Database) -> None:
    """The row was read before another process changed it: the batch has to run again."""
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    await writer.submit(Envelope(of(org)))
    slow, needs = of(org, first_name="Ada"), Needs()
    decisions.add_needs(slow, needs)
    facts = Facts(now(), new_id)
    await database.write(lambda conn: load(conn, needs, facts))
    decision = decisions.decide(slow, facts)
    assert isinstance(decision, Decision)
    facts.absorb(decision.changes)

    await writer.submit(Envelope(of(org, phone="+4912345")))
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))

    await writer.submit(Envelope(slow))
    columns = (schema.customers.c.first_name, schema.customers.c.phone)
    statement = select(*columns).where(schema.customers.c.email == SECRET)
    kept = await database.read(lambda conn: tuple(conn.execute(statement).one()))
    assert kept == ("Ada", "+4912345")


async def test_two_processes_do_not_undo_each_other_s_variant(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    made = await writer.submit(
        Envelope(MakeVariant(org, "native", "A", "Cup", "EUR", Amount(1, 0)))
    )
    assert isinstance(made.result, VariantResult)
    named = ChangeVariant(org, "native", made.result.variant.id, {"title": "Mug"})
    needs, facts = Needs(), Facts(now(), new_id)
    decisions.add_needs(named, needs)
    await database.write(lambda conn: load(conn, needs, facts))
    decision = decisions.decide(named, facts)
    assert isinstance(decision, Decision)
    facts.absorb(decision.changes)

    await writer.submit(Envelope(named._replace(said={"price": Amount(2, 0)})))
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))

    again = (await writer.submit(Envelope(named))).result
    assert isinstance(again, VariantResult)
    assert (again.variant.name, again.variant.price) == ("Mug", Amount(2, 0))


async def test_two_processes_do_not_undo_each_other_s_broadcast(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    made = await writer.submit(Envelope(RecordBroadcast(org, "native", "Spring")))
    assert isinstance(made.result, BroadcastResult)
    sent = ChangeBroadcast(org, "native", made.result.broadcast.id, {"sent": 5})
    needs, facts = Needs(), Facts(now(), new_id)
    decisions.add_needs(sent, needs)
    await database.write(lambda conn: load(conn, needs, facts))
    decision = decisions.decide(sent, facts)
    assert isinstance(decision, Decision)
    # The number of its event would be taken as well: the row has to be guarded by itself.
    decision.changes.events.clear()
    facts.absorb(decision.changes)

    await writer.submit(Envelope(sent._replace(said={"opened": 2})))
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))

    again = (await writer.submit(Envelope(sent))).result
    assert isinstance(again, BroadcastResult)
    assert (again.broadcast.sent, again.broadcast.opened, again.broadcast.version) == (5, 2, 3)


class Broken(Taking):
    """A pipeline that fails when it is handed its jobs."""

    def born(self, *_: object) -> None:
        raise RuntimeError("nobody takes them")


async def test_what_fails_after_the_commit_is_not_written_again(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database), Broken(now))
    outcomes = await writer.submit_all([Envelope(place(org)) for _ in range(4)])
    assert await count(database, schema.orders) == 4
    assert all(isinstance(outcome.result, OrderResult) for outcome in outcomes)


async def test_a_conflict_tells_no_personal_data(database: Database) -> None:
    org = await an_organization(database)
    name = (org, "email", SECRET, new_id())
    columns = ("org", "kind", "value", "customer_id")

    def twice(conn: Connection) -> None:
        writes.insert(conn, schema.customer_names, columns, [name, name])

    with pytest.raises(Conflict) as raised:
        await database.write(twice)
    assert SECRET not in str(raised.value)
    assert "customer_names" in str(raised.value)


async def test_a_failed_command_logs_no_personal_data(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database names the row that it does not take; the log must not."""
    org = await an_organization(database)
    rule = decisions._RULES[PlaceOrder]

    def judge(command: PlaceOrder, facts: Facts) -> Decision:
        decision: Decision = rule.decide(command, facts)
        [order] = decision.changes.orders
        spoilt = order._replace(facets=order.facets._replace(stage="nowhere"), notes=SECRET)
        decision.changes.orders.put(spoilt)
        return decision

    monkeypatch.setitem(decisions._RULES, PlaceOrder, rule._replace(decide=judge))
    # A fresh one: the program's own keeps the processors that it was first used with.
    monkeypatch.setattr("entrepot.writer.writer.log", structlog.get_logger())
    with capture_logs(processors=[without_values]) as told:
        await a_writer(Watched(database)).submit(Envelope(of(org)))
    [failed] = [line for line in told if line["event"] == "writer.failed"]
    assert re.search("IntegrityError|CheckViolationError", failed["exception"])
    assert "flush.py" in failed["exception"]
    assert SECRET not in repr(told)


async def test_no_free_connection_is_a_database_that_cannot_be_reached(
    fresh_database: Callable[[str], str],
) -> None:
    """It passes: whoever asks is told to come again, not that something went wrong."""
    database = PostgresDatabase(fresh_database("postgres"), pool_size=1)
    await migrate.upgrade(database)
    assert database._ways is not None
    connections = database._ways.write.pool
    connections.pool._timeout = 0.05  # type: ignore[attr-defined]
    held = await greenlet_spawn(connections.connect)
    with pytest.raises(Unavailable):
        await database.write(lambda conn: conn.exec_driver_sql("SELECT 1"))
    await greenlet_spawn(held.close)
    await database.close()


async def test_a_key_is_not_spent_on_an_order_that_is_still_looked_for(database: Database) -> None:
    """A notification's key is computed from the order: its repeat is all that its sender can do."""
    org = await an_organization(database)
    await database.write(lambda conn: accounts.set_source(conn, org, "http://127.0.0.1/", None))
    writer = a_writer(Watched(database))
    key = Idempotency("n", "notify", ("orderId",), fingerprint([b"PO-9"]), store_refusals=False)
    notice = Envelope(NotifyOrder(org, "polinate", "PO-9"), None, key, lambda _: Answer(200, b"{}"))
    first = await writer.submit(notice)
    assert first.result == NotedResult(fetching=True)
    again = await writer.submit(notice)
    assert again.result == NotedResult(fetching=True)
    assert await count(database, schema.jobs) == 1
    named = place(org)._replace(said={"external_reference": "PO-9"})
    await writer.submit(Envelope(named))
    assert (await writer.submit(notice)).result == NotedResult(fetching=False)
    assert (await writer.submit(notice)).replayed
