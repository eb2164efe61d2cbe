"""Words are derived: a changed row of a table, and one more dialect, need no migration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from tests.factories import Shop, new_id, open_shop

from entrepot.clock import now
from entrepot.core import words
from entrepot.core.commands import Command, CustomerRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.facets import STAGES, VALUES, Facets
from entrepot.core.money import Amount
from entrepot.core.order import Order, sealed_digest
from entrepot.core.words import Axis, Row
from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import write as konvo
from entrepot.edge.polinate.words import PHASE, STATUS, goods_of, stages_of
from entrepot.edge.synq.orders import write as synq
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.reading import queries
from entrepot.store.verify import verify
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

TOLD = (("konvo", "paid"),)
# A dialect that tells whether an order is wanted, and where its goods are.
FOURTH = (
    Axis("fourth", {
        "yes": {"stage": tuple(stage for stage in STAGES if stage != "cancelled")},
        "sure": {"stage": ("confirmed",)},
        "no": {"stage": ("cancelled",)},
    }),
)  # fmt: skip


class House:
    """A book with an order that was placed and one that was told, both as they stand now."""

    def __init__(self, database: Database, shop: Shop) -> None:
        self.database, self.shop = database, shop
        self.writer = Writer(database, now=now, new_id=new_id)
        self.placed = self.mirrored = b""

    async def do(self, command: Command) -> Any:
        return (await self.writer.submit(Envelope(command))).result

    async def order(self, order_id: bytes) -> Order:
        found = await self.database.read(
            lambda conn: queries.order_by_id(conn, self.shop.org, order_id)
        )
        assert found is not None
        return found

    async def faults(self) -> list[Any]:
        return (await self.database.read(verify)).violations

    async def shown(self, order_id: bytes) -> tuple[str, str]:
        """What GET says in Synq and in Konvo."""
        order = await self.order(order_id)
        principal = Principal(self.shop.org, b"o" * 16, b"t" * 16, "EDITOR")
        told = msgspec.json.decode(synq.order_answer(order, principal).body)
        return told["status"], konvo.order(order, None, None).status


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    database = open_database(database_url)
    await migrate.upgrade(database)
    made = House(database, await database.write(open_shop))
    made.placed = (await made.do(made.shop.order(None))).order.id
    draft = OrderDraft(
        "[0]", "k-1", sealed_digest("k-1", b"d" * 16), "EUR", Amount(0, 2), (), CustomerRef(),
        TOLD, {"external_name": "#1"},
    )  # fmt: skip
    [mirrored] = (await made.do(MirrorOrders(made.shop.org, "konvo", (draft,)))).orders
    made.mirrored = mirrored.id
    yield made
    await made.writer.drain()
    await database.close()


@contextmanager
def rows(axis: str, **changed: Row) -> Iterator[None]:
    """The table of an axis with other rows."""
    known = words.AXES[axis]
    words.register(known._replace(rows=known.rows | changed))
    try:
        yield
    finally:
        words.register(known)


async def test_a_changed_row_needs_no_migration(house: House) -> None:
    assert await house.shown(house.placed) == ("pending_payment", "OPEN")
    assert await house.faults() == []
    unpaid = words.AXES["synq"].rows["pending_payment"] | {"payment": ("pending",)}
    paid = words.AXES["synq"].rows["payment_authorized"] | {"payment": ("authorized", "none")}
    with rows("synq", pending_payment=unpaid, payment_authorized=paid):
        assert await house.shown(house.placed) == ("payment_authorized", "OPEN")
        assert await house.faults() == []


async def test_a_told_word_whose_row_changes_is_shown_while_it_is_true(house: House) -> None:
    assert (await house.order(house.mirrored)).told_words == "konvo=paid"
    assert (await house.shown(house.mirrored))[1] == "PAID"
    open_ = words.AXES["konvo"].rows["open"] | {"payment": ("paid",)}
    with rows("konvo", paid={"payment": ("disputed",)}, open=open_):
        assert (await house.shown(house.mirrored))[1] == "OPEN"
        assert await house.faults() == []
    assert (await house.shown(house.mirrored))[1] == "PAID"


async def test_a_fourth_dialect_needs_no_column(house: House) -> None:
    words.register(*FOURTH)
    try:
        assert (await house.order(house.placed)).words["fourth"] == "yes"
        for order_id, word in ((house.mirrored, "sure"), (house.placed, "no")):
            told = AmendOrder(house.shop.org, "fourth", order_id, (("fourth", word),))
            await house.do(told)
            assert (await house.order(order_id)).words["fourth"] == word
        placed, mirrored = await house.order(house.placed), await house.order(house.mirrored)
        assert (placed.facets.stage, mirrored.facets.stage) == ("cancelled", "confirmed")
        assert mirrored.told_words == "fourth=sure konvo=paid"
        assert await house.shown(house.placed) == ("cancelled", "CANCELLED")
        assert await house.faults() == []
    finally:
        words.unregister("fourth")


def test_no_column_of_an_order_is_a_dialects() -> None:
    names = {axis.dialect for axis in words.AXES.values()}
    for table in (schema.orders, schema.order_spans):
        assert not [c.name for c in table.columns if any(name in c.name for name in names)]


def test_the_words_that_lists_count_by_follow_from_stage_and_goods() -> None:
    """One phase is true of a stage, and one status of a state of the goods, whatever was told."""
    stages = [stage for phase in PHASE for stage in stages_of(phase)]
    assert sorted(stages) == sorted(VALUES["stage"])
    goods = [one for status in STATUS for one in goods_of(status)]
    assert len(goods) == len(set(goods)) == len(VALUES["fulfilment"]) * len(VALUES["returns"])
    for phase in PHASE:
        for stage in stages_of(phase):
            assert words.shown(Facets(stage), "")["polinate_phase"] == phase
