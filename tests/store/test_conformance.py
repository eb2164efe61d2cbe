"""One suite that both engines must pass: what the rooms above take for granted of the store."""

from __future__ import annotations

import re
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select
from tests.pooled import database_url  # noqa: F401 - a fixture

from entrepot.clock import new_id
from entrepot.core.changes import Changes
from entrepot.core.facets import Facets
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.kinds import CustomerName, OwnLine, VariantName
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import (
    Customer,
    Event,
    Job,
    Level,
    Line,
    Order,
    Reservation,
    StockEntry,
    StoredAnswer,
    Variant,
)
from entrepot.core.order_filter import OrderFilter
from entrepot.core.payment import FullPayment, Operation, Payment
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.engines import postgres_sql, sql, sqlite_sql
from entrepot.store.engines.sql import Conflict
from entrepot.store.keeping import migrate
from entrepot.store.reading import queries
from entrepot.store.writing import queue
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load

NOW = 1_700_000_000_000_000
FACETS = Facets("confirmed", "authorized", "accepted", "none")
LINE = Line(
    id=new_id(), number=1, variant_id=new_id(), item_id=new_id(), entry_id=new_id(),
    location_id=new_id(), sku="S", title="Täßchen ☕", variant_title=None, quantity=3,
    unit_of_measure="kg", currency="KWD", price=Amount(12345, 3), cost=Amount(0, 0),
    requires_shipping=False, details='{"a":1}', properties=None, created_at=NOW, updated_at=NOW,
)  # fmt: skip


def an_order(org: int, customer_id: bytes, **more: object) -> Order:
    """An order with a line and most fields set."""
    made = Order(
        org=org, id=new_id(), origin="synq", managed=True, facets=FACETS, told_words="",
        currency="KWD", subtotal=Amount(37035, 3), total=Amount(3703500, 5),
        customer_id=customer_id, created_at=NOW, updated_at=NOW, version=1,
        properties='{"erp":{"no":456,"ok":true,"gone":null,"list":[1],"much":12e2}}', lines=(LINE,),
    )  # fmt: skip
    return made._replace(**more)


async def an_organization(database: Database, name: str = "Acme") -> accounts.Organization:
    return await database.write(lambda conn: accounts.create_organization(conn, name, NOW, new_id))


def written(order: Order) -> Changes:
    changes = Changes(Facts(NOW, new_id))
    changes.orders.put(order)
    changes.lines.put_all(OwnLine(order.org, order.id, line) for line in order.lines)
    changes.events.append(Event(order.org, order.id, 1, "order.placed", NOW, "synq", "{}"))
    return changes


async def store(database: Database, changes: Changes, *, needs: Needs | None = None) -> None:
    def work(conn: Connection) -> None:
        facts = Facts(NOW, new_id)
        load(conn, needs or Needs(), facts)
        facts.absorb(changes)
        flush(conn, facts)

    await database.write(work)


async def test_orders_of_one_batch_keep_what_only_some_of_them_have(database: Database) -> None:
    org = await an_organization(database)
    made = [
        an_order(
            org.org, org.guest_id, lines=(), properties=None, notes=f"note {n}" if n % 3 else None,
            shipped_at=NOW if n == 7 else None, email="" if n == 8 else None,
        )
        for n in range(20)
    ]  # fmt: skip
    changes = Changes(Facts(NOW, new_id))
    changes.orders.put_all(made)
    await store(database, changes, needs=Needs(orgs={org.org}))
    for order in made:
        look = partial(queries.order_by_id, org=org.org, order_id=order.id)
        found = await database.read(lambda conn, look=look: look(conn))
        assert found is not None
        told = (found.notes, found.shipped_at, found.email, found.reason)
        assert told == (order.notes, order.shipped_at, order.email, None)


async def test_an_order_comes_back_as_it_was_written(database: Database) -> None:
    org = await an_organization(database)
    order = an_order(org.org, org.guest_id)
    await store(database, written(order), needs=Needs(orgs={org.org}))
    found = await database.read(partial(queries.order_by_id, org=org.org, order_id=order.id))
    # Amounts share their finest scale in the book; the total keeps the one it was told at.
    assert found == order._replace(
        subtotal=Amount(3703500, 5), discount=Amount(0, 5), shipping=Amount(0, 5), tax=Amount(0, 5),
        number=1,
    )  # fmt: skip
    assert found.total.text() == "37.03500"


