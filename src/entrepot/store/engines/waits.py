"""How long a process waits for what it writes."""

from __future__ import annotations

import time


class Waits:
    """The seconds in which writes were under way and the process did not work, in sum.

    Entered while a write is under way. The times of writes that run side by side count once.
    """

    def __init__(self) -> None:
        self._under_way, self._before = 0, 0.0
        self._began = (0.0, 0.0)

    def __enter__(self) -> None:
        if not self._under_way:
            self._began = time.perf_counter(), time.process_time()
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._before += self._now()

    @property
    def seconds(self) -> float:
        """The sum so far, of writes that are under way as well."""
        return self._before + (self._now() if self._under_way else 0.0)

    def _now(self) -> float:
        began, used = self._began
        return max(time.perf_counter() - began - (time.process_time() - used), 0.0)
