"""Synq's requests into commands; pure. A refusal names the field at fault."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import UNITS_MAX, ZERO, Amount, shortened, stripped
from entrepot.core.naming import visible
from entrepot.core.quantity import LINE_MAX, ONE, Quantity
from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge import currency, goods_names, prefixes, query_numbers
from entrepot.edge.access import Principal
from entrepot.edge.card_numbers import refuse_card_number
from entrepot.edge.dialect import read_json
from entrepot.edge.strict_json import InvalidJson, decimal_number, decode, whole_number
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.orders import claims, sent_back, wire
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint, well_formed

_QUANTITY_MAX = LINE_MAX // ONE
# The members that tell a repeat from a reuse, in version 1 of the fingerprint.
_PARTS = (
    "payment_provider", "payment_reference", "customer_id", "currency", "channel",
    "source_platform", "items",
)  # fmt: skip
_NUMBER_MAX = 10**18  # of a query


class Placing(NamedTuple):
    """An order to place, and its key. `read_as` is the id of the order that the body has."""

    command: PlaceOrder
    idempotency: Idempotency
    read_as: bytes | None = None


def create_order(body: bytes, principal: Principal) -> Placing:
    """The command and its key. Refused: what cannot be taken, and another price than the lines'."""
    try:
        # Nearly every body has known members only: what such an order costs is said by its lines.
        return Placing(*place_order(decode(body, _KNOWN_MEMBERS), principal))
    except InvalidJson:
        told = read_json(body, CREATE_ORDER)
    placing = _sent_back(told, principal)
    command = placing.command
    claims.check(body, command.lines, currency.smallest_digits(command.currency))
    return placing


def is_shown(placing: Placing, shown: bytes, principal: Principal) -> bool:
    """Whether this is the order as it is shown, with the same key and content.

    An order shows more than was told: the guest customer of an order of nobody, a variant's SKU.
    """
    try:
        order = read_json(shown, CREATE_ORDER)
        _, idempotency = place_order(sent_back.as_placed(order), principal)
    except Refused:
        # Others have made of it what Synq cannot tell.
        return False
    told = placing.idempotency
    return (told.key, told.fingerprint) == (idempotency.key, idempotency.fingerprint)


def _sent_back(told: wire.OrderAsRead, principal: Principal) -> Placing:
    """The command and its key of a body that may be an order as it was read."""
    if sent_back.order_id(told) is None:
        return Placing(*place_order(told, principal))
    return Placing(*place_order(sent_back.as_placed(told), principal), sent_back.order_id(told))


def place_order(body: wire.CreateOrder, principal: Principal) -> tuple[PlaceOrder, Idempotency]:
    """The command and its key. The key belongs to the organization, not to the caller."""
    if not well_formed(body.idempotency_key):
        raise refuse(
            Reason.KEY_MALFORMED,
            "1 to 255 visible ASCII characters, spaces inside",
            "idempotency_key",
        )
    name, items = ("line_items", body.line_items) if not body.items else ("items", body.items)
    if not items:
        raise refuse(Reason.INVALID, "at least one line is needed", "items")
    if body.items and body.line_items:
        raise refuse(Reason.INVALID, "send `items` or `line_items`, not both", "line_items")
    sent = body.currency or "USD"
    code = currency.iso_code(sent)
    if code is None:
        raise refuse(Reason.INVALID, f"{sent} is no ISO 4217 currency", "currency")
    if not currency.is_money(code):
        raise refuse(Reason.INVALID, f"{code} is no money that can be paid in", "currency")
    for field in ("payment_provider", "payment_reference"):
        refuse_card_number(visible(getattr(body, field), field), field)
    customer = CustomerRef()
    if body.customer_id:
        customer = CustomerRef(
            customer_id=uuid(body.customer_id, "customer_id", *prefixes.CUSTOMER)
        )
    lines = tuple(_line(item, f"{name}[{index}]", code) for index, item in enumerate(items))
    said = {
        "payment_provider": body.payment_provider,
        "payment_reference": body.payment_reference,
        "channel": body.channel,
        "source_platform": body.source_platform,
        "idempotency_key": body.idempotency_key,
    }
    command = PlaceOrder(
        principal.org, "synq", code, lines, customer,
        places=currency.smallest_digits(code), said=said, makes=True,
    )  # fmt: skip
    return command, _idempotency(body.idempotency_key, command)


def _idempotency(key: str, command: PlaceOrder) -> Idempotency:
    """Prices that are equal are one price, however they are written."""
    prices = [line.price or ZERO for line in command.lines]
    plain = [
        price if price.units % 10 or not price.scale else Amount(*stripped(*price))
        for price in prices
    ]
    # Version 0 took prices as they were written.
    older = () if plain == prices else (partial(_fingerprint, command, prices, 0),)
    return Idempotency(key, "synq.createOrder", _PARTS, _fingerprint(command, plain), older=older)


