"""Lists of products stay flat: an index leads to what a page shows, however many there are."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, text
from tests.asked import listen, plan_of
from tests.factories import open_shop

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Row
from entrepot.store.reading import products
from entrepot.store.reading.products import Wanted

MANY = 4_000
HOUR = 3_600_000_000  # microseconds


def uuid7(hours: int) -> bytes:
    """An id that was made so many hours after 1970."""
    return (hours * HOUR // 1_000).to_bytes(6, "big") + b"7" * 10


def _filled(conn: Connection, org: int) -> None:
    """Products of which none but the first is a draft, each with a variant."""
    ids = [number.to_bytes(16, "big") for number in range(1, MANY + 1)]
    conn.execute(insert(schema.items), [
        {"org": org, "id": id_, "name": "P", "created_at": 1} for id_ in ids
    ])  # fmt: skip
    conn.execute(insert(schema.products), [
        {"org": org, "id": id_, "name": "P", "status": "draft" if at == 0 else "active",
         "created_at": 1, "updated_at": at, "version": 0}
        for at, id_ in enumerate(ids)
    ])  # fmt: skip
    conn.execute(insert(schema.variants), [
        {"org": org, "id": id_, "item_id": id_, "entry_id": id_, "name": "P", "currency": "EUR",
         "price_units": 1, "price_scale": 0, "tracked": False, "created_at": 1}
        for id_ in ids
    ])  # fmt: skip
    if conn.dialect.name != "sqlite":  # nobody counts the rows of a book in SQLite
        conn.execute(text("ANALYZE"))


@pytest.mark.parametrize(("looked_at", "changed_from"), [(3, 50), (100, 20)])
async def test_pages_of_what_was_changed_last_show_every_product_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, looked_at: int, changed_from: int
) -> None:
    """Also products of which nobody told anything, however many others lie between them: behind all
    changes, or among the changes.
    """
    org = (await database.write(open_shop)).org
    made = {at: uuid7(at) for at in range(1, 41)}
    told = {at: (at * 7) % 41 + changed_from for at in made if at % 5}

    def fill(conn: Connection) -> list[bytes]:
        conn.execute(insert(schema.items), [
            {"org": org, "id": id_, "name": "P", "created_at": at * HOUR}
            for at, id_ in made.items()
        ])  # fmt: skip
        conn.execute(insert(schema.products), [
            {"org": org, "id": made[at], "name": "P", "status": "deleted" if at == 3 else "active",
             "created_at": at * HOUR, "updated_at": changed * HOUR, "version": 0}
            for at, changed in told.items()
        ])  # fmt: skip
        places = {made[at]: told.get(at, at) for at in made if at != 3}
        return sorted(places, key=lambda id_: (places[id_], id_), reverse=True)

    wanted = await database.write(fill)
    monkeypatch.setattr(products, "LOOKED_AT", looked_at)
    found = [one.product.id for one in await products.newest.ask(database, org, 4)]
    while found[-1] != wanted[-1]:
        page = await products.changed_before.ask(database, org, found[-1], 4)
        assert page, len(found)
        found += [one.product.id for one in page]
    assert found == wanted
    assert await products.changed_before.ask(database, org, wanted[-1], 4) == []
    assert await products.changed_before.ask(database, org, b"?" * 16, 4) is None


async def test_pages_of_products_go_by_indexes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = (await database.write(open_shop)).org
    await database.write(lambda conn: _filled(conn, org))
    heard: list[tuple[str, Row]] = []
    with monkeypatch.context() as patch:
        listen(patch, lambda statement, values: heard.append((statement, values)))
        newest = await products.newest.ask(database, org, 3)
        assert [one.product.updated_at for one in newest] == [MANY - 1, MANY - 2, MANY - 3]
        middle = await products.changed_before.ask(
            database, org, (MANY // 2).to_bytes(16, "big"), 3
        )
        assert [one.product.updated_at for one in middle or ()] == [
            MANY // 2 - 2, MANY // 2 - 3, MANY // 2 - 4,
        ]  # fmt: skip
        for status in (None, "active", "draft", "archived"):
            wanted = Wanted((MANY // 2).to_bytes(16, "big"), status)
            page = await products.page.ask(database, org, wanted, 3)
            assert len(page.products) == (3 if status in (None, "active") else 0)
    assert len(heard) > 9

    def plans(conn: Connection) -> list[str]:
        return [plan_of(conn, statement, values) for statement, values in heard]

    for (statement, _), plan in zip(heard, await database.read(plans), strict=True):
        for slow in ("Seq Scan", "SCAN p\n", "SCAN items", "SCAN variants"):
            assert slow not in f"{plan}\n", (statement, plan)
        if "JOIN variants" in statement:
            assert "PRIMARY KEY (org=?)" not in plan, (statement, plan)
        if "FROM products AS p" in statement:
            assert "Sort" not in plan, (statement, plan)
            assert "TEMP B-TREE" not in plan, (statement, plan)
