"""Polinate bodies and book orders to start from; a test changes what it is about."""

from typing import Any

import msgspec
from tests.quantities import much

from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Line, Order
from entrepot.edge.access import Principal

Body = dict[str, Any]
ORG_ID = b"\xaa" * 16
BUSINESS = f"bus_{ORG_ID.hex()}"
PRINCIPAL = Principal(7, ORG_ID, b"t" * 16, "EDITOR")
MARCH_FIRST = 1_772_323_200_000_000  # 2026-03-01 00:00 UTC in microseconds
VARIANT, ENTRY = f"var_{'0b' * 16}", f"ile_{'0c' * 16}"
LINE_ID = f"oi_{'0d' * 16}"


def told(body: Any) -> bytes:
    """The body as it is sent; a `Raw` member goes out as it is."""
    return msgspec.json.encode(body)


def new_line(**changes: Any) -> Body:
    """A line to create, of a variant."""
    return {"itemVariantId": VARIANT, "quantity": 2, "price": "10.50"} | changes


def new_order(**changes: Any) -> Body:
    """An order to create, of one line."""
    return {
        "expectedDeliveryAt": "2025-01-15T10:30:00.000Z",
        "currency": "AUD",
        "orderItems": [new_line()],
    } | changes


def source_line(**changes: Any) -> Body:
    """A line as another system shows it."""
    return {
        "id": "oi_1",
        "orderId": "ord_123",
        "lineNumber": 1,
        "itemListEntryId": "ile_1",
        "itemListEntry": {"itemVariantId": "var_abc", "itemVariant": {"itemId": "itm_123"}},
        "quantity": 10,
        "unitOfMeasure": "kg",
        "currency": "AUD",
        "price": "25.00",
        "cost": "7.125",
        "properties": {"lot": "A"},
        "createdAt": "2025-01-15T10:30:00.000Z",
        "updatedAt": "2025-01-15T10:30:00.000Z",
    } | changes


def source_order(**changes: Any) -> Body:
    """An order as another system shows it."""
    return {
        "id": "ord_123",
        "partnershipId": "prt_123",
        "membershipId": None,
        "integrationId": "int_1",
        "phase": "ACTIVE",
        "status": "ACCEPTED",
        "internalReference": "INT-1",
        "externalReference": "PO-2025-001",
        "notes": None,
        "deliveryAddress": "Pier 4",
        "expectedDeliveryAt": "2025-01-15T10:30:00.000Z",
        "deliveredAt": None,
        "shippedAt": "2025-01-14T00:00:00.000Z",
        "currency": "AUD",
        "totalAmount": "250.00",
        "properties": {"unleashed": {"guid": "123"}},
        "createdAt": "2025-01-15T10:30:00.000Z",
        "updatedAt": "2025-01-15T10:30:00.000Z",
        "orderItems": [source_line()],
    } | changes


def book_line(**changes: Any) -> Line:
    """A line of the book."""
    line = Line(
        id=b"\x0d" * 16, number=3, variant_id=b"\x0b" * 16, item_id=b"\x0a" * 16,
        entry_id=b"\x0c" * 16, quantity=much(2), unit_of_measure="kg", currency="AUD",
        price=Amount(1050, 2), cost=Amount(7125, 3), created_at=MARCH_FIRST,
        updated_at=MARCH_FIRST + 1_234_567,
    )  # fmt: skip
    return line._replace(**changes)


def book_order(**changes: Any) -> Order:
    """An order of the book that nobody said more about than needed."""
    facets = changes.pop("facets", Facets("confirmed", "none", "accepted", "none"))
    order = Order(
        org=7, id=b"\x01" * 16, origin="polinate", managed=True, facets=facets,
        told_words="", currency="AUD", subtotal=Amount(2100, 2), total=Amount(2100, 2),
        customer_id=b"\x02" * 16, created_at=MARCH_FIRST, updated_at=MARCH_FIRST + 1_234_567,
    )  # fmt: skip
    return order._replace(**changes)
