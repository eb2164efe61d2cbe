"""Konvo bodies and book orders to start from; a test changes what it is about."""

import json
from typing import Any

from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Customer, Order
from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import read

Body = dict[str, Any]
PRINCIPAL = Principal(7, b"o" * 16, b"t" * 16, "EDITOR")
MARCH_FIRST = 1_772_323_200_000_000  # 2026-03-01 00:00 UTC in microseconds


def item(**changes: Any) -> Body:
    """A line of the example in seed 003."""
    return {
        "id": "variant_123",
        "sku": "SHIRT-BLU-M",
        "name": "Blue T-Shirt - Medium",
        "description": "Comfortable cotton t-shirt in blue",
        "price": 2999,
        "msrp": 3999,
        "imageUrl": "https://example.com/images/blue-tshirt.jpg",
        "currency": "USD",
    } | changes


def address(**changes: Any) -> Body:
    """The address of the example in seed 003."""
    return {
        "firstName": "John",
        "lastName": "Doe",
        "addressLineOne": "123 Main St",
        "addressLineTwo": "Apt 4B",
        "zipCode": "10001",
        "city": "New York",
        "countryCode": "US",
    } | changes


def customer(*user_ids: tuple[str, str], **changes: Any) -> Body:
    """The customer of the example in seed 003, with these identifiers."""
    listed = [{"type": type_, "id": id_} for type_, id_ in user_ids]
    return {
        "id": "customer_67890",
        "firstName": "John",
        "lastName": "Doe",
        "userIds": listed,
    } | changes


def order(**changes: Any) -> Body:
    """The required members of the example in seed 003, and what the test changes."""
    return {
        "id": "08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd",
        "friendlyName": "#1059",
        "customer": customer(),
        "orderTotal": 3995,
        "currency": "USD",
        "items": [item()],
    } | changes


def told(*orders: Body) -> bytes:
    """The body of POST /orders."""
    return json.dumps(orders).encode()


def command(body: bytes) -> MirrorOrders:
    """The command that is read from the body."""
    return read.mirror_orders(read.orders(body), PRINCIPAL)


def draft(**changes: Any) -> OrderDraft:
    """The one order of an array, with these changes, as it is read."""
    [only] = command(told(order(**changes))).drafts
    return only


def with_token(path: tuple[str | int, ...], token: str) -> bytes:
    """The body of one order with a JSON token, written just so, at a place in it."""
    body = order(items=[item(quantity=1, inventoryQuantity=1)], metadata={})
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "the token"
    return told(body).replace(b'"the token"', token.encode())


def booked(**changes: Any) -> Order:
    """An order as the book holds it, placed through another dialect."""
    facets = changes.pop("facets", Facets())
    fields: Body = {
        "org": 7,
        "id": bytes(range(16)),
        "origin": "synq",
        "managed": True,
        "facets": facets,
        "told_words": "",
        "currency": "EUR",
        "subtotal": Amount(3995, 2),
        "total": Amount(3995, 2),
        "customer_id": b"c" * 16,
        "created_at": MARCH_FIRST + 123_456,
        "updated_at": MARCH_FIRST + 61_000_000,
    }
    return Order(**fields | changes)


def contact(**changes: Any) -> Customer:
    """The customer of `booked`."""
    fields: Body = {
        "org": 7,
        "id": b"c" * 16,
        "name": "Jeff Bezos",
        "first_name": "Jeff",
        "last_name": "Bezos",
        "email": "jeff@example.com",
        "phone": "+15551234",
        "created_at": 1,
        "updated_at": 1,
    }
    return Customer(**fields | changes)
