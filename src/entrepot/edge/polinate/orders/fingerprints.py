"""The members of each request that tell a repeat of a Polinate key from a reuse.

Stored answers name these members, so the lists never change. A member that a body gets later joins
a version of its own (see writer.idempotency).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from entrepot.edge import canonical
from entrepot.edge.access import Principal
from entrepot.edge.polinate.orders import wire
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

# Versions 1 and 2.
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
_NO_MEMBER: dict[str, Any] = dict.fromkeys(LINE)
_AMOUNTS = ("price", "cost", "totalAmount")


class _Spelling(NamedTuple):
    """What a version of the fingerprint takes as one: members that hold numbers, and amounts."""

    plain: Callable[[object], Any]
    amount: Callable[[str], str]


def _by_floats(member: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(member))


# Version 1 read numbers as binary floats, told 1 from 1.0, and took amounts as they were written.
_SPELLINGS = {1: _Spelling(_by_floats, str), 2: _Spelling(canonical.plain, canonical.amount)}


def of_creation(body: wire.CreateOrder, key: str) -> Idempotency:
    """The key of an order that is created."""
    made, older = _creation(body, 2), (partial(_creation, body, 1),)
    return Idempotency(key, "polinate.createOrder", CREATION, made, shows_times=True, older=older)


def _creation(body: wire.CreateOrder, version: int) -> bytes:
    spelling = _SPELLINGS[version]
    total = body.total_amount
    texts = (
        body.partnership_id, body.membership_id, body.integration_id, body.phase, body.status,
        body.external_reference, body.notes, body.delivery_address, body.currency,
        None if total is None else spelling.amount(total),
    )  # fmt: skip
    parts = (
        canonical.text_of(body.expected_delivery_at), _new_lines(body.order_items, spelling),
        *[_NULL if text is None else canonical.text_of(text) for text in texts],
        _NULL if body.properties is UNSET else canonical.text_of(spelling.plain(body.properties)),
    )  # fmt: skip
    return fingerprint(parts, version)


def of_changes(body: wire.UpdateOrder, order_id: bytes, key: str) -> Idempotency:
    """The key of the changes of one order."""
    made, older = _changes(body, order_id, 2), (partial(_changes, body, order_id, 1),)
    return Idempotency(key, "polinate.updateOrder", CHANGES, made, shows_times=True, older=older)


def _changes(body: wire.UpdateOrder, order_id: bytes, version: int) -> bytes:
    spelling = _SPELLINGS[version]
    changed = spelling.plain(body.update_order_items)
    parts = (
        order_id, canonical.text_of(_told(spelling.plain(body.order), ORDER_CHANGES, spelling)),
        _new_lines(body.create_order_items, spelling),
        canonical.text_of([_told(line, LINE_CHANGES, spelling) for line in changed]),
        canonical.text_of(body.delete_order_items),
    )  # fmt: skip
    return fingerprint(parts, version)


def of_notification(body: wire.NotifyOrder, principal: Principal, key: str) -> Idempotency:
    """The key of a notification. Its refusals are not stored: once the order is known, it works."""
    covered = fingerprint((body.order_id.encode(), principal.org_id))
    return Idempotency(key, "polinate.notifyOrder", NOTIFICATION, covered, store_refusals=False)


def _new_lines(lines: list[wire.NewLine], spelling: _Spelling) -> bytes:
    """The lines in one spelling: a member that was left out is null."""
    made = []
    for line in spelling.plain(lines):
        told = _NO_MEMBER | line
        if len(told) > len(LINE):
            told = {name: told[name] for name in LINE}
        _spell(told, spelling)
        made.append(told)
    return canonical.text_of(made)


def _told(members: dict[str, Any], names: tuple[str, ...], spelling: _Spelling) -> dict[str, Any]:
    told = {name: members[name] for name in names if name in members}
    _spell(told, spelling)
    return told


def _spell(told: dict[str, Any], spelling: _Spelling) -> None:
    for name in _AMOUNTS:
        if name in told and told[name] is not None:
            told[name] = spelling.amount(told[name])
