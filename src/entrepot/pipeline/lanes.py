"""Where held jobs wait for their turn: one lane for each service that may be slow, so that a slow
one holds up nobody else."""

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
        """Up to `size` jobs, no more than there is width for; they now count as under way.

        One whose lease is nearer its end than `leased_until_min` is dropped: it may be somebody
        else's before it is done, and whoever claims it then has the whole lease for it.
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
