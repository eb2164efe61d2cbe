"""A whole number is taken however it is written, wherever a body of any dialect has one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, get_args

import msgspec
import pytest
from msgspec import inspect

from entrepot.edge import whole_numbers
from entrepot.edge.dialects import ALL
from entrepot.edge.every_fault import of_object

Path = tuple[str | int, ...]


class Part(msgspec.Struct):
    number: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    price: msgspec.Raw = msgspec.Raw(b"0")


class Whole(msgspec.Struct):
    count: int
    parts: list[Part] = []


SHAPE = msgspec.json.Decoder(Whole)


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("3.0", 3), ("3e0", 3), ("30E-1", 3), ("0.3e1", 3), ("1e2", 100), ("-0.0", 0),
     ("-3.000", -3), (" 3.0 ", 3), ("1e18", 10**18)],
)  # fmt: skip
def test_a_whole_number_in_any_spelling(text: str, number: int) -> None:
    body = f'{{"count": {text}, "parts": [{{"price": 1.50}}, {{"number": 7.0}}]}}'.encode()
    told = whole_numbers.decode(body, SHAPE)
    assert (told.count, told.parts[1].number) == (number, 7)
    assert bytes(told.parts[0].price) == b"1.50", "other numbers keep their digits"


@pytest.mark.parametrize(
    "text", ["3.5", "0.1", "1e-1", "1e19", "1e400", '"3"', "true", "[]", "3e99"]
)
def test_what_is_no_whole_number_is_refused_as_before(text: str) -> None:
    body = f'{{"count": {text}}}'.encode()
    with pytest.raises(msgspec.ValidationError) as refused:
        whole_numbers.decode(body, SHAPE)
    with pytest.raises(msgspec.ValidationError) as before:
        SHAPE.decode(body)
    assert str(refused.value) == str(before.value)


def test_bounds_count_and_there_is_an_end() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"<= 1000 - at `\$.parts\[0\].number`"):
        whole_numbers.decode(b'{"count": 1.0, "parts": [{"number": 1001.0}]}', SHAPE)
    many = json.dumps({"count": 1, "parts": [{"number": 1.0}] * 99}).encode()
    assert len(whole_numbers.decode(many, SHAPE).parts) == 99
    with pytest.raises(msgspec.ValidationError, match="got `float`"):
        whole_numbers.decode(
            json.dumps({"count": 1, "parts": [{"number": 1.0}] * 101}).encode(), SHAPE
        )


def integers(told: inspect.Type, path: Path = ()) -> Iterator[Path]:
    if isinstance(told, inspect.Metadata):
        yield from integers(told.type, path)
    elif isinstance(told, inspect.UnionType):
        for one in told.types:
            yield from integers(one, path)
    elif isinstance(told, inspect.IntType):
        yield path
    elif isinstance(told, inspect.ListType):
        yield from integers(told.item_type, (*path, 0))
    elif isinstance(told, inspect.StructType):
        for field in told.fields:
            yield from integers(field.type, (*path, field.encode_name))


FOUND = [
    pytest.param(shape, path, id=f"{operation.operation_id}-{'.'.join(map(str, path))}")
    for dialect in ALL
    for operation in dialect.operations
    if operation.body is not None
    for shape in (
        get_args(operation.body) if isinstance(operation.body, UnionType) else (operation.body,)
    )
    for path in integers(inspect.type_info(shape))
]


@pytest.mark.parametrize(("shape", "path"), FOUND)
def test_every_whole_number_of_a_body(shape: Any, path: Path) -> None:
    where = "".join(f"[{step}]" if step == 0 else f".{step}" for step in path).removeprefix(".")

    def faults(number: float) -> list[str]:
        told: Any = number
        for step in reversed(path):
            told = [told] if step == 0 else {step: told}
        return [
            one.problem for one in of_object(json.dumps(told).encode(), shape) if one.path == where
        ]

    assert len(FOUND) > 20
    assert faults(7.0) == []
    assert faults(7.5) != []
