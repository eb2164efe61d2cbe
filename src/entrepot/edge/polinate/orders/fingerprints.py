"""The members of each request that tell a repeat of a Polinate key from a reuse.

Stored answers name these members, so the lists never change. A member that a body gets later joins
a version of its own (see writer.idempotency).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from entrepot.edge.access import Principal
from entrepot.edge.polinate.orders import wire
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

# Version 1.
LINE = (
    "quantity", "itemListEntryId", "itemVariantId", "unitOfMeasure", "currency", "price", "cost",
    "properties",
)  # fmt: skip
ORDER_CHANGES = (
    "phase", "status", "externalReference", "notes", "deliveryAddress", "expectedDeliveryAt",
    "deliveredAt", "shippedAt", "currency", "totalAmount", "properties",
)  # fmt: skip
LINE_CHANGES = (
    "id", "itemListEntryId", "itemVariantId", "quantity", "unitOfMeasure", "currency", "price",
    "cost", "properties",
)  # fmt: skip
CREATION = (
    "expectedDeliveryAt", "orderItems", "partnershipId", "membershipId", "integrationId", "phase",
    "status", "externalReference", "notes", "deliveryAddress", "currency", "totalAmount",
    "properties",
)  # fmt: skip
CHANGES = ("id", "order", "createOrderItems", "updateOrderItems", "deleteOrderItems")
NOTIFICATION = ("orderId", "businessId")

_NULL = b"null"
_canonical = msgspec.json.Encoder(order="sorted").encode


def of_creation(body: wire.CreateOrder, key: str) -> Idempotency:
    """The key of an order that is created."""
    covered = fingerprint((
        _canonical(body.expected_delivery_at), _new_lines(body.order_items),
        _text(body.partnership_id), _text(body.membership_id), _text(body.integration_id),
        _text(body.phase), _text(body.status), _text(body.external_reference), _text(body.notes),
        _text(body.delivery_address), _text(body.currency), _text(body.total_amount),
        _NULL if body.properties is UNSET else _canonical(_plain(body.properties)),
    ))  # fmt: skip
    return Idempotency(key, "polinate.createOrder", CREATION, covered, shows_times=True)


def of_changes(body: wire.UpdateOrder, order_id: bytes, key: str) -> Idempotency:
    """The key of the changes of one order."""
    covered = fingerprint((
        order_id, _canonical(_told(_plain(body.order), ORDER_CHANGES)),
        _new_lines(body.create_order_items),
        _canonical([_told(line, LINE_CHANGES) for line in _plain(body.update_order_items)]),
        _canonical(body.delete_order_items),
    ))  # fmt: skip
    return Idempotency(key, "polinate.updateOrder", CHANGES, covered, shows_times=True)


def of_notification(body: wire.NotifyOrder, principal: Principal, key: str) -> Idempotency:
    """The key of a notification. Its refusals are not stored: once the order is known, it works."""
    covered = fingerprint((body.order_id.encode(), principal.org_id))
    return Idempotency(key, "polinate.notifyOrder", NOTIFICATION, covered, store_refusals=False)


def _text(member: str | None) -> bytes:
    return _NULL if member is None else _canonical(member)


def _new_lines(lines: list[wire.NewLine]) -> bytes:
    """The lines in one spelling: a member that was left out is null."""
    return _canonical([{name: line.get(name) for name in LINE} for line in _plain(lines)])


def _told(members: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: members[name] for name in names if name in members}


def _plain(member: object) -> Any:
    """A member with each of its numbers in one spelling."""
    return msgspec.json.decode(msgspec.json.encode(member))
