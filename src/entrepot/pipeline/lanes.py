"""Lanes in which held jobs wait for their turn. Each account at a service has a lane of its own, so
that one organization's slow service holds up nobody else.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from entrepot.core.kinds import Key
from entrepot.pipeline.steps import HeldJob

# Jobs that one lane remembers as put off: about a megabyte. The others come back by their time.
PUT_OFF_MAX = 5_000


class Lane:
    """Jobs that wait, oldest first, and how many are under way, at most `width` of them.

    A job whose call has ended leaves its place to the next job, while its result goes to the book.
    As many jobs as may be under way may be at that.

    At most `waiting_max` wait, where that is given: the process holds jobs for others as well.
    Further jobs are put off in the table, and taken again in their order when the lane has room.
    """

    __slots__ = ("concluding", "put_off", "running", "waiting", "waiting_max", "width")

    def __init__(self, width: int, waiting_max: int | None = None) -> None:
        self.width, self.waiting_max = width, waiting_max
        self.running = 0
        self.concluding = 0  # jobs whose call has ended, and whose result goes to the book
        self.waiting: deque[HeldJob] = deque()
        self.put_off: dict[Key, None] = {}  # the keys of jobs, oldest first

    @property
    def load(self) -> int:
        """How many jobs this lane holds altogether."""
        return self.running + self.concluding + len(self.waiting)

    @property
    def is_full(self) -> bool:
        """Whether no further job may wait here. Jobs that were put off come first."""
        return self.waiting_max is not None and (bool(self.put_off) or not self._room())

    def takes_again(self) -> int:
        """How many jobs that were put off have room here by now. None has, until half of those
        that may wait are gone: jobs are taken again together.
        """
        if not self.put_off or self.waiting_max is None:
            return 0
        room = self._room()
        return min(room, len(self.put_off)) if 2 * room >= self.waiting_max else 0

    def again(self, size: int) -> list[Key]:
        """Take out up to `size` keys of jobs that were put off, oldest first."""
        keys = list(islice(self.put_off, min(size, self.takes_again())))
        for key in keys:
            del self.put_off[key]
        return keys

    def remember(self, key: Key) -> None:
        """Remember a job that was put off, unless there are too many."""
        if len(self.put_off) < PUT_OFF_MAX:
            self.put_off[key] = None

    def _room(self) -> int:
        assert self.waiting_max is not None
        return max(self.waiting_max - len(self.waiting), 0)

    def begin(self, size: int, leased_until_min: int) -> list[HeldJob]:
        """Up to `size` jobs, as many as the width of the lanes allows; they now count as under way.

        A job whose lease ends before `leased_until_min` is dropped: another process may claim the
        job before it is done here. That process then has the whole lease for the job.
        """
        begun: list[HeldJob] = []
        size = min(size, self.width - self.running, 2 * self.width - self.running - self.concluding)
        while self.waiting and len(begun) < size:
            held = self.waiting.popleft()
            if held.job.leased_until >= leased_until_min:
                begun.append(held)
        self.running += len(begun)
        return begun

    def called(self) -> None:
        """The call of a job under way has ended: its place is free."""
        self.running -= 1
        self.concluding += 1

    def concluded(self) -> None:
        """The book has the result of a job, or nobody brings the result there any more."""
        self.concluding -= 1

    def empty(self) -> list[HeldJob]:
        """Take out everything that waits."""
        waiting = list(self.waiting)
        self.waiting.clear()
        return waiting
