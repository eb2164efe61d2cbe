"""Request bodies of the native API as a first caller would send them: see edge/examples.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# By operation id, then by what the example shows.
NATIVE: Mapping[str, Mapping[str, Any]] = {
    "placeOrder": {
        "two of a variant": {
            "currency": "USD",
            "lines": [{"variant_id": "01981e6a-7c00-7000-8000-000000000001", "quantity": 2}],
            "customer": {"name": "Ada Lovelace", "email": "ada@example.org"},
            "payment": {"provider": "stripe", "reference": "pi_0003"},
            "shipping_address": "1 High Street\nLondon",
            "external_id": "web-4711",
        },
        "a price of its own": {
            "currency": "EUR",
            "lines": [{"sku": "COFFEE-1KG", "quantity": 2.5, "unit_price": "24.00"}],
            "metadata": {"campaign": "spring"},
        },
    },
    "amendOrder": {
        "an address and a note": {
            "shipping_address": "2 Low Street\nLeeds",
            "notes": "Leave it with the neighbour",
        },
        "lines": {
            "lines": {
                "add": [{"sku": "PEN-BLACK", "quantity": 1}],
                "change": [{"id": "01981e6a-7c00-7000-8000-000000000006", "quantity": 3}],
                "remove": ["01981e6a-7c00-7000-8000-000000000007"],
            },
        },
    },
    "addAccount": {
        "Stripe": {
            "provider": "stripe",
            "account": {"api_key": "rk_test_0001", "webhook_secret": "whsec_0001"},
        },
    },
    "makeWebhook": {
        "orders": {"url": "https://shop.example/events", "types": ["order.placed"]},
        "all, as domain events": {
            "url": "https://shop.example/events",
            "format": "domain_event",
        },
    },
    "recordTouch": {
        "a click in a broadcast": {
            "contact": {"email": "ada@example.org"},
            "kind": "click",
            "origin": "broadcast",
            "origin_id": "01981e6a-7c00-7000-8000-000000000008",
        },
    },
    "recordBroadcast": {"a name": {"name": "Spring sale", "status": "sent"}},
    "changeBroadcast": {"figures": {"sent": 100, "delivered": 98}},
    "makeCustomer": {
        "a cafe": {
            "name": "Acme Cafe",
            "legal_name": "Acme Cafe Pty Ltd",
            "emails": [{"value": "orders@acme.example", "contact_name": "Bo"}],
            "locations": [{"label": "Dock", "line1": "1 Quay Street", "city": "Sydney"}],
        },
    },
    "changeCustomer": {
        "a pause": {"partnership_status": "paused"},
        "a telephone": {"phones": {"add": [{"value": "+61 2 8888 0000", "primary": True}]}},
    },
    "changeWebhook": {"a pause": {"active": False}},
    "cancelOrder": {"a reason": {"reason": "the customer changed their mind"}},
    "holdOrder": {"a reason": {"reason": "the address looks wrong"}},
    "releaseOrder": {"nothing": {}},
    "shipOrder": {
        "all that is left": {"carrier": "DHL", "tracking_number": "JD014600006281230700"},
        "a part": {
            "lines": [{"line_id": "01981e6a-7c00-7000-8000-000000000006", "quantity": 1}],
        },
    },
    "deliverShipment": {"at a time": {"at": "2026-03-01T12:00:00Z"}},
    "loseShipment": {"nothing": {}},
    "completeOrder": {"nothing": {}},
    "requestReturn": {
        "a part": {
            "lines": [{"line_id": "01981e6a-7c00-7000-8000-000000000006", "quantity": 1}],
            "reason": "too small",
        },
    },
    "approveReturn": {"nothing": {}},
    "refuseReturn": {"nothing": {}},
    "receiveReturn": {"back on the shelf": {"restock": True}},
    "captureOrder": {"a part": {"amount": "10.00"}},
    "refundOrder": {"a part": {"amount": "5.00", "reason": "one was broken"}},
    "makeVariant": {
        "a mug": {"sku": "MUG-02", "name": "Mug, blue", "currency": "EUR", "price": "13.50"},
    },
    "changeVariant": {
        "another price": {"price": "14.00"},
        "another name": {"name": "Mug, blue"},
    },
    "makeProduct": {
        "a shirt in two sizes": {
            "name": "Shirt, linen",
            "handle": "shirt-linen",
            "variants": [
                {"variant_name": "S", "sku": "SHIRT-S", "currency": "EUR", "price": "29.00"},
                {"variant_name": "L", "sku": "SHIRT-L", "currency": "EUR", "price": "29.00"},
            ],
        },
    },
    "amendProduct": {
        "another size": {
            "variants": {
                "add": [
                    {"variant_name": "XL", "sku": "SHIRT-XL", "currency": "EUR", "price": "31.00"},
                ],
            },
        },
        "no longer sold": {"status": "archived"},
    },
    "makePriceList": {
        "10 % less than a price": {
            "name": "Trade",
            "adjustment": "-10",
            "entries": [
                {
                    "variant_id": "01981e6a-7c00-7000-8000-000000000001",
                    "price": "12.50",
                    "currency": "EUR",
                },
            ],
        },
    },
    "amendPriceList": {
        "15 % less, without a variant": {
            "adjustment": "-15",
            "entries": {"remove": ["01981e6a-7c00-7000-8000-000000000001"]},
        },
    },
    "makeLocation": {"a shop": {"name": "Shop, Market Street"}},
    "adjustStock": {
        "twenty more": {
            "variant_id": "01981e6a-7c00-7000-8000-000000000001",
            "location_id": "01981e6a-7c00-7000-8000-000000000002",
            "delta": 20,
            "reason": "goods received",
        },
    },
    "makeKey": {"a till": {"name": "till", "scopes": ["orders:read", "stock:read"]}},
    "changeSettings": {"when goods leave": {"capture": "shipment"}},
    "noteOrder": {"a note": {"text": "Called the customer."}},
}
