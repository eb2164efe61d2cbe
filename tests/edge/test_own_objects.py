"""An object of the sender's own gives no card's number, in the bodies of all dialects.

The objects are those of the OpenAPI documents, so that a new one is looked at as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.edge.native.asking import asking

from entrepot.core.refusal import Refused
from entrepot.edge.card_numbers import IS_CARD_NUMBER, has_card_members
from entrepot.edge.dialect import Operation
from entrepot.edge.every_fault import of_object
from entrepot.edge.native.dialect import DIALECT
from entrepot.edge.native.orders import wire
from entrepot.edge.openapi import build
from entrepot.edge.synq.products import read as synq

CARD = "4242424242424242"
DOCUMENT = build(DIALECT)
Path = tuple[str, ...]  # of names of members; "[]" is an element of a list


def objects(schema: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The places of objects without members that are known."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in schema.get("anyOf", ()):
        yield from objects(one, path)
    free = schema.get("type") == "object" and not schema.get("properties")
    if free and not isinstance(schema.get("additionalProperties"), dict):
        yield path
    for name, one in schema.get("properties", {}).items():
        yield from objects(one, (*path, name))
    if isinstance(schema.get("items"), dict):
        yield from objects(schema["items"], (*path, "[]"))


FOUND = [
    pytest.param(operation, path, id=f"{operation.operation_id}-{'.'.join(path)}")
    for operation in DIALECT.operations
    if operation.body is not None
    for path in objects(
        DOCUMENT["paths"][operation.path][operation.method.lower()]["requestBody"]["content"][
            "application/json"
        ]["schema"]
    )
    if path and path[-1] in ("metadata", "properties", "info")
]


def test_objects_of_orders_goods_and_customers_are_tried() -> None:
    ids = {str(one.id) for one in FOUND}
    assert {
        "placeOrder-metadata", "placeOrder-lines.[].properties", "amendOrder-metadata",
        "amendOrder-lines.add.[].properties", "makeProduct-variants.[].properties",
        "amendProduct-variants.change.[].properties", "makeCustomer-info",
        "changeCustomer-properties", "makePriceList-properties", "amendPriceList-properties",
    } <= ids  # fmt: skip


@pytest.mark.parametrize(("operation", "path"), FOUND)
def test_a_card_number_is_refused_and_not_repeated(operation: Operation, path: Path) -> None:
    told: Any = {"a": [{"cardNumber": CARD}]}
    for step in reversed(path):
        told = [told] if step == "[]" else {step: told}
    where = ".".join(path).replace(".[]", "[0]")
    listed = list(of_object(json.dumps(told).encode(), operation.body))
    assert [one.problem for one in listed if one.path == where] == [IS_CARD_NUMBER]
    assert not [one for one in listed if CARD in one.problem]


async def test_a_card_number_is_no_payment_of_a_native_order() -> None:
    for member in ("provider", "reference"):
        paying = {"provider": "stripe", "reference": "pi_1", member: "4242 4242 4242 4242"}
        body = {"currency": "EUR", "lines": [{"sku": "S", "quantity": 1}], "payment": paying}
        [operation] = [one for one in DIALECT.operations if one.operation_id == "placeOrder"]
        with pytest.raises(Refused) as refused:
            await operation.handler(asking(body))
        one = refused.value.refusal
        assert (one.field, one.detail) == (f"payment.{member}", IS_CARD_NUMBER)


def test_an_object_keeps_every_digit() -> None:
    body = b'{"metadata": {"a": 1.50, "b": [1e2, null], "c": {}}}'
    [fault] = [
        one for one in of_object(b'{"metadata": 5}', wire.PlaceOrder) if one.path == "metadata"
    ]
    assert fault.problem == "Expected `object`"
    assert not [one for one in of_object(body, wire.PlaceOrder) if one.path == "metadata"]


def test_options_of_a_variant_of_synq_are_looked_at() -> None:
    told = json.dumps({"sku": "S", "option_values": {"card": CARD}}).encode()
    with pytest.raises(Refused) as refused:
        synq.new_variant(synq.MAKE_VARIANT.decode(told), "")
    assert refused.value.refusal.field == "option_values"


@pytest.mark.parametrize(
    "told", [rb'{"card\u004eumber": "4242424242424242"}', rb'{"pan": "424242424242424\u0032"}']
)
def test_an_escape_hides_nothing(told: bytes) -> None:
    assert has_card_members(told)
    assert not has_card_members(rb'{"note\u004eumber": "4242424242424242"}')
