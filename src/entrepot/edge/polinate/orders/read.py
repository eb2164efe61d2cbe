"""Polinate's requests into commands; pure. A refusal names the field at fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core.commands import AmendPaths, CustomerRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import currency, prefixes, read_only, revisions
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.keys import KEY_HEADER
from entrepot.edge.polinate.credentials import business_id
from entrepot.edge.polinate.orders import bodies, fingerprints, lines, values, wire
from entrepot.edge.strict_json import InvalidJson, Misshapen, decode
from entrepot.writer.envelope import Idempotency

SOURCE = "polinate"
_PATHS = AmendPaths(
    total="order.totalAmount",
    currency="order.currency",
    shipped_at="order.shippedAt",
    delivered_at="order.deliveredAt",
    new_lines="createOrderItems",
    variant="itemVariantId",
    entry="itemListEntryId",
)
_NULL = b"null"


class _WhichBody(msgspec.Struct, rename="camel"):
    """The members by which the two bodies of POST /api/v1/orders differ."""

    order_id: msgspec.Raw | UnsetType = UNSET
    expected_delivery_at: msgspec.Raw | UnsetType = UNSET
    order_items: msgspec.Raw | UnsetType = UNSET


_WHICH = msgspec.json.Decoder(_WhichBody)
_NOTIFY = msgspec.json.Decoder(wire.NotifyOrder)
_CREATE = msgspec.json.Decoder(wire.CreateOrder)
_KNOWN_MEMBERS = msgspec.json.Decoder(wire.KnownMembers)
_UPDATE = msgspec.json.Decoder(wire.UpdateOrder)


def posted(body: bytes) -> wire.NotifyOrder | wire.CreateOrder:
    """The body of POST /api/v1/orders: a notification if it has an `orderId`, else an order.

    A body with members of neither is refused with the requirements of the published body, which is
    the notification.
    """
    try:
        # Nearly every order has known members only, and its amounts are strings.
        return decode(body, _KNOWN_MEMBERS)
    except Misshapen:
        which = read_json(body, _WHICH, sound=True)
    except InvalidJson:
        which = read_json(body, _WHICH)
    no_order = which.expected_delivery_at is UNSET and which.order_items is UNSET
    if which.order_id is not UNSET or no_order:
        return read_json(body, _NOTIFY, sound=True)
    return read_json(bodies.new_order(body), _CREATE, sound=True)


def changes(body: bytes) -> wire.UpdateOrder:
    """The body of PATCH /api/v1/orders/{id}. Refused: a part of which nothing is known."""
    return read_json(bodies.order_changes(body), _UPDATE, sound=True)


def changes_and_ignored(
    body: bytes,
) -> tuple[wire.UpdateOrder, list[str], list[read_only.Claim]]:
    """The changes, the names of unknown members, and what is told of members that only show."""
    return changes(body), bodies.ignored(body), bodies.claims(body)


def notify_order(
    body: wire.NotifyOrder, key: str | None, principal: Principal
) -> tuple[NotifyOrder, Idempotency | None]:
    """The command and its key, which must be the one that the contract computes."""
    if business_id(body.business_id) != principal.org_id:
        raise refuse(Reason.INVALID, "must be the business of X-Business-Id", "businessId")
    command = NotifyOrder(principal.org, SOURCE, body.order_id)
    if key is None:
        return command, None
    text = f"{body.order_id}-{body.business_id}-order-integration"
    if key != hashlib.sha256(text.encode()).hexdigest():
        raise refuse(
            Reason.KEY_MALFORMED,
            "must be the lower-case hex sha256 of `{orderId}-{businessId}-order-integration`",
            KEY_HEADER,
        )
    return command, fingerprints.of_notification(body, principal, key)


def create_order(
    body: wire.CreateOrder, key: str | None, principal: Principal
) -> tuple[PlaceOrder, Idempotency | None]:
    """The command and its key."""
    for field, word, first in (
        ("phase", body.phase, "PENDING"), ("status", body.status, "UNASSIGNED"),
    ):  # fmt: skip
        if word not in (None, first):
            raise refuse(Reason.INVALID, f"an order that is created here starts as {first}", field)
    customer = CustomerRef()
    if body.partnership_id is not None:
        customer_id = values.id_of(body.partnership_id, *prefixes.CUSTOMER)
        if customer_id is None:
            raise refuse(Reason.UNKNOWN_CUSTOMER, field="partnershipId")
        customer = CustomerRef(customer_id=customer_id, field="partnershipId")
    wanted = tuple(
        lines.new_line(item, f"orderItems[{index}]", managed=True)
        for index, item in enumerate(body.order_items)
    )
    code = values.maybe_code(body.currency, "currency") or wanted[0].currency or ""
    said = {
        "membership_id": body.membership_id,
        "integration_id": body.integration_id,
        "external_reference": body.external_reference,
        "notes": body.notes,
        "delivery_address": body.delivery_address,
        "expected_at": values.instant(body.expected_delivery_at, "expectedDeliveryAt"),
        "properties": values.json_text(body.properties, "properties"),
        "idempotency_key": key,
    }
    total = values.maybe_price(body.total_amount, "totalAmount")
    command = PlaceOrder(
        principal.org, SOURCE, code, wanted, customer, total, said,
        from_default_location=True, one_line_an_entry=True, one_currency=True,
    )  # fmt: skip
    if key is None:
        return command, None
    return command, fingerprints.of_creation(body, key)


def amend_order(
    body: wire.UpdateOrder,
    order_id: bytes,
    key: str | None,
    principal: Principal,
    headers: Mapping[str, str] | None = None,
) -> tuple[AmendOrder, Idempotency | None]:
    """The command and its key. Phase is told first, then status.

    The headers say which version of the order is meant.
    """
    fields = body.order
    command = AmendOrder(
        org=principal.org,
        source=SOURCE,
        order_id=order_id,
        words=values.told_words(fields.phase, fields.status, "order."),
        said=_said(fields),
        total=values.maybe_money(fields.total_amount, "order.totalAmount"),
        properties=values.free_object(fields.properties, "order.properties"),
        create_lines=tuple(
            lines.new_line(item, f"createOrderItems[{index}]", managed=False)
            for index, item in enumerate(body.create_order_items)
        ),
        update_lines=tuple(
            lines.line_change(item, f"updateOrderItems[{index}]")
            for index, item in enumerate(body.update_order_items)
        ),
        delete_lines=tuple(
            (f"deleteOrderItems[{index}]", values.line_id(text, f"deleteOrderItems[{index}]"))
            for index, text in enumerate(body.delete_order_items)
        ),
        odd_currencies=_odd_currencies(body),
        expected=revisions.expected(headers or {}),
        one_line_an_entry=True,
        paths=_PATHS,
        places=currency.SMALLEST,
    )
    if key is None:
        return command, None
    return command, fingerprints.of_changes(body, order_id, key)


def _said(changes: wire.OrderChanges) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name in ("external_reference", "notes", "delivery_address"):
        value = getattr(changes, name)
        if value is not UNSET:
            said[name] = value
    for name, member, text in (
        ("expected_at", "expectedDeliveryAt", changes.expected_delivery_at),
        ("delivered_at", "deliveredAt", changes.delivered_at),
        ("shipped_at", "shippedAt", changes.shipped_at),
    ):
        if not isinstance(text, UnsetType):
            said[name] = None if text is None else values.instant(text, f"order.{member}")
    code = values.maybe_told_code(changes.currency, "order.currency")
    if code is not None:
        said["currency"] = code
    return said


def _odd_currencies(body: wire.UpdateOrder) -> frozenset[str]:
    told: list[object] = [body.order.currency]
    told += [line.currency for line in body.create_order_items]
    told += [line.currency for line in body.update_order_items]
    codes = {currency.told_code(text) for text in told if isinstance(text, str)}
    return frozenset(code for code in codes if code is not None and not currency.is_money(code))
