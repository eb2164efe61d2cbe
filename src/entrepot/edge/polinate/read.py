"""Polinate's requests into commands; pure. Refused: whatever cannot be taken, naming the field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.commands import (
    AmendOrder,
    CustomerRef,
    DraftLine,
    LineChange,
    NotifyOrder,
    OrderDraft,
    PlaceOrder,
    VariantRef,
)
from entrepot.core.refusal import Reason, refuse
from entrepot.core.words import POLINATE_PHASE, POLINATE_STATUS
from entrepot.edge.dialect import Principal, read_json
from entrepot.edge.polinate import values, wire
from entrepot.edge.polinate.credentials import business_id
from entrepot.store.queries import OrderFilter
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint, well_formed

SOURCE = "polinate"
KEY_HEADER = "Idempotency-Key"
LIMIT_DEFAULT, LIMIT_MAX = 20, 100
PAGE_MAX = 10**9
PATH_MAX = 1024
QUERY = (
    "page", "limit", "createdSince", "updatedSince", "modifiedSince", "phase", "status",
    "propertyPath", "propertyValue", "propertyExists",
)  # fmt: skip
_WHOLE = re.compile(r"[0-9]{1,10}\Z")
_canonical = msgspec.json.Encoder(order="sorted").encode


class _WhichBody(msgspec.Struct, rename="camel"):
    """What tells the two bodies of POST /api/v1/orders apart."""

    order_id: msgspec.Raw | UnsetType = UNSET
    expected_delivery_at: msgspec.Raw | UnsetType = UNSET
    order_items: msgspec.Raw | UnsetType = UNSET


_WHICH = msgspec.json.Decoder(_WhichBody)
_NOTIFY = msgspec.json.Decoder(wire.NotifyOrder)
_CREATE = msgspec.json.Decoder(wire.CreateOrder)
_SOURCE_ORDER = msgspec.json.Decoder(wire.SourceOrder)
UPDATE_ORDER: msgspec.json.Decoder[wire.UpdateOrder] = msgspec.json.Decoder(wire.UpdateOrder)


def posted(body: bytes) -> wire.NotifyOrder | wire.CreateOrder:
    """The body of POST /api/v1/orders: a notification where it has an `orderId`, else an order.

    What has nothing of either is told what the published body, the notification, requires.
    """
    which = read_json(body, _WHICH)
    no_order = which.expected_delivery_at is UNSET and which.order_items is UNSET
    if which.order_id is not UNSET or no_order:
        return read_json(body, _NOTIFY)
    return read_json(body, _CREATE)


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The key, without the quotation marks that structured headers have; None without a header."""
    sent = headers.get(KEY_HEADER.lower())
    if sent is None:
        return None
    key = sent.strip(" \t")
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not well_formed(key):
        raise refuse(Reason.KEY_MALFORMED, "1 to 255 visible ASCII characters, once", KEY_HEADER)
    return key


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
    said = fingerprint((body.order_id.encode(), principal.org_id))
    # A refusal is not kept: the same key has to work once the order is known.
    parts = ("orderId", "businessId")
    return command, Idempotency(key, "polinate.notifyOrder", parts, said, store_refusals=False)


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
        customer_id = values.id_of(body.partnership_id, "prt_")
        if customer_id is None:
            raise refuse(Reason.UNKNOWN_CUSTOMER, field="partnershipId")
        customer = CustomerRef(customer_id=customer_id, field="partnershipId")
    lines = tuple(
        _new_line(item, f"orderItems[{place}]") for place, item in enumerate(body.order_items)
    )
    code = values.maybe_code(body.currency, "currency") or lines[0].currency or ""
    said = {
        "membership_id": body.membership_id,
        "integration_id": body.integration_id,
        "external_reference": body.external_reference,
        "notes": body.notes,
        "delivery_address": body.delivery_address,
        "expected_at": values.instant(body.expected_delivery_at, "expectedDeliveryAt"),
        "properties": values.json_text(body.properties),
        "idempotency_key": key,
    }
    total = values.maybe_money(body.total_amount, "totalAmount")
    command = PlaceOrder(principal.org, SOURCE, code, lines, customer, total, said)
    if key is None:
        return command, None
    parts = tuple(body.__struct_encode_fields__)
    content = fingerprint(_canonical(getattr(body, name)) for name in body.__struct_fields__)
    return command, Idempotency(key, "polinate.createOrder", parts, content)


