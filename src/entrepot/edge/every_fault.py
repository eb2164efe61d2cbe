"""Every fault of a JSON body, not only the first: what a decoder's shape asks and is not there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import Raw

from entrepot.edge import whole_numbers
from entrepot.edge.json_walk import step
from entrepot.edge.own_types import of_own_type
from entrepot.edge.strict_json import InvalidJson, decimal, placed
from entrepot.pace import breathe

# A decoder's step into a mapping, of which it does not say the member.
IN_A_MAPPING = "[...]"
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_elements = msgspec.json.Decoder(list[Raw]).decode


class _Member(NamedTuple):
    name: str
    required: bool
    decoder: msgspec.json.Decoder[Any]
    shape: type[msgspec.Struct] | None  # of the object, or of the list's elements
    many: bool
    values: msgspec.json.Decoder[Any] | None  # of a mapping: its keys are the sender's own


def of_object(body: bytes, shape: type[msgspec.Struct], path: str = "") -> Iterator[InvalidJson]:
    """Every fault of this object against the shape, member by member.

    `path` is where the object stands. The body is sound JSON (see edge.soundness).
    """
    breathe()
    try:
        told = _members(body)
    except msgspec.ValidationError as error:
        yield _at(path, error)
        return
    yield from _unknown(told, shape, path)
    for member in _of(shape):
        where = (path + step(member.name)).removeprefix(".")
        if member.name not in told:
            if member.required:
                yield InvalidJson(where, "The field is required")
            continue
        yield from _of_member(bytes(told[member.name]), member, where)


def _unknown(told: dict[str, Raw], shape: type[msgspec.Struct], path: str) -> Iterator[InvalidJson]:
    """The members that the shape does not have, where it takes no others."""
    if shape.__struct_config__.forbid_unknown_fields:
        known = {member.name for member in _of(shape)}
        for name in [name for name in told if name not in known]:
            yield InvalidJson((path + step(name)).removeprefix("."), "The field is unknown")


def _of_member(body: bytes, member: _Member, where: str) -> Iterator[InvalidJson]:
    try:
        whole_numbers.decode(body, member.decoder)
    except msgspec.ValidationError as error:
        found = False
        if member.shape is not None:
            parts = _parts(body) if member.many else [body]
            for index, part in enumerate(parts):
                spot = f"{where}[{index}]" if member.many else where
                for fault in of_object(part, member.shape, spot):
                    found = True
                    yield fault
        if member.values is not None:
            for name, value in _mapped(body).items():
                try:
                    member.values.decode(value)
                except msgspec.ValidationError as wrong:
                    found = True
                    yield _at(where + step(name), wrong)
        if not found:
            yield _at(where, error)


def _parts(body: bytes) -> list[bytes]:
    try:
        return [bytes(part) for part in _elements(body)]
    except msgspec.ValidationError:
        return []  # no list: the decoder says so


def _mapped(body: bytes) -> dict[str, Raw]:
    try:
        return _members(body)
    except msgspec.ValidationError:
        return {}  # no object: the decoder says so


def _at(path: str, error: msgspec.ValidationError) -> InvalidJson:
    fault = placed(str(error))
    inner = fault.path if fault.path.startswith("[") or not fault.path else f".{fault.path}"
    return InvalidJson((path + inner).removeprefix("."), fault.problem)


@lru_cache(maxsize=64)
def _of(shape: type[msgspec.Struct]) -> tuple[_Member, ...]:
    described = msgspec.inspect.type_info(shape)
    assert isinstance(described, msgspec.inspect.StructType)
    types = {field.name: field.type for field in msgspec.structs.fields(shape)}
    return tuple(
        _Member(
            field.encode_name,
            field.required,
            _decoder(types[field.name]),
            *_nested(field.type),
            _values(types[field.name]),
        )
        for field in described.fields
    )


def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_, float_hook=decimal, dec_hook=of_own_type)


def _values(type_: Any) -> msgspec.json.Decoder[Any] | None:
    """The decoder of a mapping's values; None where the type is no mapping."""
    kinds = get_args(type_) if get_origin(type_) in (Union, UnionType, Annotated) else (type_,)
    mappings = [one for one in kinds if get_origin(one) is dict]
    return _decoder(get_args(mappings[0])[1]) if mappings else None


def _nested(described: msgspec.inspect.Type) -> tuple[type[msgspec.Struct] | None, bool]:
    kinds = described.types if isinstance(described, msgspec.inspect.UnionType) else (described,)
    for kind in kinds:
        bare = kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind
        if isinstance(bare, msgspec.inspect.StructType):
            return bare.cls, False
        if isinstance(bare, msgspec.inspect.ListType):
            shape, _ = _nested(bare.item_type)
            return shape, shape is not None
    return None, False
