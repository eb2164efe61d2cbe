"""Rows with a version: a second writer that read an old version is refused.

The number of its event would be taken as well: each test takes the events away, so that the row has
to be guarded by itself.
"""

from __future__ import annotations

import pytest
from tests.quantities import much
from tests.writer.test_writer import Watched, a_writer, an_organization

from entrepot.clock import new_id, now
from entrepot.core import decide as decisions
from entrepot.core.commands import Command, CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.price import DraftEntry, MakePriceList
from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.decide.reprice import AmendPriceList
from entrepot.core.decide.stocking import MakeVariant
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.results import (
    Decision,
    OrderResult,
    PartnerResult,
    PriceListResult,
    ProductResult,
    VariantResult,
)
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

PLACES = {"EUR": 2}


async def refuses_the_second(database: Database, first: Command, second: Command) -> None:
    """Of two writers that read the same version, the second one writes nothing."""
    needs, facts = Needs(), Facts(now(), new_id)
    decisions.add_needs(second, needs)
    await database.write(lambda conn: load(conn, needs, facts))
    decision = decisions.decide(second, facts)
    assert isinstance(decision, Decision)
    decision.changes.events.clear()
    facts.absorb(decision.changes)
    await a_writer(Watched(database)).submit(Envelope(first))
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))


async def test_an_old_version_of_a_product_is_refused(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    made = (await writer.submit(Envelope(MakeProduct(org, "native", "Cup", (), bare=True)))).result
    assert isinstance(made, ProductResult)
    change = AmendProduct(org, "native", made.product.product.id)
    await refuses_the_second(
        database, change._replace(said={"vendor": "A"}), change._replace(said={"brand": "B"})
    )


async def test_an_old_version_of_a_partnership_is_refused(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    made = (await writer.submit(Envelope(MakeBuyer(org, "polinate", "Ada")))).result
    assert isinstance(made, PartnerResult)
    change = ChangeBuyer(org, "polinate", made.partner.customer.id)
    await refuses_the_second(
        database, change._replace(status="paused"), change._replace(status="expired")
    )


async def listed(writer: Writer, org: int, *customers: bytes) -> tuple[bytes, bytes]:
    """A list with a variant at half of its price; the ids of the list and of the variant."""
    cup = (await writer.submit(Envelope(MakeVariant(
        org, "native", "A", "Cup", "EUR", Amount(800, 2), tracked=False,
    )))).result  # fmt: skip
    assert isinstance(cup, VariantResult)
    entry = DraftEntry("entries[0]", cup.variant.id)
    making = MakePriceList(org, "native", "Trade", (entry,), customers, -500_000, places=PLACES)
    made = (await writer.submit(Envelope(making))).result
    assert isinstance(made, PriceListResult)
    return made.price_list.id, cup.variant.id


async def test_an_old_version_of_a_price_list_is_refused(database: Database) -> None:
    org = await an_organization(database)
    list_id, _ = await listed(a_writer(Watched(database)), org)
    change = AmendPriceList(org, "native", list_id)
    await refuses_the_second(
        database, change._replace(said={"name": "A"}), change._replace(said={"adjustment": 1})
    )


async def test_an_order_behind_the_assignment_of_a_list_in_one_batch_has_its_price(
    database: Database,
) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    made = (await writer.submit(Envelope(MakeBuyer(org, "polinate", "Ada")))).result
    assert isinstance(made, PartnerResult)
    who = made.partner.customer.id
    list_id, variant_id = await listed(writer, org)
    line = DraftLine("lines[0]", VariantRef(variant_id=variant_id), much(1))
    order = PlaceOrder(
        org, "native", "EUR", (line,), CustomerRef(customer_id=who), looks_at_prices=True
    )
    assign = AmendPriceList(org, "native", list_id, customers=(who,))
    _, placed = await writer.submit_all([Envelope(assign), Envelope(order)])
    assert isinstance(placed.result, OrderResult)
    assert placed.result.order.lines[0].price == Amount(400, 2)
