"""Lanes in which held jobs wait for their turn. Each account at a service has a lane of its own, so
that one organization's slow service holds up nobody else.
"""

from __future__ import annotations

from collections import deque

from entrepot.pipeline.steps import Held


class Lane:
    """Jobs that wait, oldest first, and how many are under way, at most `width` of them.

    At most `waiting_max` wait, where that is given: the process holds jobs for others as well.
    """

    __slots__ = ("running", "waiting", "waiting_max", "width")

    def __init__(self, width: int, waiting_max: int | None = None) -> None:
        self.width, self.waiting_max = width, waiting_max
        self.running = 0
        self.waiting: deque[Held] = deque()

    @property
    def load(self) -> int:
        """How many jobs this lane holds altogether."""
        return self.running + len(self.waiting)

    @property
    def is_full(self) -> bool:
        """Whether no further job may wait here."""
        return self.waiting_max is not None and len(self.waiting) >= self.waiting_max

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
