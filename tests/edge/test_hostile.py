"""However a body is made, reading it lets others run, and takes a bounded part of the memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.edge.memory import hungry, measured, problem, problem_of_orders

from entrepot import pace
from entrepot.edge import soundness
from entrepot.edge.soundness import InvalidJson
from entrepot.edge.strict_json import decode
from entrepot.pace import breathe, in_slices, paced
from entrepot.testing.hostile import KONVO, MIB, SHAPES, Shape

MEMORY_MAX = 100 * MIB
EACH = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


@EACH
def test_a_hostile_body_is_read_in_bounded_memory(shape: Shape, tmp_path: Path) -> None:
    body = shape.make()
    said, most = measured(problem, body, tmp_path)
    if shape.refused is None:
        assert said is None
    else:
        assert said is not None
        assert shape.refused in said
        assert len(said) < 300
    assert most + len(body) < MEMORY_MAX


@pytest.mark.parametrize("shape", KONVO.values(), ids=KONVO.keys())
def test_a_hostile_array_is_read_in_bounded_memory(shape: Shape, tmp_path: Path) -> None:
    body = shape.make()
    said, most = measured(problem_of_orders, body, tmp_path)
    assert (said is None) is (shape.refused is None)
    assert shape.refused is None or shape.refused in (said or "")
    assert most + len(body) < MEMORY_MAX


def test_memory_that_was_let_go_is_seen(tmp_path: Path) -> None:
    assert measured(hungry, b"", tmp_path)[1] > 2 * MEMORY_MAX - 10 * MIB


# Bodies for which a step is taken for each of many parts.
STEPPED = [
    "long exponents", "long integers", "quotes under a mebibyte", "words", "small objects",
    "colons under a mebibyte", "one key again at the end", "escapes before a NUL", "backslashes",
    "pairs before half of one", "half a character at the end", "arrays just not too deep",
]  # fmt: skip


@pytest.mark.parametrize("name", STEPPED)
async def test_others_run_while_a_hostile_body_is_read(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SLICE_SECONDS", 0.0)  # every breath is a turn of the loop
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    body = SHAPES[name].make()
    before = turns
    await in_slices(problem, body)
    beside.cancel()
    assert turns - before > 3


async def test_others_run_while_objects_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    breaths = 0

    async def sleep(_: float) -> None:
        nonlocal breaths
        breaths += 1

    monkeypatch.setattr(pace, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(pace.asyncio, "sleep", sleep)
    await in_slices(problem, SHAPES["small objects beside an escape"].make())
    assert breaths > 170_000 / pace.STRIDE * 4  # three parts of the text, and one object


def test_of_a_number_without_end_a_part_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def number_problem(lexeme: str) -> None:
        sizes.append(len(lexeme))

    monkeypatch.setattr(soundness, "number_problem", number_problem)
    with pytest.raises(InvalidJson):
        soundness.check(SHAPES["digits without end"].make(), 32)
    assert max(sizes) <= 1024


def test_no_float_is_made_of_many_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "_plain", None)
    soundness.check(SHAPES["numbers next to none, under a mebibyte"].make(), 32)


async def test_work_in_slices_returns_and_raises_as_it_is() -> None:
    def work(value: int, *, error: bool) -> int:
        for _ in paced(range(1_000)):
            breathe()
        if error:
            raise KeyError(value)
        return value

    assert await in_slices(work, 7, error=False) == 7
    with pytest.raises(KeyError):
        await in_slices(work, 7, error=True)
    assert work(7, error=False) == 7  # also where nobody asked for slices


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode(b'\xef\xbb\xbf{"a":1}', msgspec.json.Decoder()) == {"a": 1}
