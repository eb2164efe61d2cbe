"""Questions to the book that many ask at once, and that are put to the book once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class AskedOnce:
    """The questions that are under way, by what they ask about.

    A caller that asks meanwhile waits for the same answer, unless the question is older than
    `seconds`: its answer may be older than the caller allows.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds, self._monotonic = seconds, monotonic
        self._asking: dict[object, tuple[float, asyncio.Task[Any]]] = {}

    async def ask(self, about: object, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer to the question about this. Raises what the question raises."""
        now = self._monotonic()
        begun, task = self._asking.get(about, (now, None))
        if task is None or begun + self._seconds <= now:
            task = asyncio.get_running_loop().create_task(question())
            self._asking[about] = (now, task)
            task.add_done_callback(partial(self._answered, about))
        # The first caller may be gone before the answer. The others still wait for the answer.
        found: T = await asyncio.shield(task)
        return found

    def _answered(self, about: object, task: asyncio.Task[Any]) -> None:
        if self._asking.get(about, (0.0, None))[1] is task:
            del self._asking[about]
        if not task.cancelled():
            task.exception()  # told to whoever waits; nobody may be left
