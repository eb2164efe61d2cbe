"""Notifications, and the keys of all writes: their syntax, and what content a key stands for."""

import hashlib
from typing import Any

import pytest

from entrepot.core.ids import dashed
from entrepot.core.refusal import Reason
from entrepot.edge.keys import idempotency_key
from entrepot.edge.polinate.orders import wire
from entrepot.edge.polinate.orders.read import notify_order, posted

from .samples import BUSINESS, LINE_ID, ORG_ID, PRINCIPAL, Body, new_line, new_order, told
from .test_read import amended, created, refusal


def notified(body: Body, key: str | None = None) -> Any:
    note = posted(told(body))
    assert isinstance(note, wire.NotifyOrder)
    return notify_order(note, key, PRINCIPAL)


# --- notifications


@pytest.mark.parametrize("body", [{}, {"businessId": BUSINESS}])
def test_what_is_neither_body_is_told_what_the_published_one_requires(body: Body) -> None:
    assert refusal(posted, told(body)).field == "orderId"


def notice(**changes: object) -> Body:
    return {"orderId": "ord_123", "businessId": BUSINESS} | changes


@pytest.mark.parametrize("business", [BUSINESS, BUSINESS.upper(), ORG_ID.hex(), dashed(ORG_ID)])
def test_a_notification(business: str) -> None:
    command, idempotency = notified(notice(businessId=business))
    assert (command.org, command.source, command.order_text) == (7, "polinate", "ord_123")
    assert idempotency is None


def test_the_notifications_key_is_the_formulas() -> None:
    key = hashlib.sha256(f"ord_123-{BUSINESS}-order-integration".encode()).hexdigest()
    _, idempotency = notified(notice(), key)
    assert (idempotency.key, idempotency.operation) == (key, "polinate.notifyOrder")
    assert not idempotency.store_refusals
    for wrong in (key.upper(), key[:-1], "0" * 64, f"ord_123-{BUSINESS}-order-integration"):
        found = refusal(notified, notice(), wrong)
        assert (found.reason, found.field) == (Reason.KEY_MALFORMED, "Idempotency-Key")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"orderId": ""}, "orderId"),
        ({"orderId": 7}, "orderId"),
        ({"orderId": None}, "orderId"),
        ({"orderId": "x" * 256}, "orderId"),
        ({"businessId": ""}, "businessId"),
        ({"businessId": "bus_" + "0" * 32}, "businessId"),
        ({"businessId": "prt_" + ORG_ID.hex()}, "businessId"),
        ({"businessId": None}, "businessId"),
    ],
)
def test_a_notification_is_refused(changes: Body, field: str) -> None:
    found = refusal(notified, notice(**changes))
    assert (found.reason, found.field) == (Reason.INVALID, field)


def test_a_notification_needs_both_members() -> None:
    found = refusal(posted, told({"orderId": "ord_123"}))
    assert (found.reason, found.field) == (Reason.INVALID, "businessId")


def test_a_refusal_names_the_members_of_a_change_as_they_are_sent() -> None:
    paths = amended({})[0].paths
    order = {f"order.{name}" for name in wire.OrderChanges.__struct_encode_fields__}
    assert {paths.total, paths.currency, paths.shipped_at, paths.delivered_at} <= order
    assert paths.order == "order"
    assert paths.new_lines in wire.UpdateOrder.__struct_encode_fields__
    assert {paths.variant, paths.entry} <= set(wire.LineChanges.__struct_encode_fields__)


# --- keys


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("k", "k"),
        (" k\t", "k"),
        ('"k"', "k"),
        ('"', '"'),
        ("a, b", "a, b"),
        ("k" * 255, "k" * 255),
        ("k" * 256, None),
        ("", None),
        ('""', None),
        ("caf\u00e9", None),
        ("one\ntwo", None),
        ('"one"\n"two"', None),
    ],
)
def test_the_key_of_the_header(sent: str, key: str | None) -> None:
    headers = {"idempotency-key": sent}
    if key is not None:
        assert idempotency_key(headers) == key
        return
    found = refusal(idempotency_key, headers)
    assert (found.reason, found.field) == (Reason.KEY_MALFORMED, "Idempotency-Key")


def test_without_the_header_there_is_no_key() -> None:
    assert idempotency_key({}) is None
    assert created(new_order())[1] is None
    assert amended({})[1] is None


# --- what a key stands for


@pytest.mark.parametrize(
    "member", ["partnershipId", "notes", "currency", "totalAmount", "properties", "orderItems"]
)
def test_a_creations_content_is_told_apart_by_member(member: str) -> None:
    values: Body = {
        "partnershipId": "prt_" + "03" * 16, "notes": "x", "currency": "NZD",
        "totalAmount": "1", "properties": {"a": 1}, "orderItems": [new_line(quantity=3)],
    }  # fmt: skip
    first = created(new_order(), "k")[1]
    other = created(new_order(**{member: values[member]}), "k")[1]
    assert first.operation == "polinate.createOrder"
    assert differing(first, other) == [member]
    turned = created(dict(reversed(new_order().items())), "k")[1]
    assert turned == first


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"order": {"notes": None}}, "order"),
        ({"createOrderItems": [new_line()]}, "createOrderItems"),
        ({"updateOrderItems": [{"id": LINE_ID, "cost": "1"}]}, "updateOrderItems"),
        ({"deleteOrderItems": [LINE_ID]}, "deleteOrderItems"),
    ],
)
def test_a_changes_content_is_told_apart_by_member(body: Body, member: str) -> None:
    first, other = amended({}, "k")[1], amended(body, "k")[1]
    assert (first.operation, first.store_refusals) == ("polinate.updateOrder", True)
    assert differing(first, other) == [member]


def differing(first: Any, other: Any) -> list[str]:
    assert first.parts == other.parts
    return [
        name
        for place, name in enumerate(first.parts)
        if first.fingerprint[1 + place * 8 :][:8] != other.fingerprint[1 + place * 8 :][:8]
    ]
