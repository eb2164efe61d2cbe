"""The whole example order of seed 003, put together from the examples of its schemas."""

from __future__ import annotations

from typing import Any

KONVO_SAMPLE: dict[str, Any] = {
    "id": "08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd",
    "externalId": "order_12345",
    "friendlyName": "#1059",
    "customer": {
        "id": "customer_67890",
        "firstName": "John",
        "lastName": "Doe",
        "userIds": [{"type": "email", "id": "john.doe@example.com"}],
    },
    "orderTotal": 3995,
    "currency": "USD",
    "items": [
        {
            "id": "variant_123",
            "sku": "SHIRT-BLU-M",
            "name": "Blue T-Shirt - Medium",
            "description": "Comfortable cotton t-shirt in blue",
            "price": 2999,
            "msrp": 3999,
            "imageUrl": "https://example.com/images/blue-tshirt.jpg",
            "currency": "USD",
            "available": True,
            "inventoryQuantity": 150,
            "quantity": 2,
        }
    ],
    "metadata": {"preorder": True, "gift_message": "Happy Birthday!"},
    "status": "paid",
    "shipmentStatus": "in_transit",
    "source": "online",
    "trackingUrl": "https://tracking.example.com/12345",
    "address": {
        "firstName": "John",
        "lastName": "Doe",
        "addressLineOne": "123 Main St",
        "addressLineTwo": "Apt 4B",
        "zipCode": "10001",
        "city": "New York",
        "countryCode": "US",
        "state": "NY",
        "latitude": "40.7128",
        "longitude": "-74.0060",
        "company": "Acme Corp",
        "phone": "+15551234567",
    },
}
