"""Quantities of an older book become ten-thousandths, all of them or none."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import Connection, text
from tests.quantities import much

from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate

MOST = 2**49
# A column of each table that holds a quantity, as a query and as the numbers of the older book.
COLUMNS = {
    "SELECT quantity FROM order_lines ORDER BY number": [3, -2, 0],
    "SELECT quantity FROM reservations ORDER BY quantity": [2, 7],
    "SELECT shipped FROM reservations ORDER BY quantity": [0, 7],
    "SELECT on_hand FROM stock_levels ORDER BY on_hand": [-MOST, 5],
    "SELECT reserved FROM stock_levels ORDER BY on_hand": [MOST, 5],
    "SELECT delta FROM stock_entries ORDER BY delta": [-4, 2**31],
}
FILLED = (
    *(
        "INSERT INTO order_lines (org, order_id, id, number, variant_id, item_id, entry_id, title, "
        "quantity, unit_of_measure, currency, price_units, price_scale, cost_units, cost_scale, "
        "requires_shipping, created_at, updated_at) "
        f"VALUES (1, :id, :id, {number}, :id, :id, :id, 'Tea', {quantity}, 'kg', 'EUR', 1, 0, 1, "
        "0, true, 1, 1)"
        for number, quantity in enumerate([3, -2, 0], 1)
    ),
    *(
        "INSERT INTO reservations (org, order_id, line_id, variant_id, location_id, quantity, "
        f"state, held_until, updated_at, shipped) VALUES (1, :id, :id, :id, :id, {quantity}, "
        f"'{state}', 0, 1, {shipped})"
        for quantity, state, shipped in ((2, "held", 0), (7, "shipped", 7))
    ),
    *(
        "INSERT INTO stock_levels (org, variant_id, location_id, on_hand, reserved, version, soft) "
        f"VALUES (1, :id, :id, {on_hand}, {reserved}, 0, {soft})"
        for on_hand, reserved, soft in ((-MOST, MOST, "true"), (5, 5, "false"))
    ),
    *(
        "INSERT INTO stock_entries (org, id, variant_id, location_id, delta, kind, note, "
        f"created_at) VALUES (1, :id, :id, :id, {delta}, 'adjustment', '', 1)"
        for delta in (-4, 2**31)
    ),
)


@pytest.fixture
async def older(empty_database_url: str) -> Database:
    """A book of the version before, with a quantity of every kind."""

    def fill(conn: Connection) -> None:
        command.upgrade(migrate._config(conn), "0018")
        for number, statement in enumerate(FILLED):
            conn.execute(text(statement), {"id": bytes([number]) * 16})

    book = open_database(empty_database_url)
    await book.write(fill)
    return book


async def kept(book: Database) -> dict[str, list[int]]:
    def read(conn: Connection) -> dict[str, list[int]]:
        return {said: list(conn.execute(text(said)).scalars()) for said in COLUMNS}

    return await book.read(read)


async def test_every_quantity_is_as_much_as_before(older: Database) -> None:
    await migrate.upgrade(older)
    assert await kept(older) == {
        said: [much(count) for count in counts] for said, counts in COLUMNS.items()
    }
    await older.write(lambda conn: command.downgrade(migrate._config(conn), "0018"))
    assert await kept(older) == COLUMNS
    await older.close()


@pytest.mark.parametrize(
    ("table", "column", "number"),
    [
        ("stock_levels", "on_hand", MOST + 1), ("stock_entries", "delta", -MOST - 1),
        ("order_lines", "quantity", 2**62),
    ],
)  # fmt: skip
async def test_a_number_that_is_too_large_stops_all_of_it(
    older: Database, table: str, column: str, number: int
) -> None:
    damage = text(f"UPDATE {table} SET {column} = {number} WHERE {column} > 2")
    await older.write(lambda conn: conn.execute(damage))
    before = await kept(older)
    with pytest.raises(RuntimeError, match=rf"rows of {table} whose {column} is beyond .*: 1;"):
        await migrate.upgrade(older)
    assert (await migrate.revision(older), await kept(older)) == ("0018", before)
    await older.close()


async def test_a_fraction_does_not_go_back(older: Database) -> None:
    await migrate.upgrade(older)
    sold = text("UPDATE order_lines SET quantity = quantity + 1 WHERE quantity > 0")
    await older.write(lambda conn: conn.execute(sold))
    with pytest.raises(RuntimeError, match="order_lines whose quantity has a fraction: 1"):
        await older.write(lambda conn: command.downgrade(migrate._config(conn), "0018"))
    await older.close()
