"""The sweeps' own statements: they go by index, and only who holds a sweep moves it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Select, insert, select
from tests.asked import plan_of
from tests.factories import open_shop

from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.order import StoredAnswer
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines import postgres_sql, sqlite_sql
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import holds, retention
from entrepot.store.keeping.retention import EVENTS, KEYS, Sweep
from entrepot.store.writing import statements, writes
from entrepot.store.writing.flush import flush

NOW = 1_700_000_000_000_000
MANY = 2_000


def number(n: int) -> bytes:
    return b"\x01" + n.to_bytes(15, "big")


def notice(n: int) -> dict[str, Any]:
    return {
        "org": 1, "service": "stripe", "reference": "pi_1", "event": f"evt_{n}",
        "received_at": NOW + n, "heard_at": 0, "body": b"{}",
    }  # fmt: skip


def furnish(conn: Connection) -> None:
    """So many keys, orders and events that a planner knows an index from a scan."""
    open_shop(conn)
    facts = Facts(NOW, lambda: b"")
    for n in range(MANY):
        facts.remember(StoredAnswer(1, f"key-{n:05}", "op", b"f", 201, b"{}", None, NOW + n))
    facts.absorb(Changes(facts))
    flush(conn, facts)
    columns = {column.name: column for column in schema.orders.columns if not column.nullable}
    order: dict[str, Any] = {
        name: "x" if "TEXT" in str(column.type) else 0 for name, column in columns.items()
    }
    order |= {
        "org": 1, "customer_id": number(0), "managed": False, "parked": False, "ingested": False,
        "stage": "completed", "payment": "paid", "fulfilment": "delivered", "returns": "none",
        "version": 3,
    }  # fmt: skip
    made = [order | {"id": number(n), "number": n, "updated_at": NOW + n} for n in range(MANY)]
    conn.execute(insert(schema.orders), made)
    event = {
        "org": 1, "type": "order.moved", "at": NOW, "source": "konvo", "body": "{}",
        "subject": "order", "actor": "",
    }  # fmt: skip
    told = [
        event | {"subject_id": number(n), "seq": s, "number": 3 * n + s}
        for n in range(MANY)
        for s in (1, 2, 3)
    ]
    conn.execute(insert(schema.events), told)
    others = [tuple(Sweep(org, kind)) for org in range(2, 500) for kind in retention.KINDS]
    writes.insert(conn, schema.sweeps, Sweep._fields, others)
    conn.execute(insert(schema.provider_notices), [notice(n) for n in range(MANY)])
    held = {
        "org": 1, "payment": 1, "number": 1, "kind": "authorise", "units": 1, "state": "done",
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    authorised = [held | {"order_id": number(n), "key": f"key-{n}"} for n in range(MANY)]
    conn.execute(insert(schema.payment_operations), authorised)
    tables = (
        "orders", "events", "payment_operations", "idempotency_keys", "jobs", "sweeps",
        "organizations", "provider_notices",
    )  # fmt: skip
    for table in tables if conn.dialect.name == "postgresql" else ():
        conn.exec_driver_sql(f"ANALYZE {table}")


def plan(conn: Connection, statement: Select[Any]) -> str:
    compiled = statement.compile(
        dialect=conn.dialect, compile_kwargs={"render_postcompile": True}
    )  # fmt: skip
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    return plan_of(conn, str(compiled), values)


def deletion(conn: Connection, table: Any, keys: tuple[str, ...]) -> str:
    """The plan of a set-based removal by these keys."""
    sqlite, postgres, types = statements.delete_sql(table, keys, guarded=True)
    if conn.dialect.name == "sqlite":
        return plan_of(conn, sqlite, (None,) * len(keys))
    arrays = ", ".join(f"${place}::{type_}[]" for place, type_ in enumerate(types, 1))
    return plan_of(conn, postgres.format(f"unnest({arrays})"), tuple([] for _ in keys))


def lookup(conn: Connection, table: Any, keys: tuple[str, ...]) -> str:
    """The plan of a set-based reading by these keys."""
    if conn.dialect.name == "sqlite":
        return plan_of(
            conn, sqlite_sql.select_by_keys(table, keys, keys, 2), (None,) * 2 * len(keys)
        )
    statement = postgres_sql.select_by_keys(table, keys, keys, lock=False)
    return plan_of(conn, statement, tuple([] for _ in keys))


SWEEP = Sweep(1, EVENTS, 1, NOW, 0, NOW, NOW + 5, number(5))
PLANS: list[tuple[str, Callable[[Connection], str], str, str]] = [
    (
        "the next keys", lambda conn: plan(conn, retention.keys_statement(1, "key-00500", 100)),
        r"autoindex_idempotency_keys_1 \(org=\? AND key>\?\)", r"\(org = \S+ AND \(key > ",
    ),
    (
        "the next holds", lambda conn: plan(conn, holds.statement(1, number(5), 100)),
        r"payment_operations USING PRIMARY KEY \(org=\? AND order_id>\?\)",
        r"payment_operations_(live|pkey) .*\n\s+Index Cond: .*org = .*order_id > ",
    ),
    (
        "old notices", lambda conn: plan(conn, retention.notices_statement(1, NOW, 100)),
        r"provider_notices_age \(org=\? AND disputed=\? AND received_at<\?\)",
        r"provider_notices_age",
    ),
    (
        "the next orders", lambda conn: plan(conn, retention.orders_statement(SWEEP, NOW + 50, 10)),
        r"orders_updated \(org=\? AND updated_at>\? AND updated_at<\?\)",
        r"orders_updated .*\n\s+Index Cond: .*org = .*updated_at >= .*updated_at < ",
    ),
    (
        "the next organizations",
        lambda conn: plan(conn, retention.organizations_statement(0, 10)),
        r"organizations USING PRIMARY KEY \(org>\?\)", r"organizations_pkey",
    ),
    (
        "their sweeps", lambda conn: lookup(conn, schema.sweeps, ("org", "kind")),
        r"t USING PRIMARY KEY \(org=\? AND kind=\?\)", r"Index Cond: .*org = .*kind = ",
    ),
    (
        "their events",
        lambda conn: plan(conn, retention.events_statement(1, [number(1), number(2)], 100)),
        r"PRIMARY KEY \(org=\? AND subject_id=\?\)", r"Index Cond: .*org = .*subject_id = ",
    ),
    (
        "keys go", lambda conn: deletion(conn, schema.idempotency_keys, retention.KEY_GUARD),
        r"autoindex_idempotency_keys_1 \(org=\? AND key=\?\)", r"Index Cond: .*org = .*key = ",
    ),
    (
        "events go", lambda conn: deletion(conn, schema.events, retention.EVENT_KEY),
        r"PRIMARY KEY \(org=\? AND subject_id=\? AND seq=\?\)",
        r"Index Cond: .*org = .*subject_id = .*seq = ",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("look", "on_sqlite", "on_postgres"), [one[1:] for one in PLANS], ids=[one[0] for one in PLANS]
)
async def test_no_statement_of_a_sweep_scans(
    database: Database, look: Callable[[Connection], str], on_sqlite: str, on_postgres: str
) -> None:
    await database.write(furnish)
    found = await database.write(look)
    assert re.search(on_sqlite if database.dialect == "sqlite" else on_postgres, found), found
    if database.dialect == "sqlite":
        assert not re.search(r"SCAN (?!v$|\d+ CONSTANT|CONSTANT)", found, re.MULTILINE), found
        assert "TEMP B-TREE FOR ORDER BY" not in found, found
    else:
        assert "Seq Scan" not in found, found


async def test_only_one_of_two_claims_gets_a_sweep(database: Database) -> None:
    await database.write(open_shop)
    look = partial(retention.due, kind=KEYS, after_org=-1, now=NOW, ended_before=0, limit=10)
    [unclaimed], _ = await database.read(look)
    assert unclaimed == Sweep(1, KEYS)
    claim = partial(retention.claim, sweep=unclaimed, leased_until=NOW + 10, before=5)
    first = await database.write(claim)
    with pytest.raises(Conflict):
        await database.write(claim)
    assert await database.read(look) == ([], None), "it is held"
    [found], _ = await database.read(partial(look, now=NOW + 10))
    assert found == first
    second = await database.write(partial(claim, sweep=found, leased_until=NOW + 20, before=3))
    assert (second.fence, second.horizon) == (2, 5), "the horizon never falls"
    with pytest.raises(Conflict):
        await database.write(partial(retention.keep, sweep=first))
    ended = second._replace(ended_at=NOW, leased_until=0)
    await database.write(partial(retention.keep, sweep=ended))
    assert await database.read(look) == ([], None)
    assert await database.read(partial(look, ended_before=NOW)) == ([ended], None)


async def test_organizations_are_looked_at_a_few_at_a_time(database: Database) -> None:
    for name in "abc":
        await database.write(partial(open_shop, name=name))
    look = partial(retention.due, kind=KEYS, now=NOW, ended_before=0, limit=2)
    first, second = Sweep(1, KEYS), Sweep(2, KEYS)
    assert await database.read(partial(look, after_org=-1)) == ([first, second], 2)
    assert await database.read(partial(look, after_org=2)) == ([Sweep(3, KEYS)], None)
    await database.write(partial(retention.claim, sweep=first, leased_until=NOW + 1, before=0))
    assert await database.read(partial(look, after_org=-1)) == ([second], 2)


async def test_old_notices_go_with_old_keys(database: Database) -> None:
    await database.write(furnish)
    told = [notice(n) | {"event": f"dispute_{n}", "disputed": True} for n in range(4)]
    await database.write(lambda conn: conn.execute(insert(schema.provider_notices), told))
    claim = partial(retention.claim, sweep=Sweep(1, KEYS), leased_until=0, before=NOW + 10)
    sweep = await database.write(claim)
    remove = partial(retention.remove_keys, before=NOW + 10, limit=4)
    removed = []
    while True:
        sweep, _, count = await database.write(partial(remove, sweep=sweep))
        removed.append(count)
        if not count:
            break
    # Four keys and four notices a time, of ten each.
    assert removed == [8, 8, 4, 0]
    listed = select(schema.provider_notices.c.received_at)
    left = await database.read(lambda conn: conn.execute(listed).scalars().all())
    # A dispute lasts for months: what is told of one stays.
    assert sorted(left)[:5] == [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 10]


async def test_who_lost_its_sweep_removes_nothing(database: Database) -> None:
    await database.write(furnish)
    for kind in (KEYS, EVENTS):
        first = await database.write(
            partial(retention.claim, sweep=Sweep(1, kind), leased_until=0, before=NOW + 10)
        )
        part = await database.write(
            partial(retention.read_events, sweep=first, before=NOW + 10, orders_max=9, events_max=9)
        )
        await database.write(partial(retention.claim, sweep=first, leased_until=9, before=NOW))
        late: Any = partial(retention.remove_keys, sweep=first, before=NOW + 10, limit=100)
        if kind == EVENTS:
            assert part.events
            late = partial(retention.remove_events, sweep=first, part=part, now=NOW)
        with pytest.raises(Conflict):
            await database.write(late)
    for table, count in ((schema.idempotency_keys, MANY), (schema.events, 3 * MANY)):
        found = await database.read(lambda conn, t=table: conn.execute(select(t.c.org)).all())
        assert len(found) == count
    assert await database.read(lambda c: c.execute(select(schema.order_archives)).all()) == []