async def test_another_organization_does_not_see_it(database: Database) -> None:
    org, other = await an_organization(database), await an_organization(database, "Other")
    order = an_order(org.org, org.guest_id)
    await store(database, written(order))
    read = partial(queries.order_by_id, org=other.org, order_id=order.id)
    assert await database.read(read) is None


async def test_every_kind_of_row_round_trips(database: Database) -> None:
    org = await an_organization(database)
    number, order = org.org, an_order(org.org, org.guest_id)
    shelf = (number, LINE.variant_id, org.default_location)
    customer = Customer(number, new_id(), "Ada L", "Ada", None, "a@b.c", None, NOW, NOW)
    variant = Variant(
        number, LINE.variant_id, new_id(), new_id(), "S", "Mug", "EUR", Amount(1, 0), True, NOW
    )
    level = Level(*shelf, on_hand=5, reserved=3, version=0)
    held = Reservation(
        number, order.id, LINE.id, LINE.variant_id, org.default_location, 3, "held", NOW, NOW
    )
    payment = Payment(
        number, order.id, 1, "stripe", "sandbox", "pi_1", "EUR", Amount(1250, 2), NOW
    )  # fmt: skip
    asked = Operation(
        number, order.id, 1, 1, "authorise", 1250, "k" * 36, "prepared", None, NOW, NOW
    )  # fmt: skip
    job = Job(number, new_id(), "reserve", order.id, "req-1", "due", NOW, 0, 0, 0, None, NOW)
    entry = StockEntry(number, new_id(), *shelf[1:], 5, "adjustment", None, "note", NOW)
    changes = written(order)
    changes.customers.put(customer)
    mail, sku = (number, "email", "a@b.c"), (number, "sku", "S")
    changes.customer_names.put(CustomerName(*mail, customer.id))
    changes.variants.put(variant)
    changes.variant_names.put(VariantName(*sku, variant.id))
    changes.levels.put(level)
    changes.reservations.put(held)
    changes.payments.put(payment)
    changes.operations.put(asked)
    changes.jobs.put(job)
    changes.entries.append(entry)
    await store(database, changes, needs=Needs(orgs={number}))
    again = Facts(NOW, new_id)
    needs = Needs(
        orgs={number}, orders={(number, order.id)}, whole={(number, order.id)},
        customer_names={(number, "email", "a@b.c")}, variant_names={(number, "sku", "S")},
        entries={(number, variant.entry_id)}, jobs={(number, job.id)}, shelves={shelf},
        locations={(number, org.default_location)},
    )  # fmt: skip
    await database.read(lambda conn: load(conn, needs, again)) if (
        database.dialect == "sqlite"
    ) else await database.write(lambda conn: load(conn, needs, again))
    assert again.customers[number, customer.id] == customer
    assert again.variants[number, variant.id] == variant
    assert again.by_entry[number, variant.entry_id] == variant.id
    assert again.levels[shelf] == level
    assert list(again.reservations.of((number, order.id))) == [held]
    assert again.funds_of((number, order.id)) == Funds((FullPayment(payment, (asked,)),))
    assert again.jobs[number, job.id] == job
    assert (number, org.default_location) in again.locations


async def test_an_update_of_a_row_that_changed_meanwhile_is_a_conflict(database: Database) -> None:
    org = await an_organization(database)
    order = an_order(org.org, org.guest_id)
    await store(database, written(order))
    needs = Needs(orders={(org.org, order.id)})

    def late(conn: Connection) -> None:
        facts = Facts(NOW, new_id)
        load(conn, needs, facts)
        moved = facts.orders[org.org, order.id]._replace(version=2)
        facts.orders.read([order._replace(version=7)])
        changes = Changes(facts)
        changes.orders.put(moved)
        facts.absorb(changes)
        flush(conn, facts)

    with pytest.raises(Conflict):
        await database.write(late)
    found = await database.read(partial(queries.order_by_id, org=org.org, order_id=order.id))
    assert found is not None
    assert found.version == 1


