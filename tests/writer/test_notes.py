"""A plain kind of row is loaded and written without a line of its own: notes beside orders."""

from __future__ import annotations

from sqlalchemy import Connection, select
from tests.writer.test_first_step import a_desk

from entrepot.clock import new_id, now
from entrepot.core.decide.note import NoteOrder
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.notes import NOTES
from entrepot.core.results import OrderResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.writing.working_set import load


async def test_a_note_is_written_and_read_again(database: Database) -> None:
    desk = await a_desk(database, 5)
    placed = (await desk.do(desk.shop.order())).result
    assert isinstance(placed, OrderResult)
    order = placed.order
    await desk.do(NoteOrder(order.org, order.id, "Ada", "A gift ☕"))
    columns = (schema.order_notes.c.org, schema.order_notes.c.id)

    def again(conn: Connection) -> Facts:
        found, facts, needs = conn.execute(select(*columns)).all(), Facts(now(), new_id), Needs()
        needs.of(NOTES).update((row.org, row.id) for row in found)
        load(conn, needs, facts, lock=False)
        return facts

    [note] = (await database.read(again)).of(NOTES).values()
    assert (note.order_id, note.author, note.text) == (order.id, "Ada", "A gift ☕")
    told = await desk.column(schema.events, "type")
    assert told == ["stock.adjusted", "order.placed", "stock.reserved"]
