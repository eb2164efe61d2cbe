"""A shop's HTTP server with orders in Polinate's schema, of every phase and status."""

from __future__ import annotations

import json
from email.message import Message
from typing import Any

from tests.local_http import LocalHttp
from tests.upgrade.stands import PHASES, STATUSES

_MADE = "2025-01-15T10:30:00.000Z"
# The name of an order of the shop: phase, status, and a mark that makes the name another one.
NAME = "shop_{phase}_{status}_{mark}"
GARBLED, MISSING = "shop_garbled_{mark}", "shop_missing_{mark}"


def names(mark: str) -> list[str]:
    """One order of each phase and status."""
    return [
        NAME.format(phase=phase, status=status.replace("_", "-"), mark=mark)
        for phase in PHASES
        for status in STATUSES
    ]


def _order(name: str) -> dict[str, Any]:
    _, phase, status, _ = name.split("_", 3)
    line = {
        "itemListEntryId": "ile_shop_1",
        "itemListEntry": {"itemVariantId": "var_shop_1", "itemVariant": {"itemId": "itm_shop_1"}},
        "quantity": -1 if status == "RETURNED" else 3,
        "unitOfMeasure": "kg",
        "currency": "AUD",
        "price": "7.125",
        "cost": "5.00",
        "properties": {"shelf": status},
    }
    return {
        "id": name, "partnershipId": "prt_shop_1", "phase": phase,
        "status": status.replace("-", "_"),
        "internalReference": f"INT-{name}", "externalReference": f"PO-{name}", "notes": None,
        "deliveryAddress": "Pier 4", "expectedDeliveryAt": "2030-01-15T10:30:00.000Z",
        "shippedAt": _MADE if status in ("DELIVERED", "RETURNED") else None,
        "currency": "AUD", "totalAmount": "21.375",
        "properties": {"unleashed": {"guid": name, "rate": 1.10}},
        "createdAt": _MADE, "updatedAt": _MADE, "orderItems": [line],
    }  # fmt: skip


class Source(LocalHttp):
    """The server, while it is entered."""

    def __init__(self) -> None:
        super().__init__(_answer)
        self.template = f"{self.url}/orders/{{orderId}}"


def _answer(path: str, _sent: Message) -> tuple[int, bytes, dict[str, str]]:
    name = path.rpartition("/")[2]
    found, body = 200, b"{}"
    if name.startswith("shop_missing"):
        found = 404
    elif not name.startswith("shop_garbled"):
        body = json.dumps(_order(name)).encode()
    return found, body, {"Content-Type": "application/json"}
