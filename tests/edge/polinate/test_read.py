"""Polinate's requests into commands: what each member becomes, and what cannot be taken."""

from typing import Any

import pytest
from tests.quantities import much

from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refusal, Refused
from entrepot.edge.polinate.orders import read, wire
from entrepot.edge.polinate.orders.read import amend_order, create_order, posted

from .samples import (
    ENTRY,
    LINE_ID,
    PRINCIPAL,
    VARIANT,
    Body,
    new_line,
    new_order,
    told,
)

ORDER_ID = b"\x01" * 16
JANUARY = 1_736_937_000_000_000  # 2025-01-15 10:30 UTC in microseconds


def created(body: Body, key: str | None = None) -> Any:
    made = posted(told(body))
    assert isinstance(made, wire.CreateOrder)
    return create_order(made, key, PRINCIPAL)


def amended(body: Body, key: str | None = None) -> Any:
    return amend_order(read.changes(told(body)), ORDER_ID, key, PRINCIPAL)


def refusal(read_it: Any, *arguments: Any) -> Refusal:
    with pytest.raises(Refused) as refused:
        read_it(*arguments)
    return refused.value.refusal


# --- creating


def test_a_whole_order() -> None:
    body = new_order(
        partnershipId="prt_" + "02" * 16, membershipId="mem_1", integrationId="int_1",
        phase="PENDING", status="UNASSIGNED", externalReference="PO-1", notes="ring",
        deliveryAddress="Pier 4", totalAmount="21.5", properties={"sage": {"n": 1.50}},
        orderItems=[
            new_line(unitOfMeasure="kg", cost="3", currency="aud", properties={"lot": "A"}),
            {"itemListEntryId": ENTRY, "quantity": 3.0},
        ],
    )  # fmt: skip
    command, _ = created(body, "key-1")
    assert (command.org, command.source, command.currency) == (7, "polinate", "AUD")
    assert (command.customer.customer_id, command.customer.field) == (
        b"\x02" * 16,
        "partnershipId",
    )
    assert command.total == Amount(215, 1)
    assert command.said == {
        "membership_id": "mem_1",
        "integration_id": "int_1",
        "external_reference": "PO-1",
        "notes": "ring",
        "delivery_address": "Pier 4",
        "expected_at": JANUARY,
        "properties": '{"sage":{"n":1.5}}',
        "idempotency_key": "key-1",
    }
    by_variant = VariantRef(variant_id=b"\x0b" * 16, field="itemVariantId")
    by_entry = VariantRef(entry_id=b"\x0c" * 16, field="itemListEntryId")
    assert command.lines == (
        DraftLine(
            "orderItems[0]", by_variant, much(2), Amount(1050, 2), "AUD", unit_of_measure="kg",
            cost=Amount(3, 0), properties='{"lot":"A"}',
        ),
        DraftLine("orderItems[1]", by_entry, much(3)),
    )  # fmt: skip


def test_a_bare_order() -> None:
    line = {"itemVariantId": dashed(b"\x0b" * 16), "quantity": 1}
    command, _ = created({"expectedDeliveryAt": "2025-01-15", "orderItems": [line]})
    assert (command.currency, command.total, command.customer.customer_id) == ("", None, None)
    assert command.said["properties"] is None
    assert command.lines[0].variant.variant_id == b"\x0b" * 16
    line["currency"] = "NZD"
    assert created({"expectedDeliveryAt": "2025-01-15", "orderItems": [line]})[0].currency == "NZD"


