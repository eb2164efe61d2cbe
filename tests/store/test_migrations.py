"""A book that has orders is migrated with them."""

from __future__ import annotations

from functools import partial

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text
from tests.quantities import much
from tests.store.test_conformance import NOW, an_order

from entrepot.clock import new_id
from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Order, Reservation
from entrepot.core.order_filter import OrderFilter
from entrepot.core.words import heard, kept
from entrepot.edge.polinate.words import goods_of
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.reading import queries
from entrepot.store.verify import numbers
from entrepot.store.writing import writes
from entrepot.store.writing.properties import paths

# Members of an order that revision 0001 does not have.
_LATER = ("first_name", "last_name", "email", "phone", "made_at", "number", "sender_words",
          "shares_payment_of", "told_words")  # fmt: skip
_BEFORE = tuple(column for column in schema.ORDERS.columns if column not in _LATER)
# And what it had: the word of each axis, and a bit for each word that was told.
_AXES = ("synq", "polinate_phase", "polinate_status", "konvo", "konvo_shipment")
_PROPERTY = ("org", "order_id", "path", "value")


def _write(orders: list[Order], said: dict[bytes, dict[str, object]], conn: Connection) -> None:
    """As the program of revision 0001 wrote them: without numbers, properties by their paths.

    `said` has the words of orders that showed others than they do now, and their bits.
    """
    columns, to_row = schema.ORDERS.columns, schema.ORDERS.to_row
    values = [dict(zip(columns, to_row(order), strict=True)) for order in orders]
    old = []
    for order, row in zip(orders, values, strict=True):
        words = {**order.words, "told": _bits(order)} | said.get(order.id, {})
        old.append({name: row[name] for name in _BEFORE} | words)
    named = ", ".join(old[0])
    given = ", ".join(f":{name}" for name in old[0])
    conn.execute(text(f"INSERT INTO orders ({named}) VALUES ({given})"), old)
    found = [
        (order.org, order.id, *pair)
        for order in orders
        for pair in paths({"n": order.created_at - NOW})
    ]
    writes.insert(conn, schema.order_properties, _PROPERTY, found)


def _bits(order: Order) -> int:
    return sum(1 << _AXES.index(axis) for axis in heard(order.told_words))


def _orders() -> list[Order]:
    made = []
    for n in range(300):
        org = 1 if n % 3 else 2
        order = an_order(org, new_id(), created_at=NOW + n, updated_at=NOW + 2 * n, lines=())
        goods = "packed" if n % 7 else "accepted"
        facets = order.facets._replace(fulfilment=goods)
        told = "konvo_shipment=none" if n % 5 else ""
        made.append(order._replace(facets=facets, told_words=told, properties=f'{{"n":{n}}}'))
    return made


@pytest.fixture
async def old_book(empty_database_url: str) -> Database:
    return open_database(empty_database_url)


def test_the_head_is_the_one_that_alembic_finds() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_heads() == [migrate.head()]


async def test_the_revision_is_told_before_and_after(old_book: Database) -> None:
    assert await migrate.revision(old_book) is None
    await old_book.write(lambda conn: command.upgrade(migrate._config(conn), "0001"))
    assert await migrate.revision(old_book) == "0001"
    await migrate.upgrade(old_book)
    assert await migrate.revision(old_book) == migrate.head()
    await old_book.close()


async def test_orders_are_numbered_and_tallied(old_book: Database) -> None:
    orders = _orders()
    await old_book.write(lambda conn: command.upgrade(migrate._config(conn), "0001"))
    await old_book.write(partial(_write, orders, {}))
    for _ in range(2):
        await migrate.upgrade(old_book)
        await _check(old_book, orders)
        # And there and back again.
        await old_book.write(lambda conn: command.downgrade(migrate._config(conn), "0001"))
    await old_book.close()


