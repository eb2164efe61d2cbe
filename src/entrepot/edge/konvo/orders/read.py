"""Konvo's requests into commands; pure. A refusal names the path of the member at fault."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from entrepot.core import ids
from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.money import SCALE_MAX, UNITS_MAX, Amount, stripped
from entrepot.core.order import sealed_digest
from entrepot.core.order_filter import OrderFilter
from entrepot.core.quantity import whole
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge import addresses, currency, goods_names, prefixes, quantities
from entrepot.edge.access import Principal
from entrepot.edge.card_numbers import refuse_card_members
from entrepot.edge.dialect import read_json
from entrepot.edge.konvo import paging
from entrepot.edge.konvo.orders import absent, faulty, wire
from entrepot.edge.konvo.words import STATUS
from entrepot.edge.strict_json import (
    InvalidJson,
    Misshapen,
    decimal,
    decimal_number,
    number_text,
)
from entrepot.pace import breathe

METADATA_BYTES_MAX = 65_536

_DIGITS_MAX = len(str(UNITS_MAX))
_ONE = whole(1)
# Numbers of the sender's own metadata stay decimal, so that what comes out is what went in.
_encode = msgspec.json.Encoder(decimal_format="number").encode
_canonical = msgspec.json.Encoder(decimal_format="number", order="sorted").encode

_ORDERS: msgspec.json.Decoder[list[wire.OrderInput]] = msgspec.json.Decoder(
    wire.CreateOrders, float_hook=decimal
)


def orders(body: bytes) -> list[wire.OrderInput]:
    """The array of orders. Null for a member that may be absent says that the member is absent.

    Refused: an array that holds orders which are none; every one of them is named.
    """
    # Most senders leave such members out, and pay nothing for those that do not.
    if b"null" not in body:
        return _orders(body)
    try:
        told = read_json(body, _ORDERS)
    except Refused as refused:
        if not isinstance(refused.__cause__, Misshapen):
            raise
        told = None
    found = absent.without_nulls(body, wire.OrderInput)
    return told if found is None and told is not None else _orders(found or body)


def _orders(body: bytes) -> list[wire.OrderInput]:
    try:
        return read_json(body, _ORDERS)
    except Refused as refused:
        if not isinstance(refused.__cause__, Misshapen):
            raise
        every = faulty.of_array(body, _draft)
        if every is None:
            raise
        raise Refused(every) from refused


def mirror_orders(body: list[wire.OrderInput], principal: Principal) -> MirrorOrders:
    """The command: every order of the array, or none of them. Every faulty order is named."""
    drafts: list[OrderDraft] = []
    faults: list[list[Refusal]] = []
    for index, order in enumerate(body):
        if index:
            breathe()
        try:
            drafts.append(_draft(order, f"[{index}]"))
        except Refused as refused:
            faults.append([refused.refusal])
    if faults and (refusal := faulty.kept_out(faults, len(body))) is not None:
        raise Refused(refusal)
    return MirrorOrders(principal.org, "konvo", tuple(drafts))


def _draft(order: wire.OrderInput, where: str) -> OrderDraft:
    code, places = _currency(order.currency, where)
    words: list[tuple[str, str]] = []
    as_shown: tuple[str, ...] = ()
    # Later words win where two contradict: the status is the order's, the shipment the parcel's.
    if order.shipment_status is not UNSET:
        words.append(("konvo_shipment", order.shipment_status))
    if order.status is not UNSET:
        word = _status(order.status, where)
        words.append(("konvo", word))
        # Senders tell it in lower case; in upper case an order shows it.
        as_shown = ("konvo",) if word != order.status else ()
    told = digest(order)
    total = _amount(order.order_total, places, where, "orderTotal")
    lines = tuple([
        _line(item, f"{where}.items[{index}]") for index, item in enumerate(order.items)
    ])  # fmt: skip
    return OrderDraft(
        where, order.id, sealed_digest(order.id, told), code, total, lines,
        _customer(order.customer), tuple(words), _said(order, where), as_shown,
    )  # fmt: skip


def digest(order: wire.OrderInput) -> bytes:
    """The digest that tells a repeat from a change: 16 bytes over every member that is read.

    The order of members does not matter, nor white space, nor members that Konvo does not know.
    """
    return hashlib.blake2b(_canonical(order), digest_size=16).digest()


def _said(order: wire.OrderInput, where: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "external_id": None if order.external_id is UNSET else order.external_id,
        "external_name": order.friendly_name,
        "channel": "API",
        "sale_source": None if order.source is UNSET else order.source,
        "tracking_url": None if order.tracking_url is UNSET else order.tracking_url,
        "address": None if order.address is UNSET else _encode(order.address).decode(),
        "metadata": None,
    }
    if order.metadata is not UNSET:
        metadata = _encode(order.metadata)
        if len(metadata) > METADATA_BYTES_MAX:
            raise refuse(Reason.INVALID, f"at most {METADATA_BYTES_MAX} bytes", f"{where}.metadata")
        refuse_card_members(metadata, f"{where}.metadata")
        said["metadata"] = metadata.decode()
    return said


def _customer(customer: wire.OrderCustomer) -> CustomerRef:
    told: dict[str, list[str]] = {"email": [], "phone": [], "handle": []}
    for one in customer.user_ids or ():
        if identifier := one.id.strip():
            told[one.type].append(identifier)
    emails, phones = told["email"], told["phone"]
    names = list(map(addresses.email, emails))
    for phone in phones:
        number = addresses.phone(phone)
        names.append(number)
        if number is not None and number[1] != (before := addresses.digits_of(phone)):
            names.append(addresses.indexed("phone", before))
    names += map(addresses.handle, told["handle"])
    return CustomerRef(
        None, tuple(filter(None, dict.fromkeys(names))),
        addresses.own_id("konvo", customer.id), customer.first_name, customer.last_name,
        emails[0] if emails else None, phones[0] if phones else None, "customer",
    )  # fmt: skip


def _line(item: wire.OrderedItem, where: str) -> DraftLine:
    code, places = _currency(item.currency, where)
    quantity = _ONE
    if item.quantity is not UNSET:
        quantity = quantities.told(item.quantity, f"{where}.quantity")
    _number(item.msrp, f"{where}.msrp")
    details: dict[str, Any] = {
        "id": item.id,
        "description": item.description,
        "msrp": item.msrp,
        "imageUrl": item.image_url,
    }
    if item.available is not UNSET:
        details["available"] = item.available
    if item.inventory_quantity is not UNSET:
        _number(item.inventory_quantity, f"{where}.inventoryQuantity")
        details["inventoryQuantity"] = item.inventory_quantity
    price = _amount(item.price, places, where, "price")
    return DraftLine(
        where, _variant(item), quantity, price, code, item.name, item.sku or None,
        details=_encode(details).decode(), counted=item.quantity is not UNSET, bare=_is_bare(item),
    )  # fmt: skip


def _is_bare(item: wire.OrderedItem) -> bool:
    """Whether the item says no more than a line that another dialect made is shown with."""
    if item.description or item.image_url or bytes(item.msrp) != bytes(item.price):
        return False
    if item.available is not UNSET or item.inventory_quantity is not UNSET:
        return False
    return ids.spelled(item.id, "") is not None


def _variant(item: wire.OrderedItem) -> VariantRef:
    """By the item's id; by its SKU where the id is not known yet, or empty; else by its name."""
    if item.id:
        # No long text stays in memory.
        short = len(item.id) + len(item.sku) <= addresses.NAME_MAX
        return _often_with_id(item.id, item.sku) if short else _with_id(item.id, item.sku)
    kind, name = ("sku", item.sku) if item.sku else ("title", item.name)
    return VariantRef(names=(goods_names.name(kind, name),), older=goods_names.older(kind, name))


