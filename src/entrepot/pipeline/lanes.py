"""Lanes in which held jobs wait for their turn. Each service has a lane of its own, so a slow
service holds up no other.
"""

from __future__ import annotations

from collections import deque

from entrepot.pipeline.steps import Held


class Lane:
    """Jobs that wait, oldest first, and how many are under way, at most `width` of them."""

    __slots__ = ("running", "waiting", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.running = 0
        self.waiting: deque[Held] = deque()

    @property
    def load(self) -> int:
        """How many jobs this lane holds altogether."""
        return self.running + len(self.waiting)

    def begin(self, size: int, leased_until_min: int) -> list[Held]:
        """Up to `size` jobs, as many as the width of the lanes allows; they now count as under way.

        A job whose lease ends before `leased_until_min` is dropped: another process may claim the
        job before it is done here. That process then has the whole lease for the job.
        """
        begun: list[Held] = []
        size = min(size, self.width - self.running)
        while self.waiting and len(begun) < size:
            held = self.waiting.popleft()
            if held.job.leased_until >= leased_until_min:
                begun.append(held)
        self.running += len(begun)
        return begun

    def empty(self) -> list[Held]:
        """Take out everything that waits."""
        waiting = list(self.waiting)
        self.waiting.clear()
        return waiting
