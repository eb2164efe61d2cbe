"""Ids are taken in every spelling that their kind has in some dialect."""

from __future__ import annotations

import json
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.edge.native.asking import UUID, Asking, asking

from entrepot.core.refusal import Refused
from entrepot.edge.dialect import Operation
from entrepot.edge.konvo.attributions.routes import list_attributions
from entrepot.edge.konvo.clicks.routes import list_clicks
from entrepot.edge.native import bodies, values
from entrepot.edge.native.dialect import DIALECT
from entrepot.edge.native.orders import asked

RAW = bytes.fromhex(UUID.replace("-", ""))
CUSTOMER = ("phm_", "pha_", "prt_")
OF_PATH = {
    "/v1/variants/{id}": ("var_",), "/v1/products/{id}": ("itm_",),
    "/v1/price-lists/{id}": ("list_",), "/v1/invoices/{id}": ("inv_",),
    "/v1/customers/{id}": CUSTOMER,
}  # fmt: skip
NAMED = [
    (one, prefix)
    for one in DIALECT.operations
    if one.method == "GET"
    for prefix in OF_PATH.get(one.path, ())
]
OF_TYPE = [
    (values.LineId, ("oi_",)), (values.VariantId, ("var_",)), (values.CustomerId, CUSTOMER),
    (values.ContactId, ("eml_", "phn_")), (values.PlaceId, ("loc_",)), (values.Id, ()),
]  # fmt: skip
OF_MEMBER = {"variant_id": "_VariantId", "customer_id": "_CustomerId", "line_id": "_LineId"}


SHAPES = [
    asked, *[import_module(f"entrepot.edge.native.{name}.wire") for name in (
        "broadcasts", "customers", "goods", "orders", "price_lists", "products", "touches",
        "valuation",
    )],
]  # fmt: skip


class Read(Exception):
    """What a handler asks the book for."""


class Looking(Asking):
    async def read(self, *asked: Any, **named: Any) -> Any:
        raise Read([*asked[1:], *named.values()])


def spellings(prefix: str) -> list[str]:
    return [UUID, prefix + RAW.hex(), prefix.upper() + UUID.upper()]


def test_every_path_of_these_kinds_is_tried() -> None:
    assert {one.path for one, _ in NAMED} == set(OF_PATH)


@pytest.mark.parametrize(("operation", "prefix"), NAMED, ids=lambda one: getattr(one, "path", one))
async def test_a_path_names_one_in_every_spelling(operation: Operation, prefix: str) -> None:
    for text in spellings(prefix):
        call = looking({"id": text})
        with pytest.raises(Read) as told:
            await operation.handler(call)
        assert RAW in told.value.args[0], text
    with pytest.raises(Refused):
        await operation.handler(looking({"id": f"ord_{RAW.hex()}"}))


@pytest.mark.parametrize(("type_", "prefixes"), OF_TYPE)
def test_a_body_names_one_in_every_spelling(type_: Any, prefixes: tuple[str, ...]) -> None:
    decoder = bodies.decoder(msgspec.defstruct("One", [("id", type_)]))
    for prefix in ("", *prefixes):
        for text in spellings(prefix):
            assert decoder.decode(json.dumps({"id": text})).id.raw == RAW
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(json.dumps({"id": f"ord_{RAW.hex()}"}))


@pytest.mark.parametrize("shapes", SHAPES, ids=lambda one: one.__name__)
def test_a_member_has_the_type_of_its_kind(shapes: ModuleType) -> None:
    for shape in vars(shapes).values():
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            for field in msgspec.structs.fields(shape):
                if "_Id" in repr(field.type):
                    assert field.name not in OF_MEMBER, (shape, field.name)


@pytest.mark.parametrize("handler", [list_clicks, list_attributions])
@pytest.mark.parametrize("prefix", CUSTOMER)
async def test_konvo_finds_by_a_contact_in_every_spelling(handler: Any, prefix: str) -> None:
    for text in spellings(prefix):
        with pytest.raises(Read) as told:
            await handler(looking({}, f"contact={text}"))
        assert RAW.hex() in repr_of(told.value.args[0])


def repr_of(asked: list[Any]) -> str:
    """What was asked for, with the bytes in it as hex digits."""
    flat = [part for one in asked for part in (one if isinstance(one, tuple) else (one,))]
    return " ".join(one.hex() if isinstance(one, bytes) else repr(one) for one in flat)


def looking(path_ids: dict[str, str], query: str = "") -> Looking:
    plain = asking(query=query)
    return Looking(
        SimpleNamespace(), "request-1", "GET", path_ids, query.encode(), {}, plain.principal, b"",
    )  # fmt: skip
