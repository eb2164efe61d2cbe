"""A card number in the place of a payment's reference is refused, and told to nobody."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.refusal import Reason, Refused
from entrepot.edge.access import Principal
from entrepot.edge.card_numbers import is_card_number, refuse_card_members
from entrepot.edge.dialect import read_json
from entrepot.edge.konvo.orders import read as konvo
from entrepot.edge.polinate.orders import values as polinate
from entrepot.edge.synq.orders import read as synq

CARDS = [
    "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", " 4111111111111111 ",
    "4111  1111  1111  1111", "4111.1111.1111.1111", "4111_1111_1111_1111", "378282246310005",
    "3782 822463 10005", "30569309025904", "6011111111111117", "5555555555554444",
    "4222222222222", "6304000000000000", "4000000000000000006", "3530111333300000",
    "4111\u00a01111\u00a01111\u00a01111", "4111\u20131111\u20131111\u20131111",
    "card:4111111111111111", "visa 4111 1111 1111 1111", "4111111111111111 12/27 123",
    "+4111111111111111", "#4111111111111111", "(4111-1111-1111-1111)", "3782 822463 10005 exp 1227",
    ";4111111111111111=27121010000000000000?", '{"pan": "5555555555554444"}',
    "\u2463" + 15 * "\u2460", "\u2074" + 15 * "\u00b9", "visa \uff14" + 15 * "\uff11",
    "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11",
]  # fmt: skip
OTHERS = [
    "4111111111111112", "411111111111", "41111111111111111111", "pi_4111111111111111", "pi_0001",
    "", "0000-0000", "4111 1111 1111 111x", "a4111111111111111", "psp_0002", "declined-1",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "order-4111111111111111", "ref 1764511234567890",
    "https://pay/4111111111111111", "4111111111111111/1", "4111111111111111.json",
    "v4111111111111111",
    "RF18 5390 0754 7034", "DE89 3704 0044 0532 0130 00", "+49 151 12345678 and 1234567890",
    "card 4111111111111112", "2026-11-30 14:05:52 4000",
]  # fmt: skip
PRINCIPAL = Principal(1, b"o" * 16, b"t" * 16, "ADMIN")


@pytest.mark.parametrize("text", CARDS)
def test_a_card_number_is_seen(text: str) -> None:
    assert is_card_number(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_none_is_not(text: str) -> None:
    assert not is_card_number(text)


@given(st.lists(st.integers(0, 9), min_size=12, max_size=18))
def test_of_ten_numbers_that_differ_in_the_last_digit_one_is_a_card_number(
    digits: list[int],
) -> None:
    first = "".join(map(str, digits))
    assert sum(is_card_number(f"{first}{last}") for last in range(10)) == 1


def synq_order(**more: Any) -> bytes:
    order = {
        "idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi_1",
        "items": [{"product_title": "Cup", "quantity": 1, "unit_price": 1}], **more,
    }  # fmt: skip
    return json.dumps(order).encode()


@pytest.mark.parametrize("member", ["payment_reference", "payment_provider"])
@pytest.mark.parametrize("text", CARDS)
def test_synq_refuses_it_and_does_not_repeat_it(text: str, member: str) -> None:
    body = read_json(synq_order(**{member: text}), synq.CREATE_ORDER)
    with pytest.raises(Refused) as refused:
        synq.place_order(body, PRINCIPAL)
    assert refused.value.refusal.reason is Reason.INVALID
    assert refused.value.refusal.field == member
    assert text.strip() not in refused.value.refusal.sentence


NAMES = [
    "payment_reference", "paymentReference", "payment-ref", "PaymentRef", "card_number",
    "cardNumber", "credit_card", "creditCardNumber", "card", "PAN", "original_payment_reference",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["4111111111111111", "4111 1111 1111 1111", 4111111111111111])
def test_members_of_the_senders_own_are_looked_at_by_name(name: str, value: object) -> None:
    told = json.dumps({"a": [{"note": "x", name: value}]}).encode()
    with pytest.raises(Refused) as refused:
        refuse_card_members(told, "metadata")
    assert "4111" not in refused.value.refusal.sentence
    with pytest.raises(Refused):
        polinate.free_object(msgspec.Raw(told), "properties")


APART: list[Any] = [
    {"card": {"number": "4111111111111111"}}, {"payment": {"card": {"no": "4111-1111-1111-1111"}}},
    {"payment": {"reference": "4111111111111111"}}, {"paymentDetails": {"ref": 4111111111111111}},
    {"card": {"details": {"number": "4111111111111111"}}}, {"Credit-Card": {"No": CARDS[1]}},
    {"cards": [{"number": "4111111111111111"}]}, {"card": ["4111111111111111"]},
    {"payment": {"pan": "4111111111111111"}}, {"card": {"x" * 500: {"num": "4111111111111111"}}},
    [{"a": {"card": {"type": "visa", "number": "visa 4111 1111 1111 1111"}}}],
]  # fmt: skip


@pytest.mark.parametrize("told", APART)
def test_the_name_and_the_number_may_stand_apart(told: Any) -> None:
    with pytest.raises(Refused):
        refuse_card_members(json.dumps({"a": told}).encode(), "metadata")
    escaped = json.dumps(told).replace("a", "\\u0061")
    with pytest.raises(Refused):
        refuse_card_members(escaped.encode(), "metadata")


@pytest.mark.parametrize(
    "told",
    [
        {"order_number": "4111111111111111"}, {"payment_reference": "4111111111111112"},
        {"payment_reference": "pi_1"}, {"company": "4111111111111111"}, {"cardboard": 1},
        {"tracking": "4111111111111111"}, {"note": "card 4111111111111111"},
        {"gift_card": "4111111111111111"}, {"card": {"type": "visa"}, "number": "4111111111111111"},
        {"card": {"number": "4111111111111112", "barcode": "4111111111111111"}},
        {"payment": {"terms": "30 days"}, "company": {"number": "4111111111111111"}},
    ],
)  # fmt: skip
def test_other_members_are_the_senders_affair(told: dict[str, object]) -> None:
    refuse_card_members(json.dumps(told).encode(), "metadata")


def test_konvo_refuses_it_in_its_metadata() -> None:
    order = {
        "id": "1", "friendlyName": "#1", "orderTotal": 1, "currency": "EUR", "items": [],
        "customer": {"id": "c", "firstName": "A", "lastName": "B"},
        "metadata": {"paymentReference": "4111-1111-1111-1111"},
    }  # fmt: skip
    body = konvo.orders(json.dumps([order]).encode())
    with pytest.raises(Refused) as refused:
        konvo.mirror_orders(body, PRINCIPAL)
    assert refused.value.refusal.field == "[0].metadata"
