"""A body of the wrong shape is told all that is wrong with it, in every dialect."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.edge import every_fault
from entrepot.edge.dialect import read_json
from entrepot.edge.konvo.orders import wire as konvo
from entrepot.edge.polinate.orders import wire as polinate
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.edge.strict_json import InvalidJson
from entrepot.edge.synq.orders import wire as synq


def refused(body: Any, shape: type[msgspec.Struct]) -> Refusal:
    with pytest.raises(Refused) as caught:
        read_json(json.dumps(body).encode(), msgspec.json.Decoder(shape))
    return caught.value.refusal


CASES: list[tuple[type[msgspec.Struct], Any, set[str]]] = [
    (synq.CreateOrder, {}, {"idempotency_key", "payment_provider", "payment_reference"}),
    (synq.CreateOrder, {"idempotency_key": 1, "payment_provider": "s", "payment_reference": "",
                       "items": [{"quantity": 1}, 3]},
     {"idempotency_key", "payment_reference", "items[0].product_title", "items[1]"}),
    (polinate.CreateOrder, {"orderItems": [{}], "expectedDeliveryAt": 5},
     {"expectedDeliveryAt", "orderItems[0].quantity"}),
    (polinate.CreateOrder, {"orderItems": []}, {"expectedDeliveryAt", "orderItems"}),
    (polinate.NotifyOrder, {}, {"orderId", "businessId"}),
    (konvo.OrderAddress, {"city": 1, "weird key!": 2},
     {"firstName", "lastName", "addressLineOne", "addressLineTwo", "zipCode", "city",
      "countryCode"}),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "body", "fields"), CASES)
def test_every_member_that_does_not_fit_is_named(
    shape: type[msgspec.Struct], body: Any, fields: set[str]
) -> None:
    refusal = refused(body, shape)
    assert fields <= set(refusal.faults())
    assert all(field in refusal.sentence for field in fields)


def test_one_fault_is_told_as_one() -> None:
    refusal = refused({"orderId": "a"}, polinate.NotifyOrder)
    assert (refusal.field, refusal.others) == ("businessId", ())
    assert refusal.sentence == "businessId: The field is required"


def test_polinate_lists_them_by_field() -> None:
    answer = json.loads(refusal_answer(refused({}, polinate.NotifyOrder), "r").body)
    assert answer["fieldErrors"] == {
        "orderId": "The field is required",
        "businessId": "The field is required",
    }
    assert answer["message"] == "orderId: The field is required; businessId: The field is required."


def test_what_fits_has_no_fault() -> None:
    body = b'{"orderId":"a","businessId":"b","more":[{}]}'
    assert list(every_fault.of_object(body, polinate.NotifyOrder)) == []


def test_what_is_no_object_is_said_once() -> None:
    [fault] = every_fault.of_object(b"[]", polinate.NotifyOrder, "[3]")
    assert isinstance(fault, InvalidJson)
    assert (fault.path, fault.problem) == ("[3]", "Expected `object`, got `array`")


def test_the_reason_of_several_is_the_first_in_the_catalogue() -> None:
    moves = Refusal(Reason.ILLEGAL_MOVE, "no", "[0]")
    invalid = Refusal(Reason.INVALID, "", "[1]")
    both = all_of([moves, invalid], "Go on.")
    assert both.reason is Reason.INVALID
    assert both.sentence == f"[0]: no; [1]: {Reason.INVALID.sentence} Go on."
    assert all_of([moves]) == moves
