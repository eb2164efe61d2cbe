"""Polinate's items into commands; pure. A refusal names the field at fault."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from entrepot.core import products
from entrepot.core.decide.product import AmendProduct, MakeProduct, ProductPaths
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.expected import Expected
from entrepot.core.money import SCALE_MAX, Amount, shortened
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge import canonical, known, prefixes, read_only
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.polinate.items import wire
from entrepot.edge.polinate.orders import values
from entrepot.edge.strict_json import InvalidJson, decimal_number
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

SOURCE = "polinate"
PRICE_PLACES = 4
SKU_MAX = 255
_MADE = ProductPaths(handle="item.handle", name="item.name", status="item.status")
_AMENDED = ProductPaths(variants="createVariants", deleted="deleteVariants")
_ROOT = {
    "description": "description", "img_url": "image_url", "custom_type": "custom_type",
    "brand": "brand", "vendor_name": "vendor",
}  # fmt: skip
_PLAIN = {
    "variant_name": "name", "sku": "sku", "barcode": "barcode",
    "unit_of_measure": "unit_of_measure", "sequence": "sequence", "img_url": "image_url",
}  # fmt: skip
_MEASURES = ("weight", "length", "width", "height")
# What tells a repeat under a key from a reuse: whole members of the body, each in one spelling.
CREATION = ("item", "variants")
CHANGES = (
    "name", "description", "imgUrl", "customType", "brand", "vendorName", "status", "properties",
    "createVariants", "updateVariants", "deleteVariants",
)  # fmt: skip
# Further members that an item shows, and that may come back as they were read.
_SHOWN = frozenset({"id", "handle", "type", "createdAt", "updatedAt", "deletedAt", "variants"})
_VARIANT, _VARIANT_SHOWN = known.names(wire.ChangedVariant), known.names(wire.Variant)
# Members that only show and that a client may mean to change: a `Warning` names them.
_FIXED = ("id", "handle", "type", "createdAt", "deletedAt")
_OR_VARIANTS = (*_FIXED, "variants")
_LISTS = ("createVariants", "updateVariants", "deleteVariants")
_VARIANT_FIXED = _VARIANT_SHOWN - _VARIANT - {"updatedAt"}
_CREATE, _UPDATE = msgspec.json.Decoder(wire.CreateItem), msgspec.json.Decoder(wire.UpdateItem)
_members = msgspec.json.Decoder(dict[str, Raw]).decode


def creation(body: bytes) -> tuple[wire.CreateItem, dict[str, Raw]]:
    """The body that makes an item, and its members as they were sent."""
    told = read_json(body, _CREATE)
    return told, _members(body)


def changes(body: bytes) -> tuple[wire.UpdateItem, dict[str, Raw]]:
    """The body that changes an item. Refused: a body of which nothing is known."""
    told = read_json(body, _UPDATE)
    members = _members(body)
    if members and not any(name in CHANGES for name in members):
        raise refuse(Reason.INVALID, f"knows only {', '.join(CHANGES)}", "body")
    known.look_at_elements(members, "updateVariants", _VARIANT - {"id"})
    return told, members


def ignored(members: dict[str, Raw]) -> list[str]:
    """The members of a body of changes that change nothing."""
    names = [name for name in members if name not in CHANGES and name not in _SHOWN]
    for listed in ("createVariants", "updateVariants"):
        names += known.unknown(members, listed, _VARIANT | _VARIANT_SHOWN)
    return list(dict.fromkeys(names))


def claims(members: dict[str, Raw]) -> list[read_only.Claim]:
    """What a body of changes tells of members that only show.

    The item's variants are looked at where the body changes none.
    """
    says = [bytes(members[name]) for name in _LISTS if name in members]
    fixed = _OR_VARIANTS if all(raw in (b"null", b"[]") for raw in says) else _FIXED
    changed = known.elements(members.get("updateVariants"))
    return read_only.of_thing(members, fixed) + read_only.of_parts(
        changed, _VARIANT_FIXED, "updateVariants", "variants"
    )


def make_item(
    body: wire.CreateItem, members: dict[str, Raw], key: str | None, principal: Principal
) -> tuple[MakeProduct, Idempotency | None]:
    """The command and its key. Of a variant that is made here nobody counts stock until it is
    adjusted.
    """
    item = body.item
    said = {
        name: value
        for member, name in _ROOT.items()
        if (value := getattr(item, member)) is not None
    }
    said |= {
        name: value for name in ("handle", "type") if (value := getattr(item, name)) is not None
    }
    if item.status is not None:
        said["status"] = _status(item.status, "item.status")
    properties = values.free_object(item.properties, "item.properties")
    if properties is not None:
        said["properties"] = properties
    variants = tuple(
        _new_variant(one, f"variants[{index}]") for index, one in enumerate(body.variants)
    )
    command = MakeProduct(principal.org, SOURCE, item.name, variants, said, _MADE)
    return command, _keyed(key, "createItem", CREATION, members)


def amend_item(
    body: wire.UpdateItem,
    members: dict[str, Raw],
    product_id: bytes,
    key: str | None,
    principal: Principal,
    expected: Expected,
) -> tuple[AmendProduct, Idempotency | None]:
    """The command and its key. Variants are deleted, then updated, then created."""
    said: dict[str, Any] = {
        name: value
        for member, name in {"name": "name", **_ROOT}.items()
        if (value := getattr(body, member)) is not UNSET
    }
    if body.status is not UNSET:
        said["status"] = _status(body.status, "status")
    properties = values.free_object(body.properties, "properties")
    if properties is not None:
        said["properties"] = properties
    command = AmendProduct(
        principal.org, SOURCE, product_id, said,
        make=tuple(
            _new_variant(one, f"createVariants[{index}]")
            for index, one in enumerate(body.create_variants or ())
        ),
        change=tuple(
            _changed_variant(one, f"updateVariants[{index}]")
            for index, one in enumerate(body.update_variants or ())
        ),
        delete=tuple(
            (_variant_id(one, f"deleteVariants[{index}]"), f"deleteVariants[{index}]")
            for index, one in enumerate(body.delete_variants or ())
        ),
        expected=expected,
        paths=_AMENDED,
    )  # fmt: skip
    return command, _keyed(key, "updateItem", CHANGES, members, product_id)


def _keyed(
    key: str | None, operation: str, parts: tuple[str, ...], members: dict[str, Raw], *about: bytes
) -> Idempotency | None:
    if key is None:
        return None
    told = [
        canonical.text_of(canonical.plain(members[name])) if name in members else b""
        for name in parts
    ]
    names = (*["id" for _ in about], *parts)
    covered = fingerprint((*about, *told))
    return Idempotency(key, f"polinate.{operation}", names, covered, shows_times=True)


def _status(word: str, field: str) -> str:
    if word not in wire.STATUSES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(wire.STATUSES)}", field)
    return word.lower()


def _new_variant(told: wire.NewVariant, where: str) -> NewVariant:
    said = {name: one for name, one in _said(told, where).items() if one is not None}
    currency = values.code_of(told.currency, f"{where}.currency")
    price = _amount(told.price, f"{where}.price")
    sku = said.pop("sku", None)
    return NewVariant(where, currency, price, sku, said=said, name_field="variantName")


def _changed_variant(told: wire.ChangedVariant, where: str) -> VariantChange:
    """A change. What a mirrored order told of the variant may come back as it was read, and nothing
    else that a new variant cannot have.
    """
    said = _said(told, where)
    only_as_is: dict[str, Refusal | None] = {}
    if isinstance(told.sku, str) and len(told.sku) > SKU_MAX:
        sentence = f"must have at most {SKU_MAX} characters"
        only_as_is["sku"] = Refusal(Reason.INVALID, sentence, f"{where}.sku")
    if told.currency is not UNSET:
        field = f"{where}.currency"
        said["currency"] = values.told_code(told.currency, field)
        only_as_is["currency"] = _fault(partial(values.code_of, told.currency, field))
    if told.price is not UNSET:
        field = f"{where}.price"
        said["price"] = _exact(told.price, field)
        only_as_is["price"] = _fault(partial(_amount, told.price, field))
    faulty = {name: one for name, one in only_as_is.items() if one is not None}
    id_ = _variant_id(told.id, f"{where}.id")
    return VariantChange(where, id_, said, faulty, "variantName")


def _fault(read: Callable[[], object]) -> Refusal | None:
    """Why a new variant could not have a value; None where it could."""
    try:
        read()
    except Refused as refused:
        return refused.refusal
    return None


def _variant_id(text: str, field: str) -> bytes:
    found = values.id_of(text, *prefixes.VARIANT)
    if found is None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=field)
    return found


def _said(told: wire.VariantMembers, where: str) -> dict[str, Any]:
    """The told members of a variant, as the core calls them. Properties are merged deeply."""
    said: dict[str, Any] = {
        name: (None if value == "" and name == "sku" else value)
        for member, name in _PLAIN.items()
        if (value := getattr(told, member)) is not UNSET
    }
    if said.get("name") == "":
        said["name"] = products.DEFAULT
    if told.cost is not UNSET:
        said["cost"] = None if _is_null(told.cost) else _amount(told.cost, f"{where}.cost")
    for name in _MEASURES:
        raw: Raw | UnsetType = getattr(told, name)
        if raw is not UNSET:
            field = f"{where}.{name}"
            said[name] = None if _is_null(raw) else _decimal(raw, field).text()
    properties = values.free_object(told.properties, f"{where}.properties")
    if properties is not None:
        said["properties"] = properties
    return said


def _is_null(raw: Raw) -> bool:
    return bytes(raw) == b"null"


def _amount(raw: Raw, field: str) -> Amount:
    amount = Amount(*shortened(*_decimal(raw, field), PRICE_PLACES))
    if amount.scale > PRICE_PLACES:
        raise refuse(Reason.INVALID, f"must have at most {PRICE_PLACES} decimal places", field)
    return amount


def _decimal(raw: Raw, field: str) -> Amount:
    """A number of 0 or more, or a string of its digits."""
    amount = _exact(raw, field)
    if amount.units < 0:
        raise refuse(Reason.INVALID, "must be 0 or more", field)
    return amount


def _exact(raw: Raw, field: str) -> Amount:
    """A number of any sign, or a string of its digits."""
    text = bytes(raw)
    if text.startswith(b'"'):
        return values.money(msgspec.json.decode(text), field)
    try:
        amount = Amount(*shortened(*decimal_number(raw, field), SCALE_MAX))
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    if not amount.within_range():
        raise refuse(Reason.INVALID, "is too large, or has too many decimal places", field)
    return amount