async def _check(database: Database, orders: list[Order]) -> None:
    def broken(conn: Connection) -> list[object]:
        return [row for check in numbers.checks() for row in conn.execute(check.broken)]

    def differences(conn: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(conn), schema.metadata)

    assert await database.read(broken) == []
    assert await database.write(differences) == []
    c = schema.orders.c
    for org in (1, 2):
        statement = select(c.id).where(c.org == org).order_by(c.number)
        numbered = await database.read(lambda conn, s=statement: conn.execute(s).scalars().all())
        assert numbered == [order.id for order in orders if order.org == org]
        packed = OrderFilter(goods=goods_of("PACKED"), property_path="n", property_exists=True)
        look = partial(queries.page, org=org, wanted=packed, limit=3, offset=20)
        page = await database.read(look)
        wanted = [o for o in orders if o.org == org and o.words["polinate_status"] == "PACKED"]
        assert page.total == len(wanted)
        assert [order.id for order in page.orders] == [o.id for o in wanted[::-1][20:23]]
        told = [order.told_words for order in wanted[::-1][20:23]]
        assert [order.told_words for order in page.orders] == told


# Organization, order, seq and time of events as they lie in an old book, in the order in which they
# are numbered: by time, an order's own in their order though a clock went back (at 30, then 10).
_LOGGED = [(1, b"a", 3, 5), (1, b"b", 1, 7), (1, b"c", 1, 30), (1, b"c", 2, 10), (1, b"a", 4, 31),
           (2, b"a", 1, 6)]  # fmt: skip
_LOST = [(1, b"a", 1, 2)]  # organization, order, first and last seq of what the archive has


async def test_events_are_numbered_behind_those_of_the_archive(old_book: Database) -> None:
    def furnish(conn: Connection) -> None:
        command.upgrade(migrate._config(conn), "0013")
        for org in (1, 2):
            conn.execute(text("INSERT INTO order_counters VALUES (:org, 0, 0)"), {"org": org})
        for org, order, seq, at in _LOGGED:
            conn.execute(
                text("INSERT INTO order_events VALUES (:org, :id, :seq, 't', :at, 's', '{}')"),
                {"org": org, "id": order * 16, "seq": seq, "at": at},
            )
        for org, order, first, last in _LOST:
            conn.execute(
                text("INSERT INTO order_archives VALUES (:org, :id, :first, :last, 0)"),
                {"org": org, "id": order * 16, "first": first, "last": last},
            )

    def look(conn: Connection) -> tuple[list[tuple[object, ...]], dict[int, int]]:
        c, counted = schema.events.c, schema.order_counters.c
        shown = select(c.org, c.subject_id, c.seq, c.at, c.number, c.subject, c.actor)
        found = [tuple(row) for row in conn.execute(shown.order_by(c.org, c.number))]
        return found, dict(conn.execute(select(counted.org, counted.events)).all())

    await old_book.write(furnish)
    for _ in range(2):
        await migrate.upgrade(old_book)
        found, counted = await old_book.read(look)
        numbers_given = [3, 4, 5, 6, 7, 1]
        assert found == [
            (org, order * 16, seq, at, number, "order", "")
            for (org, order, seq, at), number in zip(_LOGGED, numbers_given, strict=True)
        ]
        assert counted == {1: 7, 2: 1}
        await old_book.write(lambda conn: command.downgrade(migrate._config(conn), "0013"))
    await old_book.close()


# Stands whose words were other ones before: stage, payment, fulfilment, returns, and the words of
# Synq and Konvo with the bits of what was told. Then what they have to be.
_OTHERWISE = [
    (Facets("confirmed", "paid", "not_applicable"), ("processing", "fulfilled", 0), "paid"),
    (Facets("confirmed", "none", "not_applicable"), ("processing", "fulfilled", 8), "open"),
    (Facets("confirmed", "authorized", "lost"), ("fulfilled", "open", 0), "shipped"),
    (Facets("confirmed", "paid", "lost"), ("fulfilled", "paid", 8), "paid"),
    (Facets("placed", "none", "delivered"), ("pending_payment", "open", 8), "open"),
    (Facets("placed", "paid", "in_transit"), ("payment_authorized", "paid", 8), "paid"),
    (Facets("placed", "paid", "unassigned"), ("payment_authorized", "paid", 8), "paid"),
    (Facets("deleted", "none", "delivered"), ("cancelled", "cancelled", 2), "fulfilled"),
    (Facets("deleted", "paid", "in_transit"), ("cancelled", "cancelled", 2), "shipped"),
    (Facets("deleted", "refunded", "delivered"), ("cancelled", "cancelled", 2), "refunded"),
    (Facets("deleted", "none", "lost", "returned"), ("cancelled", "cancelled", 0), "shipped"),
    (Facets("deleted", "none", "unassigned"), ("cancelled", "cancelled", 2), "cancelled"),
]


