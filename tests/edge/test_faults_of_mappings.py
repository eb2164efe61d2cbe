"""A fault within a mapping of a body names its member, in every dialect and at any depth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args

import pytest
from msgspec import inspect

from entrepot.core.refusal import Refusal, Refused
from entrepot.edge.dialect import read_json
from entrepot.edge.dialects import ALL
from entrepot.edge.json_walk import step
from entrepot.edge.native import bodies
from entrepot.edge.native.products import wire
from entrepot.edge.native.refusals import pointer

Path = tuple[str | int, ...]
KEY = "the colour"


def mappings(told: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, bool]]:
    """The places of mappings in a body, and whether their values have a type."""
    if isinstance(told, inspect.Metadata):
        listed = (told.extra_json_schema or {}).get("type", ())
        if isinstance(told.type, inspect.RawType | inspect.CustomType) and "object" in listed:
            yield path, False  # "object" alone, or a list of it and null
        else:
            yield from mappings(told.type, path)
    elif isinstance(told, inspect.UnionType):
        for one in told.types:
            yield from mappings(one, path)
    elif isinstance(told, inspect.DictType):
        yield path, not isinstance(told.value_type, inspect.AnyType)
    elif isinstance(told, inspect.ListType):
        yield from mappings(told.item_type, (*path, 0))
    elif isinstance(told, inspect.StructType):
        for field in told.fields:
            yield from mappings(field.type, (*path, field.encode_name))


FOUND = [
    pytest.param(shape, path, typed, id=f"{operation.operation_id}-{'.'.join(map(str, path))}")
    for dialect in ALL
    for operation in dialect.operations
    if operation.body is not None
    for shape in (
        get_args(operation.body) if isinstance(operation.body, UnionType) else (operation.body,)
    )
    for path, typed in mappings(inspect.type_info(shape))
]


def refused(shape: Any, path: Path, mapping: Any) -> list[Refusal]:
    """The faults of a body that has nothing but this mapping."""
    body = mapping
    for part in reversed(path):
        body = [body] if part == 0 else {part: body}
    with pytest.raises(Refused) as caught:
        read_json(json.dumps(body).encode(), bodies.decoder(shape))
    return [caught.value.refusal, *caught.value.refusal.others]


def place(path: Path, *members: str) -> str:
    parts = ["[0]" if part == 0 else step(str(part)) for part in (*path, *members)]
    return "".join(parts).removeprefix(".")


def test_mappings_of_all_dialects_are_tried() -> None:
    ids = {str(one.id) for one in FOUND}
    assert len(ids) == len(FOUND)
    assert {
        "makeProduct-variants.0.options", "createOrders-0.metadata", "createItem-item.properties",
        "createOrder-properties", "makeVariant-option_values",
    } <= ids  # fmt: skip


@pytest.mark.parametrize(("shape", "path", "typed"), FOUND)
def test_a_fault_of_a_member_is_named_with_its_place(shape: Any, path: Path, typed: bool) -> None:
    [fault] = refused(shape, path, {"size": "S", KEY: {"deep": ["a", "\ud800"]}})
    assert fault.field == place(path, KEY, "deep") + "[1]"
    if typed:
        faults = refused(shape, path, {"size": "S", KEY: 5, "fit": ["slim"]})
        places = [one.field for one in faults]
        assert {place(path, KEY), place(path, "fit")} <= set(places)
        assert not [one for one in places if one is None or "..." in one or "size" in one]


def test_a_mapping_that_is_none_is_named_itself() -> None:
    [fault] = [
        one for one in refused(wire.VariantMembers, ("options",), [5]) if one.field == "options"
    ]
    assert (fault.field, fault.detail) == ("options", "Expected `object | null`, got `array`")


def test_the_pointer_of_a_member_is_that_of_rfc_6901() -> None:
    faults = refused(wire.VariantMembers, ("options",), {"a/b": 1, "~": 2, KEY: 3})
    assert [pointer(one.field or "") for one in faults] == [
        "/options/a~1b", "/options/~0", f"/options/{KEY}",
    ]  # fmt: skip
    assert {one.detail for one in faults} == {"Expected `str`, got `int`"}
