"""Request bodies as a first caller would send them, for the documents; the first one is shown as
a command. Each is checked against its operation's schema and type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrepot.edge.native.examples import NATIVE

_ORDER_OF_A_SHOP: Any = {
    "connection_id": "65a1c0ffee65a1c0ffee0001",
    "event": "accounting.order.created",
    "data": {
        "id": "4711",
        "currency": "EUR",
        "line_items": [{"sku": "MUG-1", "name": "Mug", "unit_amount": 12.5, "quantity": 2}],
    },
}
_MAKE_PRODUCT = {
    "a product": {"title": "Mug", "description": "Holds coffee", "category": "Mugs"},
    "a title alone": {"title": "Cup"},
}
_CHANGE_PRODUCT = {"another text": {"description": "Holds tea"}}
_MAKE_VARIANT = {
    "a blue one": {
        "sku": "MUG-BLUE",
        "barcode": "4006381333931",
        "price": 89.99,
        "currency": "EUR",
        "option_values": {"colour": "blue"},
    },
}

# By dialect and operation id, then by what the example shows.
EXAMPLES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("synq", "createOrder"): {
        "a line without stock": {
            "idempotency_key": "7b0c7f5e-5b55-4f0a-9a53-0f1f6f1b2c11",
            "payment_provider": "stripe",
            "payment_reference": "pi_0001",
            "currency": "EUR",
            "channel": "web-storefront",
            "items": [{"product_title": "Gift wrapping", "unit_price": 4.5, "quantity": 1}],
        },
        "a line that reserves stock": {
            "idempotency_key": "cart-4711",
            "payment_provider": "adyen",
            "payment_reference": "psp_0002",
            "currency": "EUR",
            "channel": "web-storefront",
            "source_platform": "shopify",
            "items": [
                {
                    "variant_id": "01981e6a-7c00-7000-8000-000000000001",
                    "location_id": "01981e6a-7c00-7000-8000-000000000002",
                    "sku": "MUG-1",
                    "product_title": "Mug",
                    "variant_title": "Blue",
                    "unit_price": 12.5,
                    "quantity": 2,
                },
            ],
        },
    },
    ("synq", "adjustInventory"): {
        "twenty more": {
            "variant_id": "01981e6a-7c00-7000-8000-000000000001",
            "location_id": "01981e6a-7c00-7000-8000-000000000002",
            "quantity_delta": 20,
        },
    },
    ("synq", "putTenantSettings"): {
        "the defaults": {
            "inventory_allocation_model": "HARD",
            "auto_po_enabled": False,
            "default_low_stock_threshold": 10,
            "costing_method": "WAC",
        },
    },
    ("synq", "makeChannel"): {
        "a shop": {"name": "web-storefront", "currency": "EUR", "active": True},
        "by default": {"name": "market-stall"},
    },
    ("synq", "inviteMember"): {
        "an editor": {"email": "ada@example.org", "role": "EDITOR"},
    },
    ("synq", "makeProduct"): _MAKE_PRODUCT,
    ("synq", "makeProductAlias"): _MAKE_PRODUCT,
    ("synq", "changeProduct"): _CHANGE_PRODUCT,
    ("synq", "changeProductAlias"): _CHANGE_PRODUCT,
    ("synq", "makeVariant"): _MAKE_VARIANT,
    ("synq", "makeVariantAlias"): _MAKE_VARIANT,
    ("synq", "addMedium"): {
        "a picture": {
            "variant_id": "01981e6a-7c00-7000-8000-000000000001",
            "url": "https://cdn.example/mug.png",
            "alt_text": "A blue mug",
        },
    },
    ("synq", "makeBulkJob"): {
        "a change": {
            "job_type": "BULK_UPDATE",
            "payload": [
                {"id": "01981e6a-7c00-7000-8000-000000000009", "description": "Holds tea"},
            ],
        },
    },
    ("synq", "makeCategory"): {
        "a first one": {"name": "Mugs", "slug": "mugs", "description": "All that holds coffee"},
    },
    ("synq", "makeBrand"): {
        "a brand": {"name": "Acme", "logoUrl": "https://cdn.example/acme.png"},
    },
    ("synq", "makeAttribute"): {"a number": {"name": "Weight", "slug": "weight", "type": "NUMBER"}},
    ("synq", "makeAttributeGroup"): {"a group": {"name": "Sizes", "description": "All sizes"}},
    ("synq", "makeTemplate"): {"a template": {"name": "Clothes"}},
    ("synq", "connectIntegration"): {
        "a shop": {"connection_id": "65a1c0ffee65a1c0ffee0001", "category": "commerce"},
    },
    ("synq", "pushProduct"): {
        "as it now is": {"productId": "01981e6a-7c00-7000-8000-000000000009", "action": "UPSERT"},
    },
    ("synq", "receiveEvent"): {"a new order": _ORDER_OF_A_SHOP},
    ("synq", "receiveEventToo"): {"a new order": _ORDER_OF_A_SHOP},
    ("polinate", "createPricing"): {
        "10 % less than a price": {
            "itemList": {"name": "Trade", "currency": "EUR", "percentageAdjustment": -10},
            "entries": [
                {
                    "itemVariantId": "var_01981e6a7c0070008000000000000001",
                    "price": "12.50",
                },
            ],
        },
    },
    ("polinate", "updateInvoice"): {
        "a number of the accounting system": {
            "status": "PAID",
            "properties": {"xero": {"invoiceId": "inv-4711"}},
        },
    },
    ("polinate", "createOrder"): {
        "make an order": {
            "expectedDeliveryAt": "2030-01-15T10:30:00.000Z",
            "currency": "EUR",
            "externalReference": "PO-4711",
            "orderItems": [
                {
                    "itemVariantId": "var_01981e6a7c0070008000000000000001",
                    "quantity": 2,
                    "price": "10.25",
                },
            ],
        },
        "an order exists elsewhere": {
            "orderId": "ord_01981e6a7c0070008000000000000003",
            "businessId": "bus_01981e6a7c0070008000000000000004",
        },
    },
    ("polinate", "createItem"): {
        "an item of one variant": {
            "item": {"name": "Widget", "type": "OTHER", "status": "ACTIVE"},
            "variants": [
                {"variantName": "Default", "currency": "AUD", "price": 12.34, "cost": 9.99},
            ],
        },
    },
    ("polinate", "updateItem"): {
        "another variant": {
            "brand": "Acme",
            "createVariants": [
                {"variantName": "Large", "sku": "WIDGET-L", "currency": "AUD", "price": 14.5},
            ],
        },
    },
    ("polinate", "updateOrder"): {
        "move the order on": {
            "order": {
                "phase": "ACTIVE",
                "status": "PACKED",
                "notes": "Leave at the gate",
                "properties": {"warehouse": {"picker": "Kim"}},
            },
        },
        "change its lines": {
            "createOrderItems": [
                {"itemListEntryId": "ile_01981e6a7c0070008000000000000005", "quantity": 1},
            ],
            "updateOrderItems": [
                {"id": "oi_01981e6a7c0070008000000000000006", "quantity": 3},
            ],
            "deleteOrderItems": ["oi_01981e6a7c0070008000000000000007"],
        },
    },
    ("polinate", "createBuyer"): {
        "a buyer with a mailbox": {
            "buyer": {"name": "Acme Cafe", "legalName": "Acme Cafe Pty Ltd"},
            "emails": [{"email": "orders@acme.example", "contactName": "Bo", "isPrimary": True}],
            "phones": [{"phone": "+61 2 9999 0000"}],
            "locations": [
                {
                    "label": "Dock",
                    "type": "WAREHOUSE",
                    "addressLine1": "1 Quay Street",
                    "city": "Sydney",
                    "country": "AU",
                },
            ],
        },
    },
    ("polinate", "updateBuyer"): {
        "a telephone, and a pause": {
            "partnershipStatus": "PAUSED",
            "createPhones": [{"phone": "+61 2 8888 0000", "isPrimary": True}],
        },
    },
    ("konvo", "createOrders"): {
        "one paid order": [
            {
                "id": "08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd",
                "externalId": "order_12345",
                "friendlyName": "#1059",
                "customer": {
                    "id": "customer_67890",
                    "firstName": "Ada",
                    "lastName": "Byron",
                    "userIds": [{"type": "email", "id": "ada@example.org"}],
                },
                "orderTotal": 5998,
                "currency": "EUR",
                "items": [
                    {
                        "id": "shirt-red-m",
                        "sku": "SHIRT-R-M",
                        "name": "Shirt, red, M",
                        "description": "A shirt of linen",
                        "price": 2999,
                        "msrp": 3999,
                        "imageUrl": "https://shop.example.org/shirt.png",
                        "currency": "EUR",
                        "quantity": 2,
                    },
                ],
                "status": "paid",
            },
        ],
    },
    **{("native", operation): shown for operation, shown in NATIVE.items()},
}