async def test_words_that_are_no_longer_true_are_said_anew(old_book: Database) -> None:
    """The words after the upgrade are those of the tables, for told words and for all others."""
    orders, said = [], {}
    for facets, (synq, konvo, told), _ in _OTHERWISE:
        orders.append(an_order(1, new_id(), facets=facets, lines=()))
        said[orders[-1].id] = {"synq": synq, "konvo": konvo, "told": told}
    await old_book.write(lambda conn: command.upgrade(migrate._config(conn), "0001"))
    await old_book.write(partial(_write, orders, said))
    await migrate.upgrade(old_book)

    def look(conn: Connection) -> list[Order]:
        page = queries.page(conn, org=1, wanted=OrderFilter(), limit=50, offset=0)
        return list(reversed(page.orders))

    for order, (_, _, konvo) in zip(await old_book.read(look), _OTHERWISE, strict=True):
        assert order.told_words == kept(order.facets, order.told_words)
        assert order.words["konvo"] == konvo
        assert order.sender_words is None
    await old_book.close()


_OLD_CUSTOMERS = ("org", "id", "name", "created_at", "updated_at")
_NAMES = ("org", "kind", "value", "customer_id")


async def test_names_of_an_older_book_still_match(old_book: Database) -> None:
    """Senders of two kinds shared one list of names: each kind gets those that its orders tell."""
    await old_book.write(lambda conn: command.upgrade(migrate._config(conn), "0001"))
    konvos, sources, both, nobodys = (new_id() for _ in range(4))

    def told(origin: str, customer_id: bytes) -> Order:
        return an_order(1, customer_id, origin=origin, managed=False, lines=(), id=new_id())

    orders = [
        told("konvo", konvos), told("polinate", sources), told("konvo", both),
        told("polinate", both),
    ]  # fmt: skip
    cheap = told("konvo", konvos)._replace(total=Amount(3_000_000, 5))
    dear = told("konvo", konvos)._replace(total=Amount(4_000_000, 5))

    def write(conn: Connection) -> None:
        people = (konvos, sources, both, nobodys)
        writes.insert(conn, schema.customers, _OLD_CUSTOMERS, [(1, p, "x", 1, 1) for p in people])
        names = [(1, "external", f"c-{n}", person) for n, person in enumerate(people)]
        writes.insert(conn, schema.customer_names, _NAMES, names)
        _write([*orders, cheap, dear], {}, conn)

    await old_book.write(write)
    await migrate.upgrade(old_book)
    c = schema.customer_names.c
    found = await old_book.read(
        lambda conn: conn.execute(select(c.kind, c.value).where(c.kind != "external")).all()
    )
    assert {tuple(row) for row in found} == {
        ("konvo", "c-0"), ("polinate", "c-1"), ("konvo", "c-2"), ("polinate", "c-2"),
        ("konvo", "c-3"),
    }  # fmt: skip
    o = schema.orders.c
    sums = await old_book.read(
        lambda conn: {
            row.id: (row.discount, row.shipping)
            for row in conn.execute(select(o.id, o.discount, o.shipping))
        }
    )
    assert sums[orders[0].id] == (0, 0)
    assert sums[cheap.id] == (703_500, 0)
    assert sums[dear.id] == (0, 296_500)
    await old_book.close()


async def test_what_was_shipped_was_shipped_whole(old_book: Database) -> None:
    states = ("held", "committed", "released", "expired", "shipped")
    columns = schema.RESERVATIONS.columns
    before = [name for name in columns if name != "shipped"]
    made = [Reservation(1, new_id(), new_id(), new_id(), new_id(), 3, s, 0, NOW) for s in states]
    given = [dict(zip(columns, schema.RESERVATIONS.to_row(one), strict=True)) for one in made]
    named = f"({', '.join(before)}) VALUES ({', '.join(f':{name}' for name in before)})"

    def fill(conn: Connection) -> None:
        command.upgrade(migrate._config(conn), "0017")
        conn.execute(text(f"INSERT INTO reservations {named}"), given)

    await old_book.write(fill)
    await migrate.upgrade(old_book)
    shipped = text("SELECT state, shipped FROM reservations WHERE shipped <> 0")
    found = await old_book.read(lambda conn: [tuple(row) for row in conn.execute(shipped)])
    assert found == [("shipped", much(3))]
    await old_book.close()