LINE = "orderItems[0]"
UNKNOWN = Reason.UNKNOWN_VARIANT
CREATE_REFUSED: list[tuple[Body, str, Reason]] = [
    ({"expectedDeliveryAt": None}, "expectedDeliveryAt", Reason.INVALID),
    ({"expectedDeliveryAt": "2025-02-30T00:00:00Z"}, "expectedDeliveryAt", Reason.INVALID),
    ({"expectedDeliveryAt": "0001-01-01T00:00:00+14:00"}, "expectedDeliveryAt", Reason.INVALID),
    ({"currency": "EURO"}, "currency", Reason.INVALID),
    ({"currency": "XQQ"}, "currency", Reason.INVALID),
    ({"totalAmount": "-1"}, "totalAmount", Reason.INVALID),
    ({"totalAmount": -1}, "totalAmount", Reason.INVALID),
    ({"totalAmount": [21]}, "totalAmount", Reason.INVALID),
    ({"totalAmount": "1e2"}, "totalAmount", Reason.INVALID),
    ({"totalAmount": "0.0000000001"}, "totalAmount", Reason.INVALID),
    ({"phase": "ACTIVE"}, "phase", Reason.INVALID),
    ({"phase": "LIVE"}, "phase", Reason.INVALID),
    ({"status": "PACKED"}, "status", Reason.INVALID),
    ({"partnershipId": "prt_123"}, "partnershipId", Reason.UNKNOWN_CUSTOMER),
    ({"partnershipId": "ord_" + "02" * 16}, "partnershipId", Reason.UNKNOWN_CUSTOMER),
    ({"externalReference": "x" * 256}, "externalReference", Reason.INVALID),
    ({"notes": "x" * 10_001}, "notes", Reason.INVALID),
    ({"deliveryAddress": {"city": "Perth"}}, "deliveryAddress", Reason.INVALID),
    ({"properties": []}, "properties", Reason.INVALID),
    ({"orderItems": []}, "orderItems", Reason.INVALID),
    ({"orderItems": [new_line()] * 501}, "orderItems", Reason.INVALID),
    ({"orderItems": [None]}, LINE, Reason.INVALID),
    ({"orderItems": [new_line(itemListEntryId=ENTRY)]}, f"{LINE}.itemListEntryId", Reason.INVALID),
    ({"orderItems": [{"quantity": 1}]}, f"{LINE}.itemListEntryId", Reason.INVALID),
    ({"orderItems": [new_line(itemVariantId="var_abc")]}, f"{LINE}.itemVariantId", UNKNOWN),
    ({"orderItems": [new_line(itemVariantId=ENTRY)]}, f"{LINE}.itemVariantId", UNKNOWN),
    (
        {"orderItems": [{"itemListEntryId": VARIANT, "quantity": 1}]},
        f"{LINE}.itemListEntryId",
        UNKNOWN,
    ),
    ({"orderItems": [new_line(quantity=0)]}, f"{LINE}.quantity", Reason.INVALID),
    ({"orderItems": [new_line(quantity=-1)]}, f"{LINE}.quantity", Reason.INVALID),
    ({"orderItems": [new_line(quantity=0.00005)]}, f"{LINE}.quantity", Reason.INVALID),
    ({"orderItems": [new_line(quantity="2")]}, f"{LINE}.quantity", Reason.INVALID),
    ({"orderItems": [new_line(quantity=10**9 + 1)]}, f"{LINE}.quantity", Reason.INVALID),
    ({"orderItems": [new_line(price="cheap")]}, f"{LINE}.price", Reason.INVALID),
    ({"orderItems": [new_line(price="-1")]}, f"{LINE}.price", Reason.INVALID),
    ({"orderItems": [new_line(cost="-1")]}, f"{LINE}.cost", Reason.INVALID),
    ({"orderItems": [new_line(currency="AU")]}, f"{LINE}.currency", Reason.INVALID),
    ({"orderItems": [new_line(unitOfMeasure=1)]}, f"{LINE}.unitOfMeasure", Reason.INVALID),
    ({"orderItems": [new_line(properties="x")]}, f"{LINE}.properties", Reason.INVALID),
]


@pytest.mark.parametrize(("changes", "field", "reason"), CREATE_REFUSED)
def test_an_order_is_refused(changes: Body, field: str, reason: Reason) -> None:
    found = refusal(created, new_order(**changes))
    assert (found.reason, found.field) == (reason, field)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b'{"a":1,"a":2}'])
def test_a_body_that_is_none(body: bytes) -> None:
    assert refusal(posted, body).reason is Reason.INVALID


# --- changing

SAID: list[tuple[Body, dict[str, Any]]] = [
    ({}, {}),
    ({"externalReference": "PO-1"}, {"external_reference": "PO-1"}),
    ({"externalReference": None}, {"external_reference": None}),
    ({"notes": ""}, {"notes": ""}),
    ({"notes": None}, {"notes": None}),
    ({"deliveryAddress": None}, {"delivery_address": None}),
    ({"expectedDeliveryAt": "2025-01-15T10:30:00Z"}, {"expected_at": JANUARY}),
    ({"deliveredAt": "2025-01-15T12:30:00+02:00"}, {"delivered_at": JANUARY}),
    ({"deliveredAt": None}, {"delivered_at": None}),
    ({"shippedAt": None}, {"shipped_at": None}),
    ({"currency": "nzd"}, {"currency": "NZD"}),
    ({"id": "ord_1", "partnershipId": "prt_1", "internalReference": "x", "createdAt": 3}, {}),
]


@pytest.mark.parametrize(("order", "said"), SAID)
def test_core_fields(order: Body, said: dict[str, Any]) -> None:
    command, _ = amended({"order": order})
    assert command.said == said
    assert (command.org, command.source, command.order_id) == (7, "polinate", ORDER_ID)


def test_words_total_and_properties() -> None:
    order = {"status": "PACKED", "phase": "ACTIVE", "totalAmount": "0", "properties": {"a": None}}
    command, _ = amended({"order": order})
    assert command.words == (("polinate_phase", "ACTIVE"), ("polinate_status", "PACKED"))
    assert (command.total, command.properties) == (Amount(0, 0), {"a": None})


