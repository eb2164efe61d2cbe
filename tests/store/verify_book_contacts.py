"""The part of the healthy book that is not orders: touches, and contacts as the log has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from entrepot.core.commands import CustomerRef
from entrepot.core.decide.broadcast import ChangeBroadcast, RecordBroadcast
from entrepot.core.decide.touch import RecordTouch
from entrepot.core.results import BroadcastResult, TouchResult
from entrepot.store import schema
from entrepot.store.keeping import contacts, retention, search

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy

CAMPAIGN, CHAT = b"c" * 16, b"h" * 16


async def touched(book: Healthy) -> None:
    """A broadcast, a message, and two clicks of a contact, who counts once; one is told with a time
    before 1970.
    """
    said = await book.tell(RecordBroadcast(1, "native", "Spring", CAMPAIGN))
    assert isinstance(said, BroadcastResult)
    await book.tell(ChangeBroadcast(1, "native", CAMPAIGN, {"sent": 5}))
    book.ids["campaign"] = CAMPAIGN
    hers = CustomerRef(identifiers=(("email", "ada@example.org"),))
    await book.tell(RecordTouch(1, "native", hers, "message", "ai", CHAT))
    for at in (-1, None):
        told = await book.tell(
            RecordTouch(1, "native", hers, "click", "broadcast", CAMPAIGN, at=at, country="DE",
                        resource_id="r1")
        )  # fmt: skip
        assert isinstance(told, TouchResult)
        book.ids["touch"] = told.touch.id


async def followed(book: Healthy) -> None:
    """The contacts of the first organization, as its log has them, and the id of one of them; and
    the terms of its orders.
    """
    reader = retention.Sweep(1, retention.CONTACTS)
    await book.database.write(lambda conn: contacts.follow(conn, reader, 10_000, book.now()))
    walk, all_ = retention.Sweep(1, retention.SEARCH), search.Slices(10_000, 10_000)
    read = await book.database.read(lambda conn: search.read(conn, walk, all_))
    await book.database.write(lambda conn: search.write(conn, read))
    told = schema.orders.c
    hers = select(told.customer_id).where(told.id == book.ids["mirrored"], told.org == 1)
    book.ids["ada"] = await book.database.read(lambda conn: conn.execute(hers).scalar_one())