def _with_id(id_: str, sku: str) -> VariantRef:
    names = (addresses.indexed("konvo", id_),)
    variant_id = ids.spelled(id_, *prefixes.VARIANT)
    return VariantRef(variant_id, None, names, skus=goods_names.of_sku(sku or None))


# Goods are in many orders.
_often_with_id = lru_cache(maxsize=4096)(_with_id)


def _status(text: str, where: str) -> str:
    """The word, told in either case: an order shows it in upper case."""
    word = text.lower()
    if word not in STATUS:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(STATUS)}", f"{where}.status")
    return word


def _currency(text: str, where: str) -> tuple[str, int]:
    """The currency that is kept, and the number of decimal places of its amounts."""
    found = _told_currency(text)
    if found is None:
        sentence = "has letters that only look like a currency's code"
        raise refuse(Reason.INVALID, sentence, f"{where}.currency")
    return found


@lru_cache(maxsize=1024)
def _told_currency(text: str) -> tuple[str, int] | None:
    code = currency.told_code(text)
    return None if code is None else (code, currency.stripe_digits(code))


def _amount(raw: Raw, places: int, where: str, name: str) -> Amount:
    """An amount in the minor unit, exactly. The way it is nearly always written is read at once."""
    text = bytes(raw)
    if len(text) < _DIGITS_MAX and text.isdigit():
        return Amount(int(text), places)
    try:
        units, scale = decimal_number(raw, f"{where}.{name}")
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    units, scale = stripped(units, scale)
    amount = Amount(units, scale + places)
    if amount.scale > SCALE_MAX:
        sentence = f"at most {SCALE_MAX - places} decimal places of the smallest unit"
        raise refuse(Reason.INVALID, sentence, f"{where}.{name}")
    if not amount.within_range():
        sentence = f"is too large: at most {UNITS_MAX} in its last decimal place"
        raise refuse(Reason.INVALID, sentence, f"{where}.{name}")
    return amount


def _number(raw: Raw, path: str) -> None:
    if bytes(raw).isdigit():
        return
    try:
        number_text(raw, path)
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error


def page(query: dict[str, str]) -> tuple[OrderFilter, int, int]:
    """Filter, limit (50 unless told, at most 200) and offset of the page (1 unless told)."""
    limit, offset = paging.page(query)
    wanted = OrderFilter(
        created_min=paging.since(query, "created_at_min"),
        created_max=paging.until(query, "created_at_max"),
        updated_min=paging.since(query, "updated_at_min"),
        updated_max=paging.until(query, "updated_at_max"),
    )
    return wanted, limit, offset
