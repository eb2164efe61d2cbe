"""Long work on the event loop, in slices: everything else has its turn between two slices.

Work is plain functions. A caller that knows that some may take long runs them by `in_slices`, and
they call `breathe` where a slice may end. `breathe` costs next to nothing outside of `in_slices`.
Threads would not help: a thread that holds the interpreter's lock holds up the event loop too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.util import await_only, greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

P = ParamSpec("P")
T = TypeVar("T")

# How long a slice lasts, in seconds; what cannot be interrupted, such as a statement, may follow.
SLICE_SECONDS: Final = 0.01
# This many pieces of small work are done between two looks at the time.
STRIDE: Final = 500


class _Turn:
    """Until when the slice that runs may go on, by the clock that never goes back; and how much
    work is done in slices now. With none, to breathe costs nothing.
    """

    __slots__ = ("sliced", "until")

    def __init__(self) -> None:
        self.until = 0.0
        self.sliced = 0

    def __enter__(self) -> None:
        self.sliced += 1

    def __exit__(self, *_: object) -> None:
        self.sliced -= 1


_turn = _Turn()
# Entered by a caller that runs work in a greenlet of its own, so that the work may breathe.
sliced: AbstractContextManager[None] = _turn


def breathe() -> None:
    """End the slice if it has lasted long enough, where the work is done in slices."""
    if not _turn.sliced or time.perf_counter() < _turn.until or not in_greenlet():
        return
    await_only(asyncio.sleep(0))
    _turn.until = time.perf_counter() + SLICE_SECONDS


async def in_slices(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises; wherever it breathes, others may run."""
    _turn.until = time.perf_counter() + SLICE_SECONDS
    with sliced:
        done: T = await greenlet_spawn(partial(work, *args, **kwargs))
    return done


def paced(values: Iterable[T], stride: int = STRIDE) -> Iterable[T]:
    """The same values; work on them breathes after every `stride` of them."""
    few = isinstance(values, Sized) and len(values) <= stride
    return values if few else _breathing(values, stride)


def _breathing(values: Iterable[T], stride: int) -> Iterator[T]:
    for index, value in enumerate(values):
        if not index % stride:
            breathe()
        yield value
