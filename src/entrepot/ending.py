"""The end of a process that was told to end: it comes in time, whatever the process waits for.

A database that is reached and does not answer (a frozen server, a partition of the network) keeps
every statement waiting, and those that would end politely too. What was acknowledged is committed
by then; a write without an answer is one whose sender finds out by its key. So the process may end
as a loss of power would end it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from entrepot.telemetry import log

CUT_OFF = 1  # the exit code
# Messages to webhooks end before the steps that are drained, and connections close after them: so
# much longer than a drain may take, and at least so long (seconds).
_LONGER, _LEAST_SECONDS = 1.5, 2.0


def longest(drain_seconds: float) -> float:
    """How many seconds a process takes at most to end: requests drain, and the rest ends."""
    return drain_seconds + _rest(drain_seconds)


def _rest(drain_seconds: float) -> float:
    return max(_LONGER * drain_seconds, _LEAST_SECONDS)


def _cut_off(seconds: float) -> None:
    log.error(
        "server.cut_off", after_seconds=seconds,
        why="something under way did not end in time, and the database may not answer; nothing "
        "that was acknowledged is lost",
    )  # fmt: skip
    sys.stderr.flush()
    os._exit(CUT_OFF)


@contextmanager
def in_time(drain_seconds: float, end: Callable[[float], None] = _cut_off) -> Iterator[None]:
    """Have the process end, if what is within takes half as long again as a drain may take.

    A thread sees to it: the event loop itself may wait for a disk.
    """
    seconds = _rest(drain_seconds)
    timer = threading.Timer(seconds, end, [seconds])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # a process that forks next has one thread
