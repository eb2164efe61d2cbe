"""Whether a payment service is asked now, for one account: a service that fails is left alone.

After some failures in a row nobody asks for a while. Then one call is made: if it brings a word of
the service, all ask again, and otherwise the next while is longer.
"""

from __future__ import annotations

from collections.abc import Callable

from entrepot.providers.payment import Misconfigured, NotSent, Unknown

FAILURES = 5
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0


class Breaker:
    """The breaker of one account. `monotonic` is a clock in seconds, `random01` chance."""

    def __init__(self, monotonic: Callable[[], float], random01: Callable[[], float]) -> None:
        self._monotonic, self._random01 = monotonic, random01
        self._failures = 0
        self._opens_for = 0.0  # 0: closed
        self._until = 0.0
        self._trying = False  # whether the call that decides is under way

    def rest(self) -> float:
        """Seconds for which the service is not to be asked; 0 where it may be asked now.

        The first who asks after the rest makes the call that decides; others rest on meanwhile.
        """
        if not self._opens_for:
            return 0.0
        left = self._until - self._monotonic()
        if left <= 0:
            self._trying = True
            self._until = self._monotonic() + self._opens_for
            return 0.0
        # Not all at the same moment.
        return left + self._opens_for * self._random01()

    def told(self, answer: object) -> None:
        """Note an answer; None where a call ended without one."""
        if answer is not None and not isinstance(answer, NotSent | Unknown | Misconfigured):
            self._failures, self._opens_for, self._trying = 0, 0.0, False
            return
        self._failures += 1
        if self._trying:
            self._open(min(self._opens_for * 2, LONGEST_SECONDS))
        elif self._failures >= FAILURES and not self._opens_for:
            self._open(FIRST_SECONDS)  # calls that are under way by then say nothing new

    def _open(self, seconds: float) -> None:
        self._opens_for, self._trying = seconds, False
        self._until = self._monotonic() + seconds
