"""Synq's requests about products and variants into commands; pure."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from entrepot.core.decide.product import AmendProduct, MakeProduct, ProductPaths
from entrepot.core.decide.variants import NewVariant
from entrepot.core.money import ZERO, Amount, shortened, storable
from entrepot.core.products import DELETED
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import currency
from entrepot.edge.card_numbers import refuse_card_members
from entrepot.edge.strict_json import InvalidJson, decimal_number
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.products import wire

MAKE: msgspec.json.Decoder[wire.Told] = msgspec.json.Decoder(wire.MakeProduct)
CHANGE: msgspec.json.Decoder[wire.Told] = msgspec.json.Decoder(wire.ChangeProduct)
MAKE_VARIANT: msgspec.json.Decoder[wire.MakeVariant] = msgspec.json.Decoder(wire.MakeVariant)
SOURCE = "synq"
_CURRENCY = "USD"
_NULL = (b"", b"null")
_PATHS = ProductPaths(name="title")
# Members of a product that every dialect may tell, by the names that they have in the book.
_COMMON = {"title": "name", "description": "description", "category": "category", "brand": "brand"}
_IDS = ("category_id", "brand_id")
# Members that Synq alone knows.
DETAILS = tuple(
    name for name in wire.Told.__struct_fields__ if name not in _COMMON and name not in _IDS
)


class OfOrganization(Protocol):
    """Who tells of a product: a caller, or the bulk job that a caller asked for."""

    @property
    def org(self) -> int:
        """The organization."""
        ...


def make_product(body: wire.Told, of: OfOrganization, *variants: NewVariant) -> MakeProduct:
    """The command. Refused: no title."""
    said = _said(body)
    name = said.pop("name", "").strip()
    if not name:
        raise refuse(Reason.INVALID, "The field is required, and must not be blank", "title")
    return MakeProduct(of.org, SOURCE, name, variants, said, _PATHS, bare=True)


def change_product(body: wire.Told, product_id: bytes, of: OfOrganization) -> AmendProduct:
    """The command. What is absent, empty or null stays as it is."""
    return AmendProduct(of.org, SOURCE, product_id, _said(body), paths=_PATHS, live=True)


def delete_product(product_id: bytes, of: OfOrganization) -> AmendProduct:
    """The command."""
    return AmendProduct(of.org, SOURCE, product_id, {"status": DELETED}, live=True)


def make_variant(body: wire.MakeVariant, product_id: bytes, of: OfOrganization) -> AmendProduct:
    """The command: one more variant of the product."""
    made = new_variant(body, "")
    return AmendProduct(of.org, SOURCE, product_id, make=(made,), live=True)


def new_variant(body: wire.MakeVariant, where: str) -> NewVariant:
    """A variant to make, in USD unless told; `where` is its path in the body."""
    said: dict[str, Any] = {}
    if body.barcode:
        said["barcode"] = body.barcode
    cost = _amount(body.cost_price, f"{where}cost_price")
    if cost is not None:
        said["cost"] = cost
    if bytes(body.option_values) not in _NULL:
        said["options"] = _options(body.option_values, f"{where}option_values")
    price = _amount(body.price, f"{where}price")
    code = _currency(body.currency, where)
    if code and price is None:
        raise refuse(Reason.INVALID, f"say the price in {code}", f"{where}price")
    code = code or (_CURRENCY if price is not None else "")
    sku = (body.sku or "").strip() or None
    return NewVariant(where.rstrip("."), code, ZERO if price is None else price, sku, said=said)


def _said(body: wire.Told) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: getattr(body, member) for member, name in _COMMON.items() if getattr(body, member)
    }
    for member in _IDS:
        if told := getattr(body, member):
            said[member] = uuid(told, member)
    details = {name: getattr(body, name) for name in DETAILS}
    if told_details := {name: one for name, one in details.items() if one not in (None, "")}:
        said["details"] = told_details
    return said


def _currency(told: str | None, where: str) -> str:
    if not told:
        return ""
    code = currency.iso_code(told)
    if code is None:
        sentence = "must be an ISO 4217 currency of three letters"
        raise refuse(Reason.INVALID, sentence, f"{where}currency")
    if not currency.is_money(code):
        sentence = f"{code} is no money that can be paid in"
        raise refuse(Reason.INVALID, sentence, f"{where}currency")
    return code


def _amount(told: msgspec.Raw, field: str) -> Amount | None:
    if bytes(told) in _NULL:
        return None
    try:
        amount = Amount(*decimal_number(told, field))
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    if amount.units < 0:
        raise refuse(Reason.INVALID, "must be 0 or more", field)
    amount = Amount(*shortened(*amount, wire.PRICE_PLACES))
    if amount.scale > wire.PRICE_PLACES or not storable(amount):
        sentence = f"must have at most {wire.PRICE_PLACES} decimal places, and be in range"
        raise refuse(Reason.INVALID, sentence, field)
    return amount


def _options(told: msgspec.Raw, field: str) -> str:
    text = bytes(told).decode()
    if not text.startswith("{"):
        raise refuse(Reason.INVALID, "must be an object", field)
    refuse_card_members(bytes(told), field)
    return text
