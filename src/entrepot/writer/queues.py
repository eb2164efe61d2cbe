"""Three queues of commands that wait for a transaction, each with its bounds and its share.

- The pipeline's commands are in the first queue. Their orders were accepted already, so these
  commands are never refused. In a batch that is shared with new orders they take up to
  PIPELINE_SHARE: otherwise orders would be accepted faster than they are confirmed.
- Single orders are in the second queue.
- Arrays are in the third queue, so that a single order never waits behind a whole bulk import.

This module reads no clock. Callers give the time in seconds, of a clock that never goes back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from entrepot.core.commands import Command
from entrepot.writer.envelope import Envelope, Outcome

# The pipeline's share of a batch; the rest is for new orders, also while the pipeline has more than
# enough to do. An order takes up to three of the pipeline's commands, so with a smaller share the
# pipeline would fall behind.
PIPELINE_SHARE: Final = 0.75
# The patience of arrays, in that of single orders: an array is the work of a hundred orders.
BULK_PATIENCE: Final = 6
# The door refuses a request whose expected wait exceeds this part of the longest wait, so that few
# requests that were let in time out in the queue.
DOOR_SHARE: Final = 0.5
_SMOOTHING: Final = 0.3


class Limits(NamedTuple):
    """How much the writer takes on."""

    batch_max: int = 256  # orders a transaction
    queue_max: int = 20_000  # orders that wait
    queue_seconds: float = 2.0  # how long a single order waits


class Waiting(NamedTuple):
    """An envelope in a queue, the future of its outcome, and its time of arrival (seconds)."""

    envelope: Envelope
    future: asyncio.Future[Outcome]
    since: float
    weight: int  # how many orders the command writes


class Queue:
    """Commands in order of arrival. `patience` is how long a command may wait, None for ever."""

    __slots__ = ("_last_taken", "_stood", "entries", "orders", "pace", "patience")

    def __init__(self, patience: float | None) -> None:
        self.patience = patience
        self.entries: deque[Waiting] = deque()
        self.orders = 0  # how many orders the commands in it write
        # Seconds an order, measured between two batches while the queue never emptied, which counts
        # whatever else the process did meanwhile. 0 while unknown.
        self.pace = 0.0
        self._last_taken = 0.0
        self._stood = False

    def add(self, waiting: Waiting) -> None:
        """Add a command at the end."""
        self.entries.append(waiting)
        self.orders += waiting.weight

    def take(self, room: int, batch: list[Waiting], *, at_least_one: bool = False) -> int:
        """Move commands that write up to `room` orders into `batch`. Returns how many orders they
        write.
        """
        taken, entries = 0, self.entries
        while entries:
            size = entries[0].weight
            if taken + size > room and not (at_least_one and not taken):
                break
            batch.append(entries.popleft())
            taken += size
        self.orders -= taken
        return taken

    def expired(self, now: float) -> list[Waiting]:
        """Take out everything that has waited longer than it may."""
        late: list[Waiting] = []
        while self.patience is not None and self.entries:
            if now - self.entries[0].since <= self.patience:
                break
            late.append(self.entries.popleft())
            self.orders -= late[-1].weight
        return late

    def measure(self, taken: int, now: float) -> None:
        """Note that this many orders were just taken for a batch."""
        if self._stood and taken:
            pace = (now - self._last_taken) / taken
            self.pace += (pace - self.pace) * (_SMOOTHING if self.pace else 1.0)
        if taken or not self.entries:
            self._last_taken, self._stood = now, bool(self.entries)
        if not self.entries:
            # The queue is empty. A pace that was measured under load says nothing about the next
            # command.
            self.pace = 0.0

    def crowded(self, coming: int, now: float, share: float = 1.0) -> bool:
        """Whether one more command would wait too long, behind `coming` commands that are not here
        yet.

        Too long is longer than `share` of the command's patience, by the pace of the queue or by
        the age of the command that waits for longest.
        """
        if self.patience is None:
            return False
        bound = self.patience * share
        if (self.orders + coming) * self.pace > bound:
            return True
        return bool(self.entries) and now - self.entries[0].since > bound


class Part(NamedTuple):
    """The queues that a series of batches takes from; `whole` if only while a whole batch waits."""

    ours: bool = False
    singles: bool = False
    bulk: bool = False
    whole: bool = False


EVERYTHING: Final = Part(ours=True, singles=True, bulk=True)
OURS: Final = Part(ours=True)
OTHERS: Final = Part(singles=True, bulk=True)
ARRAYS: Final = Part(bulk=True, whole=True)


class Queues:
    """The three queues of this process's writer."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.ours = Queue(None)
        self.singles = Queue(limits.queue_seconds)
        self.bulk = Queue(limits.queue_seconds * BULK_PATIENCE)
        self._all = (self.ours, self.singles, self.bulk)
        self._bulk_first = False

    def waiting(self, part: Part) -> int:
        """The number of commands waiting in this part, by which a batch is begun."""
        if part.whole and self.bulk.orders < self._limits.batch_max:
            return 0
        return (
            (len(self.ours.entries) if part.ours else 0)
            + (len(self.singles.entries) if part.singles else 0)
            + (len(self.bulk.entries) if part.bulk else 0)
        )

    def entries(self) -> Iterator[Waiting]:
        """All commands that wait."""
        return chain.from_iterable([queue.entries for queue in self._all])

    def queue_of(self, command: Command, orders: int) -> Queue:
        """The queue of a command that writes this many orders. Commands that carry a job's id are
        the pipeline's.
        """
        if getattr(command, "job_id", None) is not None:
            return self.ours
        return self.bulk if orders > 1 else self.singles

    def full(self, queue: Queue, now: float) -> bool:
        """Whether a new command of that queue is refused."""
        if queue is self.ours:
            return False
        waiting = self.singles.orders + self.bulk.orders
        return waiting >= self._limits.queue_max or queue.crowded(0, now)

    def shut(self, queue: Queue, inside: int, now: float) -> bool:
        """Whether a new request is refused at the door, with `inside` requests of clients under
        way.
        """
        singles, bulk = self.singles, self.bulk
        coming = max(0, inside - len(singles.entries) - len(bulk.entries))
        if singles.orders + bulk.orders + coming >= self._limits.queue_max:
            return True
        return queue.crowded(coming, now, DOOR_SHARE)

    def expired(self, now: float) -> list[Waiting]:
        """Take out the commands that have waited longer than they may."""
        return [late for queue in self._all for late in queue.expired(now)]

    def take(self, now: float, part: Part = EVERYTHING) -> list[Waiting]:
        """The next batch: the pipeline's share, then singles and bulk by turns; at least one."""
        batch: list[Waiting] = []
        size = self._limits.batch_max
        taken = {}
        if part.ours:
            outside = part.singles and bool(self.singles.entries or self.bulk.entries)
            share = int(size * PIPELINE_SHARE) if outside else size
            taken[self.ours] = self.ours.take(max(1, share), batch)
        if part.singles:
            taken |= self._take_others(size - len(batch), batch)
        elif part.bulk:
            taken[self.bulk] = self.bulk.take(size, batch, at_least_one=True)
        if part.ours:
            taken[self.ours] += self.ours.take(size - sum(taken.values()), batch)
        for queue, orders in taken.items():
            queue.measure(orders, now)
        return batch

    def _take_others(self, room: int, batch: list[Waiting]) -> dict[Queue, int]:
        queues = (self.bulk, self.singles) if self._bulk_first else (self.singles, self.bulk)
        self._bulk_first = not self._bulk_first
        taken: dict[Queue, int] = {}
        for queue in queues:
            first = not any(taken.values())
            left = room - sum(taken.values())
            taken[queue] = queue.take(left, batch, at_least_one=first)
        return taken
