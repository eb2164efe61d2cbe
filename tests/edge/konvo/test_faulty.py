"""An array that is kept out says which orders are at fault, every one, and how to go on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.edge.konvo.samples import PRINCIPAL, customer, item, order, told

from entrepot.core.refusal import FAULTS_MAX, OTHERS_CAN_GO, Reason, Refusal, Refused
from entrepot.edge.konvo.orders import read
from entrepot.edge.konvo.refusals import refusal_answer

GOOD = order()


def refusal(*orders: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        read.mirror_orders(read.orders(told(*orders)), PRINCIPAL)
    assert caught.value.refusal.reason is Reason.INVALID
    return caught.value.refusal


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


# Orders that are none, with the paths and problems that the answer names.
FAULTY: list[tuple[Any, list[tuple[str, str]]]] = [
    (without(order(), "friendlyName"), [("friendlyName", "The field is required")]),
    (without(order(), "id", "customer", "items"),
     [("id", "The field is required"), ("customer", "The field is required"),
      ("items", "The field is required")]),
    (order(items=[item(description=5)]),
     [("items[0].description", "Expected `str`, got `int`")]),
    (order(items=[item(), without(item(), "sku", "name")]),
     [("items[1].sku", "The field is required"), ("items[1].name", "The field is required")]),
    (order(items=[1]), [("items[0]", "Expected `object`, got `int`")]),
    (order(items={}), [("items", "Expected `array`, got `object`")]),
    (order(customer=customer(("fax", "1"))),
     [("customer.userIds[0].type", "Invalid enum value 'fax'")]),
    (order(customer=without(customer(), "firstName", "lastName")),
     [("customer.firstName", "The field is required"),
      ("customer.lastName", "The field is required")]),
    (order(shipmentStatus="lost", source="moon"),
     [("shipmentStatus", "Invalid enum value 'lost'"), ("source", "Invalid enum value 'moon'")]),
    (order(address={"firstName": "A"}),
     [("address.lastName", "The field is required"), ("address.addressLineOne", "required"),
      ("address.addressLineTwo", "required"), ("address.zipCode", "required"),
      ("address.city", "required"), ("address.countryCode", "required")]),
    (order(friendlyName=1, currency=2),
     [("friendlyName", "Expected `str`, got `int`"), ("currency", "Expected `str`, got `int`")]),
    (order(friendlyName=None), [("friendlyName", "Expected `str`, got `null`")]),
    (7, [("", "Expected `object`, got `int`")]),
    # Bodies of the right shape that are still no order.
    (order(orderTotal="3"), [("orderTotal", "Expected `number`, got `str`")]),
    (order(metadata={"m": "x" * 70_000}), [("metadata", "at most 65536 bytes")]),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "named"), FAULTY)
def test_every_fault_of_an_order_is_named(bad: Any, named: list[tuple[str, str]]) -> None:
    found = refusal(GOOD, bad, GOOD)
    faults = [found, *found.others]
    paths = [f"[1].{path}".rstrip(".") for path, _ in named]
    assert [fault.field for fault in faults] == paths
    for fault, (_, problem) in zip(faults, named, strict=True):
        assert problem in fault.detail
    assert found.sentence.endswith(OTHERS_CAN_GO)


def test_every_faulty_order_of_an_array_is_named() -> None:
    bad = [one for one, _ in FAULTY]
    found = refusal(*[one for pair in zip(bad, [GOOD] * len(bad), strict=True) for one in pair])
    fields = [fault.field or "" for fault in (found, *found.others)]
    assert {field.split("]")[0] for field in fields} == {f"[{2 * n}" for n in range(len(bad))}
    assert OTHERS_CAN_GO in found.sentence


def test_where_no_order_is_left_nothing_else_can_be_sent() -> None:
    bad = without(order(), "id")
    for orders in ([bad], [bad, bad]):
        assert OTHERS_CAN_GO not in refusal(*orders).sentence


def test_what_is_named_is_bounded_and_the_rest_counted() -> None:
    bad = without(order(), "id", "friendlyName")
    found = refusal(GOOD, *[bad] * 300)
    fields = [fault.field for fault in (found, *found.others)]
    assert fields == [f"[{n}].id" for n in range(1, FAULTS_MAX + 1)]
    assert found.unnamed == 2 * 300 - FAULTS_MAX
    assert f"; and {found.unnamed} more. {OTHERS_CAN_GO}" in found.sentence
    assert len(found.sentence) < 10_000


def test_a_faulty_array_is_told_as_one() -> None:
    for body in (b"[]", b"{}", b"7", b"[1,", b'[{"id":"a","id":"b"}]', told(*[GOOD] * 1001)):
        with pytest.raises(Refused) as caught:
            read.orders(body)
        assert not caught.value.refusal.others


def test_the_answer_says_it() -> None:
    body = refusal_answer(refusal(GOOD, order(source="moon"), order(currency=3)), "r").body
    message = json.loads(body)["message"]
    assert message == (
        "[1].source: Invalid enum value 'moon'; [2].currency: Expected `str`, got `int`. "
        + OTHERS_CAN_GO
    )
