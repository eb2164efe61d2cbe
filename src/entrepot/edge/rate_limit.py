"""Token buckets: how many requests a key may send in any stretch of time.

Kept as the generic cell rate algorithm (ITU-T I.371): a bucket is one number, the instant at which
it will be full again. This module reads no clock and knows nothing of requests or answers.
"""

import fcntl
import heapq
import math
import mmap
import os
from pathlib import Path
from typing import Final

# The share of buckets given up at once, so that a sweep's cost is spread over many new keys.
_EVICTED_SHARE: Final = 8
# Shared buckets: a key has one of the _SLOTS slots of its set. A slot is a key and an instant.
_SLOTS: Final = 8
_SLOT_BYTES: Final = 16
_SPREAD: Final = 0x9E3779B97F4A7C15


def _terms(rate: float, burst: float | None) -> tuple[float, float]:
    """The seconds of one token, and how far ahead of now a bucket may be before it refuses."""
    if not 0 < rate < math.inf:
        raise ValueError(f"rate_per_second must be positive and finite: {rate!r}")
    if burst is not None and not 1 <= burst < math.inf:
        raise ValueError(f"burst must be finite and at least 1: {burst!r}")
    return 1.0 / rate, ((burst or max(1.0, rate)) - 1.0) / rate


def _wait(ready_at: float, now: float) -> float:
    wait = ready_at - now
    # Rounding must not send anybody back a moment too early.
    return wait if now + wait >= ready_at else wait + math.ulp(ready_at)


class TokenBuckets:
    """A bucket for each key. All have one rate (tokens a second) and one burst (tokens when full).

    A rate of None admits everything. The burst defaults to the tokens of one second, at least one.
    In any window of w seconds a key is admitted at most `burst + rate * w` times. `keys_max` is how
    many buckets are remembered; the bound holds also for a key whose bucket was given up.
    """

    def __init__(
        self,
        rate_per_second: float | None,
        burst: float | None = None,
        keys_max: int = 10_000,
    ) -> None:
        if keys_max < 1:
            raise ValueError(f"keys_max must be at least 1: {keys_max!r}")
        self._limited = rate_per_second is not None
        rate = 1.0 if rate_per_second is None else rate_per_second
        self._token_seconds, self._ahead_seconds_max = _terms(rate, burst)
        self._keys_max = keys_max
        self._full_at: dict[int | str, float] = {}
        # A key that is not remembered starts no fuller than any bucket that was given up.
        self._full_at_unknown = -math.inf

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: int | str, now: float) -> float:
        """Take one token: 0.0 when admitted, else the seconds to wait before asking again.

        `now` is in seconds of a clock that never goes back. A refused request costs no token.
        """
        if not self._limited:
            return 0.0
        full_at = self._full_at.get(key, self._full_at_unknown)
        ready_at = full_at - self._ahead_seconds_max
        if now < ready_at:
            return _wait(ready_at, now)
        if len(self._full_at) >= self._keys_max and key not in self._full_at:
            self._make_room(now)
        self._full_at[key] = max(full_at, now) + self._token_seconds
        return 0.0

    def _make_room(self, now: float) -> None:
        """Forget the full buckets, which says nothing new; failing that, those nearest to full."""
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        if len(self._full_at) < self._keys_max:
            return
        given_up = heapq.nsmallest(
            max(1, self._keys_max // _EVICTED_SHARE),
            self._full_at.items(),
            key=lambda pair: pair[1],
        )
        for key, full_at in given_up:
            del self._full_at[key]
            self._full_at_unknown = max(self._full_at_unknown, full_at)


class SharedTokenBuckets:
    """The same promise for all processes of one machine that name the same file.

    The file is theirs alone and must not outlive a restart of the machine, whose clock begins anew.
    `sets` times eight is how many buckets are remembered. Works on POSIX systems.
    """

    def __init__(
        self, path: Path, rate_per_second: float, burst: float | None = None, sets: int = 2048
    ) -> None:
        self._token_seconds, self._ahead_seconds_max = _terms(rate_per_second, burst)
        self._sets = sets
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = sets * _SLOTS * _SLOT_BYTES
        os.ftruncate(self._file, size)
        mapped = memoryview(mmap.mmap(self._file, size))
        self._keys, self._full_at = mapped.cast("q"), mapped.cast("d")

    def take(self, key: int, now: float) -> float:
        """Take one token: 0.0 when admitted, else the seconds to wait before asking again.

        `now` is in seconds of the machine's monotonic clock, which all processes read alike.
        """
        # The kernel gives the lock back when its holder dies.
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            slot = self._slot(key)
            # A key that has no slot starts no fuller than the key that it displaces, and a slot
            # never goes back. So no key gains by having been displaced.
            full_at = self._full_at[slot + 1]
            ready_at = full_at - self._ahead_seconds_max
            if now < ready_at:
                return _wait(ready_at, now)
            self._keys[slot] = key
            self._full_at[slot + 1] = max(full_at, now) + self._token_seconds
            return 0.0
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _slot(self, key: int) -> int:
        """The slot of the key. A new key takes the slot of the fullest bucket of its set."""
        first = (key * _SPREAD >> 32) % self._sets * _SLOTS * 2
        slots = range(first, first + _SLOTS * 2, 2)
        for slot in slots:
            if self._keys[slot] == key and self._full_at[slot + 1]:
                return slot
        return min(slots, key=lambda slot: self._full_at[slot + 1])
