"""What the integration service and its clients tell into commands; pure."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from entrepot.core import ids
from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.decide.connect import Connect
from entrepot.core.decide.hear import Heard, KeepHeard, ReceiveOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.push import PushProduct
from entrepot.core.integrations import COMMERCE, Connection, key_of
from entrepot.core.naming import visible
from entrepot.core.quantity import ONE, Quantity
from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge import addresses, canonical, currency, goods_names, prefixes, quantities
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.integrations import wire
from entrepot.edge.synq.orders.read import unit_price
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint, well_formed

CALLBACK: msgspec.json.Decoder[wire.Callback] = msgspec.json.Decoder(wire.Callback)
PUSH: msgspec.json.Decoder[wire.Push] = msgspec.json.Decoder(wire.Push)
EVENT: msgspec.json.Decoder[wire.Event] = msgspec.json.Decoder(wire.Event)
_NAMED: msgspec.json.Decoder[wire.Named] = msgspec.json.Decoder(wire.Named)
_ORDER: msgspec.json.Decoder[wire.Order] = msgspec.json.Decoder(wire.Order)
_ORDER_EVENTS = (".order.created", ".order.updated")
_ITEM = ".item."
# Bytes of an item's data that are kept.
_DATA_MAX = 16 * 1024
_CURRENCY = "USD"
_ABSENT = (b"", b"null")
_WHERE = "data"


class Told(NamedTuple):
    """An event as it was told. `order` is the text of an order that is told with its id."""

    heard: Heard
    order: bytes | None


def connect(body: wire.Callback, provider: str, principal: Principal) -> Connect:
    """The command. The provider was looked up."""
    return Connect(
        principal.org, "synq", body.connection_id, provider.strip().lower(),
        body.category or COMMERCE,
    )  # fmt: skip


def push(body: wire.Push, connections: list[Connection], principal: Principal) -> PushProduct:
    """The command. Refused: an id that is none."""
    product_id = uuid(body.productId, "productId", *prefixes.PRODUCT)
    names = tuple(one.name for one in connections)
    return PushProduct(principal.org, product_id, body.action, names)


def told(body: bytes) -> Told:
    """What a connection tells. Refused: no such JSON, and an order without an id."""
    event = read_json(body, EVENT)
    data = bytes(event.data)
    is_order = f".{event.event}".endswith(_ORDER_EVENTS)
    external_id = None
    if is_order or data not in _ABSENT:
        external_id = _id(data if data not in _ABSENT else b"{}", needed=is_order)
    kept = None
    if not is_order and _ITEM in f".{event.event}" and 0 < len(data) <= _DATA_MAX:
        kept = data.decode() if data[:1] == b"{" else None
    heard = Heard(event.connection_id, event.event, external_id, kept)
    return Told(heard, data if is_order else None)


def _id(data: bytes, *, needed: bool) -> str | None:
    try:
        return read_json(data, _NAMED, sound=True).id
    except Refused as refused:
        if not needed:
            return None
        one = refused.refusal
        raise refuse(one.reason, one.detail, _below(one.field)) from refused


def _below(field: str | None) -> str:
    return f"{_WHERE}.{field}" if field else _WHERE


def keep(told: Told, principal: Principal) -> KeepHeard:
    """The command for an event that is no order."""
    return KeepHeard(principal.org, "synq", told.heard)


def receive(told: Told, connection: Connection, *, placed: bool) -> ReceiveOrder:
    """The command for an order that a connection tells. `placed`: it was placed already."""
    assert told.order is not None
    assert told.heard.external_id is not None
    command = ReceiveOrder(
        connection.org, "synq", told.heard, connection.id, told.heard.external_id,
        digest(told.order), None,
    )  # fmt: skip
    if placed:
        return command
    try:
        return command._replace(placing=_placing(told, connection))
    except Refused as refused:
        return command._replace(fault=refused.refusal.sentence)


def digest(data: bytes) -> bytes:
    """A digest of what is told: neither the order of members counts, nor blanks between them."""
    spelled = canonical.text_of(canonical.plain(msgspec.Raw(data)))
    return hashlib.blake2b(spelled, digest_size=16).digest()


def idempotency(command: ReceiveOrder) -> Idempotency:
    """The key of an order: whatever is told under it later makes no second order."""
    key = key_of(command.heard.connection, command.external_id)
    if not well_formed(key):
        key = f"unified:sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return Idempotency(
        key, "synq.receiveOrder", ("order",), fingerprint((key.encode(),)), store_refusals=False
    )


def _placing(told: Told, connection: Connection) -> PlaceOrder:
    heard, data = told
    assert data is not None
    try:
        order = read_json(data, _ORDER, sound=True)
    except Refused as refused:
        one = refused.refusal
        raise refuse(one.reason, one.detail, _below(one.field)) from refused
    if not order.line_items:
        raise refuse(Reason.INVALID, "at least one line is needed", "data.line_items")
    sent = order.currency or _CURRENCY
    code = currency.iso_code(sent)
    if code is None or not currency.is_money(code):
        raise refuse(Reason.INVALID, f"{sent} is no ISO 4217 currency", "data.currency")
    lines = tuple([
        _line(line, f"data.line_items[{index}]", code, connection)
        for index, line in enumerate(order.line_items)
    ])  # fmt: skip
    command = ReceiveOrder(connection.org, "", heard, b"", heard.external_id or "", b"", None)
    said = {
        "payment_provider": connection.provider,
        "payment_reference": heard.external_id,
        "source_platform": connection.provider,
        "external_id": heard.external_id,
        "idempotency_key": idempotency(command).key,
    }
    return PlaceOrder(
        connection.org, "synq", code, lines, places=currency.smallest_digits(code), said=said,
        from_default_location=True, paid_elsewhere=True,
    )  # fmt: skip


def _line(line: wire.Line, where: str, code: str, connection: Connection) -> DraftLine:
    title = visible(line.name or line.description or line.sku or "", f"{where}.name")
    name = "unit_amount" if bytes(line.unit_amount) not in _ABSENT else "amount"
    price = unit_price(getattr(line, name), f"{where}.{name}")
    quantity = Quantity(ONE)
    if bytes(line.quantity) not in _ABSENT:
        quantity = quantities.told(line.quantity, f"{where}.quantity")
    if quantity <= 0:
        raise refuse(Reason.INVALID, "must be more than 0", f"{where}.quantity")
    return DraftLine(
        where, _variant(line, title, connection), quantity, price, code, title, line.sku or None,
    )  # fmt: skip


def _variant(line: wire.Line, title: str, connection: Connection) -> VariantRef:
    """By the item's id, if it is ours; by the SKU, then the shop's own id; by the title where there
    is neither.
    """
    names = []
    older: tuple[goods_names.Name, ...] = ()
    if line.sku or not line.item_id:
        kind, told = ("sku", line.sku) if line.sku else ("title", title)
        names, older = [goods_names.name(kind, told)], goods_names.older(kind, told)
    if line.item_id:
        names.append(addresses.indexed("unified", f"{connection.name}:{line.item_id}"))
    variant_id = ids.spelled(line.item_id, *prefixes.VARIANT) if line.item_id else None
    return VariantRef(variant_id, None, tuple(names), older=older)