def amend_order(
    body: wire.UpdateOrder, order_id: bytes, key: str | None, principal: Principal
) -> tuple[AmendOrder, Idempotency | None]:
    """The command and its key. Phase is told first, then status."""
    changes = body.order
    command = AmendOrder(
        org=principal.org,
        source=SOURCE,
        order_id=order_id,
        words=_words(changes.phase, changes.status, "order."),
        said=_said(changes),
        total=values.maybe_money(changes.total_amount, "order.totalAmount"),
        properties=values.maybe(changes.properties),
        create_lines=tuple(
            _new_line(item, f"createOrderItems[{place}]")
            for place, item in enumerate(body.create_order_items)
        ),
        update_lines=tuple(
            _line_change(item, f"updateOrderItems[{place}]")
            for place, item in enumerate(body.update_order_items)
        ),
        delete_lines=tuple(
            (f"deleteOrderItems[{place}]", values.line_id(text, f"deleteOrderItems[{place}]"))
            for place, text in enumerate(body.delete_order_items)
        ),
    )
    if key is None:
        return command, None
    members = [_canonical(getattr(body, name)) for name in body.__struct_fields__]
    parts = ("id", *body.__struct_encode_fields__)
    said = fingerprint((order_id, *members))
    return command, Idempotency(key, "polinate.updateOrder", parts, said)


def _words(
    phase: str | UnsetType | None, status: str | UnsetType | None, where: str = ""
) -> tuple[tuple[str, str], ...]:
    """What is told of the two axes; phase first, so that status has the last word."""
    told = (
        ("polinate_phase", values.maybe_word(phase, POLINATE_PHASE, f"{where}phase")),
        ("polinate_status", values.maybe_word(status, POLINATE_STATUS, f"{where}status")),
    )
    return tuple((axis, word) for axis, word in told if word is not None)


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
    code = values.maybe_code(changes.currency, "order.currency")
    if code is not None:
        said["currency"] = code
    return said


def _new_line(item: wire.NewLine, where: str) -> DraftLine:
    entry, variant = item.item_list_entry_id, item.item_variant_id
    if (entry is None) == (variant is None):
        raise refuse(
            Reason.INVALID,
            "exactly one of itemListEntryId and itemVariantId is needed",
            f"{where}.itemListEntryId",
        )
    if entry is not None:
        field = "itemListEntryId"
        ref = VariantRef(entry_id=values.id_of(entry, "ile_"), field=field)
    else:
        field = "itemVariantId"
        ref = VariantRef(variant_id=values.id_of(variant or "", "var_"), field=field)
    if ref.entry_id is None and ref.variant_id is None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=f"{where}.{field}")
    return DraftLine(
        where=where,
        variant=ref,
        quantity=values.quantity(item.quantity, f"{where}.quantity"),
        price=values.maybe_money(item.price, f"{where}.price"),
        currency=values.maybe_code(item.currency, f"{where}.currency"),
        unit_of_measure=item.unit_of_measure,
        cost=values.maybe_money(item.cost, f"{where}.cost"),
        properties=values.json_text(item.properties),
    )


def _line_change(item: wire.LineChanges, where: str) -> LineChange:
    quantity = item.quantity
    return LineChange(
        where=where,
        line_id=values.line_id(item.id, f"{where}.id"),
        quantity=None if quantity is UNSET else values.quantity(quantity, f"{where}.quantity"),
        unit_of_measure=values.maybe(item.unit_of_measure),
        currency=values.maybe_code(item.currency, f"{where}.currency"),
        price=values.maybe_money(item.price, f"{where}.price"),
        cost=values.maybe_money(item.cost, f"{where}.cost"),
        properties=values.maybe(item.properties),
    )


def order_id(text: str) -> bytes:
    """The order's id, in any dialect's spelling; refused as unknown when it is none."""
    found = ids.any_spelling(text)
    if found is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    return found


