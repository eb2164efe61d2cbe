"""Faults that no shape of a body or a query knows are all in one answer as well."""

from __future__ import annotations

from typing import Any

import pytest
from tests.edge.native.asking import UUID, asking

from entrepot.core.refusal import Refused
from entrepot.edge.dialect import Operation
from entrepot.edge.native import bodies
from entrepot.edge.native.customers import routes as customers
from entrepot.edge.native.dialect import DIALECT
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


class Asked(Exception):
    """The shape of a query."""


READS = [one for one in DIALECT.operations if any(what.where == "query" for what in one.parameters)]


@pytest.mark.parametrize("operation", READS, ids=lambda one: one.operation_id)
async def test_a_filter_is_never_passed_over(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that is none is refused: without the filter the list would be that of all."""
    query = bodies.query

    def read(name: str, text: str) -> object:
        """The value of a parameter; the name of one that is refused."""
        try:
            return getattr(query(asking(query=f"{name}={text}"), shape), name)
        except Refused as refused:
            return refused.refusal.field

    def asked(_call: Any, shape: Any) -> None:
        raise Asked(shape)

    monkeypatch.setattr(bodies, "query", asked)
    with pytest.raises(Asked) as told:
        await operation.handler(asking(query="x=y"))
    shape = told.value.args[0]
    for name in shape.__struct_fields__:
        for text in ("null", "NULL", ""):
            assert read(name, text) in (name, text)