def test_lines() -> None:
    command, _ = amended(
        {
            "createOrderItems": [{"itemListEntryId": ENTRY, "quantity": 4, "price": "1.50"}],
            "updateOrderItems": [
                {"id": LINE_ID, "unitOfMeasure": "kg"},
                {
                    "id": "0d" * 16, "quantity": 3, "unitOfMeasure": "kg", "currency": "AUD",
                    "price": "2", "cost": "1.0", "properties": {"x": 1},
                },
            ],
            "deleteOrderItems": [LINE_ID, dashed(b"\x0e" * 16)],
        }
    )  # fmt: skip
    entry = VariantRef(entry_id=b"\x0c" * 16, field="itemListEntryId")
    assert command.create_lines == (
        DraftLine("createOrderItems[0]", entry, much(4), Amount(150, 2)),
    )
    bare, full = command.update_lines
    assert bare == (
        "updateOrderItems[0]",
        b"\x0d" * 16,
        None,
        "kg",
        None,
        None,
        None,
        None,
        None,
        None,
    )
    assert full == (
        "updateOrderItems[1]", b"\x0d" * 16, much(3), "kg", "AUD", Amount(2, 0), Amount(10, 1),
        {"x": 1}, None, None,
    )  # fmt: skip
    assert command.delete_lines == (
        ("deleteOrderItems[0]", b"\x0d" * 16),
        ("deleteOrderItems[1]", b"\x0e" * 16),
    )


UPDATE = "updateOrderItems[0]"
UPDATE_REFUSED: list[tuple[Body, str, Reason]] = [
    ({"order": 1}, "order", Reason.INVALID),
    ({"order": []}, "order", Reason.INVALID),
    ({"order": {"phase": "OPEN"}}, "order.phase", Reason.INVALID),
    ({"order": {"phase": None}}, "order.phase", Reason.INVALID),
    ({"order": {"status": 4}}, "order.status", Reason.INVALID),
    ({"order": {"status": "packed"}}, "order.status", Reason.INVALID),
    ({"order": {"expectedDeliveryAt": None}}, "order.expectedDeliveryAt", Reason.INVALID),
    ({"order": {"shippedAt": "soon"}}, "order.shippedAt", Reason.INVALID),
    ({"order": {"deliveredAt": ""}}, "order.deliveredAt", Reason.INVALID),
    ({"order": {"currency": None}}, "order.currency", Reason.INVALID),
    ({"order": {"currency": "\u017fek"}}, "order.currency", Reason.INVALID),
    ({"order": {"totalAmount": "much"}}, "order.totalAmount", Reason.INVALID),
    ({"order": {"totalAmount": None}}, "order.totalAmount", Reason.INVALID),
    ({"order": {"properties": [1]}}, "order.properties", Reason.INVALID),
    ({"order": {"properties": "{}"}}, "order.properties", Reason.INVALID),
    ({"order": {"notes": "x" * 10_001}}, "order.notes", Reason.INVALID),
    (
        {"createOrderItems": [new_line(quantity=0.00005)]},
        "createOrderItems[0].quantity",
        Reason.INVALID,
    ),
    ({"createOrderItems": [new_line()] * 501}, "createOrderItems", Reason.INVALID),
    ({"updateOrderItems": [{}]}, f"{UPDATE}.id", Reason.INVALID),
    ({"updateOrderItems": [{"id": "oi_1", "cost": "1"}]}, f"{UPDATE}.id", Reason.UNKNOWN_LINE),
    (
        {"updateOrderItems": [{"id": LINE_ID, "quantity": -1.50001}]},
        f"{UPDATE}.quantity",
        Reason.INVALID,
    ),
    (
        {"updateOrderItems": [{"id": LINE_ID, "quantity": None}]},
        f"{UPDATE}.quantity",
        Reason.INVALID,
    ),
    ({"updateOrderItems": [{"id": LINE_ID, "price": "one"}]}, f"{UPDATE}.price", Reason.INVALID),
    (
        {"updateOrderItems": [{"id": LINE_ID, "properties": 1}]},
        f"{UPDATE}.properties",
        Reason.INVALID,
    ),
    ({"deleteOrderItems": {}}, "deleteOrderItems", Reason.INVALID),
    ({"deleteOrderItems": [1]}, "deleteOrderItems[0]", Reason.INVALID),
    ({"deleteOrderItems": [VARIANT]}, "deleteOrderItems[0]", Reason.UNKNOWN_LINE),
]


@pytest.mark.parametrize(("body", "field", "reason"), UPDATE_REFUSED)
def test_a_change_is_refused(body: Body, field: str, reason: Reason) -> None:
    found = refusal(amended, body)
    assert (found.reason, found.field) == (reason, field)
