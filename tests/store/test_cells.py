"""Several books: no two give the same number, and a secret goes with its organization."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, update
from tests.writer.taking import SECRET
from tests.writer.test_first_step import a_desk

from entrepot.cli import verify as audit
from entrepot.clock import new_id
from entrepot.core.payment_keys import authorisation_key
from entrepot.store import accounts, schema
from entrepot.store.accounts import CELL_BITS
from entrepot.store.engine import Database
from entrepot.store.verify import keys_by

OWN, BOOKS = b"o" * 32, b"b" * 32


def made(conn: Connection, name: str, cell: int) -> int:
    return accounts.create_organization(conn, name, 1, new_id, cell=cell).org


async def test_a_book_gives_the_numbers_of_its_own_cell(database: Database) -> None:
    last = 65_535
    told = [("a", 0), ("b", 7), ("c", 0), ("d", 7), ("e", last), ("f", 6), ("g", 7)]
    numbers = [await database.write(partial(made, name=name, cell=cell)) for name, cell in told]
    cells = [(number >> CELL_BITS, number & ((1 << CELL_BITS) - 1)) for number in numbers]
    assert cells == [(0, 1), (7, 1), (0, 2), (7, 2), (last, 1), (6, 1), (7, 3)]
    assert max(numbers) < 2**63


async def test_payment_keys_derive_from_the_secret_that_came_with_the_organization(
    database: Database,
) -> None:
    desk = await a_desk(database, 9)
    await desk.do(desk.shop.order())
    orgs = schema.organizations
    brought = update(orgs).where(orgs.c.org == desk.shop.org).values(payment_secret=OWN)
    await database.write(lambda conn: conn.execute(brought))
    await desk.do(desk.shop.order(external_name="moved"))
    before, after = [
        seen.funds.first.authorisation
        for _, seen in desk.handed
        if seen is not None and seen.funds is not None
    ]
    assert before.key == authorisation_key(SECRET, before.org, before.order_id, 1)
    assert after.key == authorisation_key(OWN, after.org, after.order_id, 1)
    # The audit derives the key that each operation should have from the same secrets.
    own = await database.read(audit._own_secrets)
    assert own == {desk.shop.org: OWN}
    key = keys_by(BOOKS, own)
    assert key(after, after.key) == after.key
    elsewhere = after._replace(org=after.org + 1)
    assert key(elsewhere, after.key) == authorisation_key(
        BOOKS, elsewhere.org, elsewhere.order_id, 1
    )