def order_list(query: dict[str, str]) -> tuple[OrderFilter, int, int]:
    """Which orders a list wants, its page (from 1), and how many orders a page has."""
    limit = _count(query, "limit", LIMIT_DEFAULT, LIMIT_MAX)
    page = _count(query, "page", 1, PAGE_MAX)
    for other in ("createdSince", "updatedSince"):
        if "modifiedSince" in query and other in query:
            raise refuse(Reason.INVALID, f"cannot stand beside {other}", "modifiedSince")
    since = {name: _after(query[name], name) for name in QUERY[2:5] if name in query}
    wanted = OrderFilter(
        created_after=since.get("createdSince"),
        updated_after=since.get("updatedSince"),
        modified_after=since.get("modifiedSince"),
        phase=values.maybe_word(query.get("phase"), POLINATE_PHASE, "phase"),
        status=values.maybe_word(query.get("status"), POLINATE_STATUS, "status"),
    )
    return _with_property(wanted, query), page, limit


def _with_property(wanted: OrderFilter, query: dict[str, str]) -> OrderFilter:
    path, value = query.get("propertyPath"), query.get("propertyValue")
    exists = query.get("propertyExists")
    if value is not None and exists is not None:
        raise refuse(Reason.INVALID, "cannot stand beside propertyExists", "propertyValue")
    if path is None:
        if value is not None or exists is not None:
            raise refuse(Reason.INVALID, "is needed to look at a property", "propertyPath")
        return wanted
    if value is None and exists is None:
        raise refuse(Reason.INVALID, "needs propertyValue or propertyExists", "propertyPath")
    if not 0 < len(path) <= PATH_MAX:
        raise refuse(Reason.INVALID, f"must have 1 to {PATH_MAX} characters", "propertyPath")
    if exists not in (None, "true", "false"):
        raise refuse(Reason.INVALID, "must be true or false", "propertyExists")
    return wanted._replace(
        property_path=path,
        property_value=value,
        property_exists=None if exists is None else exists == "true",
    )


def _count(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not _WHOLE.match(text) or not 1 <= int(text) <= most:
        raise refuse(Reason.INVALID, f"must be a whole number from 1 to {most}", name)
    return int(text)


def _after(text: str, field: str) -> int:
    """The last microsecond that is shown as this time: times are shown in milliseconds."""
    return values.instant(text, field) // 1000 * 1000 + 999


def mirror_from_source(
    document: bytes,
    sender_id: str,
    org: int,  # noqa: ARG001 - every source is read alike
) -> OrderDraft:
    """An order of another system that was asked for as `sender_id`, to be mirrored in `org`.

    Refused: a document that is no order in Polinate's schema, or is another order.
    """
    told = read_json(document, _SOURCE_ORDER)
    if sender_id not in (told.id, told.internal_reference, told.external_reference):
        raise refuse(Reason.INVALID, "is not the order that was asked for", "id")
    said = {
        "external_id": told.id,
        "external_name": told.internal_reference,
        "external_reference": told.external_reference,
        "membership_id": told.membership_id,
        "integration_id": told.integration_id,
        "notes": told.notes,
        "delivery_address": told.delivery_address,
        "properties": values.json_text(told.properties),
        "expected_at": values.instant(told.expected_delivery_at, "expectedDeliveryAt"),
        "shipped_at": told.shipped_at and values.instant(told.shipped_at, "shippedAt"),
        "delivered_at": told.delivered_at and values.instant(told.delivered_at, "deliveredAt"),
        "ingested": True,
    }
    return OrderDraft(
        where="",
        sender_id=told.id,
        digest=hashlib.blake2b(document, digest_size=16).digest(),
        currency=values.code_of(told.currency, "currency"),
        total=values.money(told.total_amount, "totalAmount"),
        lines=tuple(
            _source_line(line, f"orderItems[{place}]")
            for place, line in enumerate(told.order_items)
        ),
        customer=CustomerRef(
            identifiers=(("external", told.partnership_id),), field="partnershipId"
        ),
        words=_words(told.phase, told.status),
        said=said,
    )


def _source_line(line: wire.SourceLine, where: str) -> DraftLine:
    variant = line.item_list_entry.item_variant_id
    return DraftLine(
        where=where,
        variant=VariantRef(names=(("external", variant),)),
        quantity=values.quantity(line.quantity, f"{where}.quantity"),
        price=values.money(line.price, f"{where}.price"),
        currency=values.code_of(line.currency, f"{where}.currency"),
        title=variant,
        unit_of_measure=line.unit_of_measure,
        cost=values.money(line.cost, f"{where}.cost"),
        properties=values.json_text(line.properties),
    )
