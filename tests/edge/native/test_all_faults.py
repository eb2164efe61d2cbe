"""Faults that no shape of a body or a query knows are all in one answer as well."""

from __future__ import annotations

from typing import Any

import pytest
from tests.edge.native.asking import UUID, asking

from entrepot.core.refusal import Refused
from entrepot.edge.native.customers import routes as customers
from entrepot.edge.native.goods import routes as goods
from entrepot.edge.native.touches import routes as touches
from entrepot.edge.native.valuation import routes as valuation

ADJUSTMENT = {"variant_id": UUID, "location_id": UUID, "reason": "counted"}
TOUCH = {"kind": "open", "origin": "flow", "origin_id": UUID, "click": {}}
NOBODY: Any = [{"value": "nobody"}]
WRITES = {
    "a customer": (
        customers.make_customer,
        {"name": "Cafe", "emails": NOBODY, "phones": [{"value": "1"}, *NOBODY], "locations": [{}]},
        ["emails[0].value", "phones[1].value", "locations[0]"],
    ),
    "changes of a customer": (
        customers.change_customer,
        {
            "emails": {"add": NOBODY, "change": [{"id": UUID, "value": "x"}]},
            "phones": {"add": NOBODY}, "locations": {"add": [{}]},
        },
        ["emails.change[0].value", "emails.add[0].value", "phones.add[0].value",
         "locations.add[0]"],
    ),
    "a touch": (
        touches.record_touch,
        TOUCH | {"contact": {"email": "nobody", "phone": "none"}},
        ["contact.email", "contact.phone", "click"],
    ),
    "a touch of a contact by two names": (
        touches.record_touch,
        TOUCH | {"contact": {"id": UUID, "email": "nobody"}},
        ["contact.id", "click"],
    ),
    "an adjustment": (
        goods.adjust_stock, ADJUSTMENT | {"unit_cost": "1.00"}, ["delta", "currency"],
    ),
}  # fmt: skip


async def refused(handler: Any, *asked: Any) -> list[str | None]:
    with pytest.raises(Refused) as told:
        await handler(asking(*asked))
    refusal = told.value.refusal
    return [one.field for one in (refusal, *refusal.others)]


@pytest.mark.parametrize("name", WRITES)
async def test_faults_of_a_body(name: str) -> None:
    handler, body, fields = WRITES[name]
    assert await refused(handler, body) == fields


async def test_faults_of_a_query() -> None:
    query = f"by=variant&variant_id={UUID}&location_id={UUID}"
    assert await refused(valuation.value_stock, None, query) == ["variant_id", "location_id"]


@pytest.mark.parametrize("text", ["null", "NULL", ""])
@pytest.mark.parametrize("name", ["variant_id", "location_id"])
async def test_a_filter_is_never_passed_over(name: str, text: str) -> None:
    """What is no value is refused: without the filter the list would be that of all."""
    assert await refused(goods.list_stock, None, f"{name}={text}") == [name]
