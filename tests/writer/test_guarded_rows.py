"""PostgreSQL without locks: of two processes that change one row, neither undoes the other one."""

from __future__ import annotations

from typing import Any

from tests.writer.test_guarded import Processes, meanwhile, two

from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.price import DraftEntry, MakePriceList
from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.money import Amount
from entrepot.core.results import PartnerResult, ProductResult
from entrepot.store import schema

__all__ = ["meanwhile", "two"]


async def test_a_product_that_another_process_changes_meanwhile_has_both_changes(
    two: Processes, meanwhile: Any
) -> None:
    org = two.one.shop.org
    made = (await two.one.do(MakeProduct(org, "native", "Cup", (), bare=True))).result
    assert isinstance(made, ProductResult)
    change = AmendProduct(org, "native", made.product.product.id)
    meanwhile(two.other.do(change._replace(said={"vendor": "Acme"})))
    await two.one.do(change._replace(said={"description": "blue"}))
    assert await two.one.column(schema.products, "vendor") == ["Acme"]
    assert await two.one.column(schema.products, "description") == ["blue"]
    assert await two.one.column(schema.products, "version") == [3]


async def test_a_partnership_that_another_process_changes_meanwhile_has_both_changes(
    two: Processes, meanwhile: Any
) -> None:
    shop = two.one.shop
    made = (await two.one.do(MakeBuyer(shop.org, "polinate", "Ada"))).result
    assert isinstance(made, PartnerResult)
    customer = made.partner.partnership.id
    entry = DraftEntry("entries[0]", shop.variants[0], Amount(900, 2))
    listing = MakePriceList(
        shop.org, "polinate", "Best", (entry,), (customer,), places={"EUR": 2}
    )  # fmt: skip
    meanwhile(two.other.do(ChangeBuyer(shop.org, "polinate", customer, status="paused")))
    await two.one.do(listing)
    assert await two.one.column(schema.partnerships, "status") == ["paused"]
    assert None not in await two.one.column(schema.partnerships, "list_id")