def _fingerprint(command: PlaceOrder, prices: list[Amount], version: int = 1) -> bytes:
    """Versions 0 and 1. A member that an order or a line gets later does not belong here."""
    said = command.said
    lines = [
        _compared(line, price) for line, price in zip(command.lines, prices, strict=True)
    ]  # fmt: skip
    parts = (
        said["payment_provider"].encode(), said["payment_reference"].encode(),
        command.customer.customer_id or b"", command.currency.encode(),
        (said["channel"] or "").encode(), (said["source_platform"] or "").encode(),
        msgspec.json.encode(lines),
    )  # fmt: skip
    return fingerprint(parts, version)


def _compared(line: DraftLine, price: Amount) -> tuple[object, ...]:
    """A line as version 1 compares it. Nothing stands where Synq's lines say nothing.

    The path is left out, which `line_items` changes, and so is the currency, which is the order's.
    """
    of = line.variant
    return (
        "", (of.variant_id, of.entry_id, of.names, of.field), line.quantity // ONE, price, None,
        line.title, line.sku, line.variant_title, line.location_id, None, None,
        line.requires_shipping, None, None,
    )  # fmt: skip


def _line(item: wire.LineItem, where: str, code: str) -> DraftLine:
    visible(item.product_title, f"{where}.product_title")
    variant_id = None
    if item.variant_id:
        variant_id = uuid(item.variant_id, f"{where}.variant_id", *prefixes.VARIANT)
    location_id = uuid(item.location_id, f"{where}.location_id") if item.location_id else None
    if variant_id is not None and location_id is None:
        raise refuse(Reason.INVALID, "needed to reserve stock of a variant", f"{where}.location_id")
    names: tuple[tuple[str, str], ...] = ()
    older: tuple[tuple[str, str], ...] = ()
    if variant_id is None:
        kind, told = ("sku", item.sku) if item.sku else ("title", item.product_title)
        names, older = (goods_names.name(kind, told),), goods_names.older(kind, told)
    price = unit_price(item.unit_price, f"{where}.unit_price")
    try:
        quantity = whole_number(item.quantity, f"{where}.quantity")
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    if not 0 < quantity <= _QUANTITY_MAX:
        raise refuse(Reason.INVALID, f"must be 1 to {_QUANTITY_MAX}", f"{where}.quantity")
    # By place: every line comes here, and a name for each member is slow.
    return DraftLine(
        where, VariantRef(variant_id, None, names, older=older), Quantity(quantity * ONE), price,
        code,
        item.product_title, item.sku, item.variant_title,
        location_id if variant_id is not None else None, None, None,
        item.requires_shipping is not False,
    )  # fmt: skip


def unit_price(raw: msgspec.Raw, field: str) -> Amount:
    """A price of 0 or more, of up to four decimal places, as it was told."""
    try:
        price = Amount(*decimal_number(raw, field))
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    if price.units < 0:
        raise refuse(Reason.INVALID, "must be 0 or more", field)
    if price.scale > wire.PRICE_PLACES:
        # Zeros at the end are no places.
        price = Amount(*shortened(*price, wire.PRICE_PLACES))
        if price.scale > wire.PRICE_PLACES:
            raise refuse(Reason.INVALID, "at most four decimal places", field)
    if not price.within_range():
        sentence = f"is too large: at most {UNITS_MAX} in its last decimal place"
        raise refuse(Reason.INVALID, sentence, field)
    return price


def page(query: dict[str, str]) -> tuple[int, int]:
    """Limit (50 unless told, clamped to 100) and offset (0 unless told)."""
    limit = _whole(query.get("limit", "50"), "limit")
    offset = _whole(query.get("offset", "0"), "offset")
    if limit < 1:
        raise refuse(Reason.INVALID, "must be 1 or more", "limit")
    if offset < 0:
        raise refuse(Reason.INVALID, "must be 0 or more", "offset")
    return min(limit, 100), offset


def _whole(text: str, field: str) -> int:
    number = query_numbers.whole(text)
    if number is None or number > _NUMBER_MAX:
        raise refuse(Reason.INVALID, "must be a whole number", field)
    return number


_KNOWN_MEMBERS: msgspec.json.Decoder[wire.CreateOrder] = msgspec.json.Decoder(wire.KnownMembers)
CREATE_ORDER: msgspec.json.Decoder[wire.OrderAsRead] = msgspec.json.Decoder(wire.OrderAsRead)
