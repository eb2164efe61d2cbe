"""What PostgreSQL writes for one organization never meets the rows of another.

A statement that met them would be a conflict: the batch would be run again in smaller parts, and
end as it should. So these tests count the transactions.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select
from tests.factories import Shop, open_shop
from tests.quantities import much
from tests.writer.test_first_step import Desk

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope


def _open_two(conn: Connection) -> tuple[Shop, Shop]:
    return open_shop(conn, "One"), open_shop(conn, "Two")


async def test_a_batch_of_two_organizations_numbers_the_orders_of_each(database: Database) -> None:
    one, two = await database.write(_open_two)
    desk = Desk(database, one)
    for shop in (one, one, two):
        await desk.do(shop.stocked(10))
    before = desk.database.writes
    await desk.writer.submit_all([Envelope(shop.order()) for shop in (one, two, two, one, one)])
    assert desk.database.writes == before + 1

    def numbers(conn: Connection) -> list[tuple[int, int]]:
        c = schema.orders.c
        return [(org, number) for org, number in conn.execute(select(c.org, c.number))]

    found = await database.read(numbers)
    assert sorted(found) == [*[(one.org, n) for n in (1, 2, 3)], *[(two.org, n) for n in (1, 2)]]
    assert await _events(database, one.org) == list(range(1, 9))
    assert await _events(database, two.org) == list(range(1, 6))


async def _events(database: Database, org: int) -> list[int]:
    number = schema.events.c.number
    listed = select(number).where(schema.events.c.org == org).order_by(number)
    return await database.read(lambda conn: list(conn.execute(listed).scalars()))


async def test_stock_of_another_organization_under_the_same_ids_is_left_alone(
    database: Database,
) -> None:
    one, two = await database.write(_open_two)
    desk = Desk(database, one)
    await desk.do(one.stocked(10))
    levels = schema.stock_levels

    def twin(conn: Connection) -> None:
        [row] = conn.execute(select(levels).where(levels.c.org == one.org)).mappings()
        conn.execute(insert(levels).values(dict(row) | {"org": two.org}))

    await database.write(twin)
    before = desk.database.writes
    await desk.do(one.order(quantity=3))
    assert desk.database.writes == before + 1
    assert await desk.column(levels, "reserved") == [much(3), 0]
    assert await desk.column(levels, "version") == [2, 1]