async def test_a_unique_row_written_twice_is_a_conflict_and_rolls_back(database: Database) -> None:
    org = await an_organization(database)
    answer = StoredAnswer(org.org, "key", "op", b"f", 201, b"{}", None, NOW)
    first, second = (an_order(org.org, org.guest_id, sender_id=s) for s in ("a", "b"))

    async def once(order: Order) -> None:
        def work(conn: Connection) -> None:
            facts = Facts(NOW, new_id)
            facts.absorb(written(order))
            facts.remember(answer)
            flush(conn, facts)

        await database.write(work)

    await once(first)
    with pytest.raises(Conflict):
        await once(second)
    statement = select(schema.orders.c.sender_id)
    assert await database.read(lambda c: c.execute(statement).scalars().all()) == ["a"]


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("stock_levels", {"reserved": 6}),
        ("stock_levels", {"reserved": -1}),
        ("orders", {"stage": "lost in thought"}),
        ("reservations", {"quantity": 0}),
        ("reservations", {"state": "maybe"}),
        ("reservations", {"shipped": -1}),
        ("reservations", {"shipped": 4}),
    ],
)
async def test_the_database_also_refuses(
    database: Database, table: str, change: dict[str, object]
) -> None:
    org = await an_organization(database)
    order = an_order(org.org, org.guest_id)
    changes = written(order)
    level = Level(org.org, new_id(), new_id(), 5, 5)
    changes.levels.put(level)
    changes.reservations.put(
        Reservation(org.org, order.id, LINE.id, new_id(), new_id(), 3, "held", NOW, NOW)
    )
    await store(database, changes)
    with pytest.raises(Exception, match=r"(?i)check"):
        await database.write(lambda c: c.execute(schema.metadata.tables[table].update(), change))


async def test_two_claims_never_share_a_job(database: Database) -> None:
    org = await an_organization(database)
    made = Changes(Facts(NOW, new_id))
    made.jobs.put_all(
        Job(org.org, new_id(), "reserve", None, None, "due", NOW + n, 0, 0, 0, None, NOW)
        for n in range(5)
    )
    await store(database, made)
    claim = partial(queue.claim, now=NOW + 10, leased_until=NOW + 100, limit=3)
    first = await database.write(claim)
    second = await database.write(claim)
    taken = [one.job.id for one in (*first, *second)]
    assert [one.job.run_at for one in first] == [NOW, NOW + 1, NOW + 2]
    assert sorted(taken) == sorted(job.id for job in made.jobs)
    assert all(one.job.fence == 1 for one in (*first, *second))
    later = await database.write(partial(queue.claim, now=NOW + 101, leased_until=NOW + 200,
                                         limit=9))  # fmt: skip
    assert len(later) == len(made.jobs)
    assert all(one.job.fence == 2 for one in later)


async def test_a_job_that_is_put_off_is_claimed_by_its_key_unless_somebody_holds_it(
    database: Database,
) -> None:
    org = await an_organization(database)
    made = Changes(Facts(NOW, new_id))
    late = Job(org.org, new_id(), "void", None, None, "due", NOW + 999, 0, 1, 0, None, NOW)
    leased = late._replace(id=new_id(), leased_until=NOW + 50)
    parked = late._replace(id=new_id(), state="parked")
    made.jobs.put_all([late, leased, parked])
    await store(database, made)
    keys = {(org.org, id_) for id_ in (late.id, leased.id, parked.id, new_id())}
    again = partial(queue.claim_again, keys=keys, lease=queue.Lease(NOW, NOW + 100, 7))
    [taken] = await database.write(again)
    assert taken.job == late._replace(fence=2, leased_until=NOW + 100, holder=7)
    assert await database.write(again) == []


