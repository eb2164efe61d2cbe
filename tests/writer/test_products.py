"""Products in the book: what two processes do to one at once is never half of each."""

from __future__ import annotations

import pytest
from tests.quantities import much
from tests.writer.test_writer import Watched, a_writer, an_organization

from entrepot.clock import new_id, now
from entrepot.core import decide as decisions
from entrepot.core.commands import Command
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import Decision, ProductResult
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.store.engines.sql import Conflict
from entrepot.store.reading import products
from entrepot.store.writing.flush import flush
from entrepot.store.writing.working_set import load
from entrepot.writer.envelope import Envelope

NEW = NewVariant("[0]", "EUR", Amount(5, 0), "A")


def making(org: int, handle: str, sku: str) -> MakeProduct:
    return MakeProduct(org, "native", "P", (NEW._replace(sku=sku),), {"handle": handle})


async def slowly(database: Database, command: Command) -> Facts:
    """The facts of another process, which has decided the command and not written it yet."""
    needs, facts = Needs(), Facts(now(), new_id)
    decisions.add_needs(command, needs)
    await database.write(lambda conn: load(conn, needs, facts))
    decision = decisions.decide(command, facts)
    assert isinstance(decision, Decision)
    facts.absorb(decision.changes)
    return facts


async def conflicts(database: Database, facts: Facts) -> None:
    with pytest.raises(Conflict):
        await database.write(lambda conn: flush(conn, facts))


async def test_two_processes_change_one_product_one_after_the_other(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    made = (await writer.submit(Envelope(making(org, "p", "A")))).result
    assert isinstance(made, ProductResult)
    id_, [variant] = made.product.product.id, made.made
    priced = (VariantChange("", variant, {"price": Amount(6, 0)}),)
    for slow, fast in (
        (AmendProduct(org, "x", id_, {"brand": "A"}), AmendProduct(org, "x", id_, {"brand": "B"})),
        # Each takes away what the other relies on.
        (AmendProduct(org, "x", id_, make=(NEW._replace(sku="B"),)),
         AmendProduct(org, "x", id_, change=priced)),
        (AmendProduct(org, "x", id_, make=(NEW._replace(sku="C"),)),
         AmendProduct(org, "x", id_, {"status": "deleted"})),
    ):  # fmt: skip
        facts = await slowly(database, slow)
        done = (await writer.submit(Envelope(fast))).result
        assert isinstance(done, ProductResult), done
        await conflicts(database, facts)


async def test_one_of_two_processes_gets_a_handle_and_a_sku(database: Database) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    for rival, field in ((making(org, "p", "B"), "handle"), (making(org, "q", "A"), "[0].sku")):
        slow = making(org, *(("p", "X") if field == "handle" else ("y", "A")))
        facts = await slowly(database, slow)
        assert isinstance((await writer.submit(Envelope(rival))).result, ProductResult)
        with pytest.raises(Exception, match=r"UNIQUE|unique|duplicate|Conflict|meanwhile"):
            await database.write(lambda conn, told=facts: flush(conn, told))
        refused = (await writer.submit(Envelope(slow))).result
        assert isinstance(refused, Refusal)
        assert (refused.reason, refused.field) == (Reason.DUPLICATE_ENTRY, field)


async def test_a_product_that_nobody_told_of_is_told_of_once(database: Database) -> None:
    """The first change of a product makes its row, and a deletion is not undone by a count."""
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    home = await database.read(lambda conn: accounts.organization(conn, org))
    assert home is not None
    variant = new_id()
    await writer.submit(Envelope(AdjustStock(org, variant, home.default_location, much(3), "new")))
    [known] = await database.read(lambda conn: products.newest(conn, org, 9))
    assert (known.product.version, known.variants[0].variant.id) == (0, variant)
    id_ = known.product.id
    facts = await slowly(database, AmendProduct(org, "x", id_, {"brand": "A"}))
    await writer.submit(Envelope(AmendProduct(org, "x", id_, {"brand": "B"})))
    with pytest.raises(Exception, match=r"UNIQUE|unique|duplicate|Conflict|meanwhile"):
        await database.write(lambda conn: flush(conn, facts))
    again = (await writer.submit(Envelope(AmendProduct(org, "x", id_, {"brand": "A"})))).result
    assert isinstance(again, ProductResult)
    assert (again.product.product.version, again.product.product.brand) == (2, "A")
