"""Null for a member that may be absent: the same body without such members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from entrepot.edge.strict_json import decimal
from entrepot.pace import paced

# Every digit of every number stays as it came.
_decode = msgspec.json.Decoder(float_hook=decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def without_nulls(body: bytes, shape: type[msgspec.Struct]) -> bytes | None:
    """The array of objects of this shape, without the members that are null and may be absent.

    None where there are none. Null for a member that is required stays, and is refused. Free JSON
    within a member stays as it is. The body is JSON that was looked at before.
    """
    told = _decode(body)
    count = sum(_drop(one, shape) for one in paced(told, 1)) if isinstance(told, list) else 0
    return _encode(told) if count else None


def _drop(told: Any, shape: type[msgspec.Struct]) -> int:
    if not isinstance(told, dict):
        return 0
    optional, nested = _members(shape)
    empty = [name for name in optional if name in told and told[name] is None]
    for name in empty:
        del told[name]
    count = len(empty)
    for name, inner in nested:
        value = told.get(name)
        parts = value if isinstance(value, list) else (value,)
        count += sum(_drop(part, inner) for part in parts)
    return count


@lru_cache(maxsize=16)
def _members(
    shape: type[msgspec.Struct],
) -> tuple[tuple[str, ...], tuple[tuple[str, type[msgspec.Struct]], ...]]:
    """The members that may be absent, and the members that are objects with their shapes."""
    described = msgspec.inspect.type_info(shape)
    assert isinstance(described, msgspec.inspect.StructType)
    optional = tuple(one.encode_name for one in described.fields if not one.required)
    nested = tuple(
        (one.encode_name, inner) for one in described.fields for inner in _structs(one.type)
    )
    return optional, nested


def _structs(described: msgspec.inspect.Type) -> Iterator[type[msgspec.Struct]]:
    parts: Iterable[msgspec.inspect.Type] = (described,)
    if isinstance(described, msgspec.inspect.UnionType):
        parts = described.types
    for part in parts:
        if isinstance(part, msgspec.inspect.ListType):
            yield from _structs(part.item_type)
        elif isinstance(part, msgspec.inspect.StructType):
            yield part.cls