async def test_property_filters_see_paths_and_values(database: Database) -> None:
    org = await an_organization(database)
    order = an_order(org.org, org.guest_id)
    await store(database, written(order))

    async def found(**wanted: object) -> int:
        chosen = OrderFilter(**wanted)  # type: ignore[arg-type]
        look = partial(queries.page, org=org.org, wanted=chosen, limit=5, offset=0)
        return (await database.read(look)).total

    assert await found(property_path="erp.no", property_value="456") == 1
    assert await found(property_path="erp.no", property_value="45") == 0
    # A number that nobody has as it is asked for is found by an equal one.
    for spelled in ("456.0", "4.56e2", "456.000", "45600e-2"):
        assert await found(property_path="erp.no", property_value=spelled) == 1, spelled
    for spelled in ("12e2", "1200", "1.2E3", "1200.0", "1200.00"):
        assert await found(property_path="erp.much", property_value=spelled) == 1, spelled
    for spelled in ("0456", "+456", "456.", "456.01", " 456", "4560e-2"):
        assert await found(property_path="erp.no", property_value=spelled) == 0, spelled
    assert await found(property_path="erp.ok", property_value="true") == 1
    assert await found(property_path="erp.gone", property_exists=True) == 1
    assert await found(property_path="erp", property_exists=True) == 1
    assert await found(property_path="erp.nothing", property_exists=False) == 1
    assert await found(property_path="erp.no", property_exists=False) == 0


async def test_the_migrations_make_the_schema(database: Database) -> None:
    def differences(conn: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(conn), schema.metadata)

    assert await database.write(differences) == []
    assert await migrate.revision(database) == migrate.head()


async def test_migrating_again_changes_nothing(database: Database) -> None:
    secret = await migrate.install_secret(database)
    await migrate.upgrade(database)
    assert await migrate.install_secret(database) == secret


_SELECTS = [
    (schema.idempotency_keys, ("org", "key")),
    (schema.orders, ("org", "id")),
    (schema.orders, ("org", "sender_id", "origin")),
    (schema.order_lines, ("org", "order_id")),
    (schema.variant_names, ("org", "kind", "value")),
    (schema.customer_names, ("org", "kind", "value")),
    (schema.variants, ("org", "id")),
    (schema.customers, ("org", "id")),
    (schema.organizations, ("org",)),
    (schema.jobs, ("org", "id")),
    (schema.stock_levels, ("org", "variant_id", "location_id")),
    (schema.reservations, ("org", "order_id")),
    (schema.payments, ("org", "order_id")),
    (schema.payment_operations, ("org", "order_id")),
]


@pytest.mark.parametrize(("table", "keys"), _SELECTS, ids=lambda v: getattr(v, "name", None))
async def test_no_statement_of_the_write_path_scans(
    database: Database, table: schema.Table, keys: tuple[str, ...]
) -> None:
    """Every look-up goes by the whole key; a scan of a key's prefix grows with the table."""
    if database.dialect == "sqlite":
        for size in (1, 4):
            statement = f"EXPLAIN QUERY PLAN {sqlite_sql.select_by_keys(table, keys, keys, size)}"
            marks = (None,) * (size * len(keys))
            rows = await database.read(partial(sql.fetch, statement=statement, parameters=marks))
            plan = " | ".join(str(row[3]) for row in rows)
            search = re.search(r"SEARCH t [^|]*\((.*?)\)", plan)
            assert search, plan
            assert all(f"{key}=?" in search.group(1) for key in keys), plan
    else:
        statement = postgres_sql.select_by_keys(table, keys, keys, lock=False)
        empty = tuple([] for _ in keys)
        org = await an_organization(database)
        # Only orders have a second index that starts alike; rows tell the planner them apart.
        many = Changes(Facts(NOW, new_id))
        for n in range(300):
            many.orders.put(an_order(org.org, org.guest_id, sender_id=str(n)))
        await store(database, many)

        def explain(conn: Connection) -> str:
            # The tables are small: only the shape of the plan says what a large one would do.
            conn.exec_driver_sql("ANALYZE orders")
            lines = conn.exec_driver_sql("EXPLAIN " + statement, empty).scalars().all()
            return "\n".join(lines)

        plan = await database.write(explain)
        condition = re.search(r"Index Cond: (.*)", plan)
        assert condition, plan
        assert all(f"{key} = " in condition.group(1) for key in keys), plan
