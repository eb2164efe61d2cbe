"""Waking requests that wait for events of an organization, once this process has written some."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from entrepot.core.order import Event


class Listener:
    """One who waits. News that came since the last `hear` end the next `wait` at once."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    def hear(self) -> None:
        """Forget the news so far: the book is read now."""
        self._told.clear()

    async def wait(self, seconds: float) -> None:
        """Return once there is news, at the latest after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)

    def tell(self) -> None:
        """There is news."""
        self._told.set()


class News:
    """The listeners of one process, by organization. `ended`: the process ends, nobody waits."""

    def __init__(self) -> None:
        self.ended = False
        self._listening: dict[int, set[Listener]] = {}

    @contextmanager
    def listening(self, org: int) -> Iterator[Listener]:
        """Listen for events of an organization."""
        listener = Listener()
        self._listening.setdefault(org, set()).add(listener)
        try:
            yield listener
        finally:
            others = self._listening[org]
            others.discard(listener)
            if not others:
                del self._listening[org]

    def tell(self, events: Iterable[Event]) -> None:
        """These events were committed."""
        if self._listening:
            for org in {event.org for event in events} & self._listening.keys():
                for listener in self._listening[org]:
                    listener.tell()

    def end(self) -> None:
        """Have nobody wait any more, from now on."""
        self.ended = True
        for listeners in self._listening.values():
            for listener in listeners:
                listener.tell()
