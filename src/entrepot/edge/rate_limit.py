"""Token buckets: how many requests a key may send in any stretch of time.

Kept as the generic cell rate algorithm (ITU-T I.371): a bucket is one number, the instant at which
it will be full again. This module reads no clock and knows nothing of requests or answers.
"""

import heapq
import math
from typing import Final

# The share of buckets given up at once, so that a sweep's cost is spread over many new keys.
_EVICTED_SHARE: Final = 8


class TokenBuckets:
    """One bucket a key, all with one rate (tokens a second) and one burst (tokens when full).

    A rate of None admits everything. The burst defaults to one second's tokens, at least one.
    In any window of w seconds a key is admitted at most `burst + rate * w` times, also when its
    bucket was given up to keep memory bounded: `keys_max` is how many buckets are remembered.
    """

    def __init__(
        self,
        rate_per_second: float | None,
        burst: float | None = None,
        keys_max: int = 10_000,
    ) -> None:
        if rate_per_second is not None and not 0 < rate_per_second < math.inf:
            raise ValueError(f"rate_per_second must be positive and finite: {rate_per_second!r}")
        if burst is not None and not 1 <= burst < math.inf:
            raise ValueError(f"burst must be finite and at least 1: {burst!r}")
        if keys_max < 1:
            raise ValueError(f"keys_max must be at least 1: {keys_max!r}")
        self._limited = rate_per_second is not None
        rate = rate_per_second or 1.0
        self._token_seconds = 1.0 / rate
        self._ahead_seconds_max = ((burst or max(1.0, rate)) - 1.0) / rate
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
            wait = ready_at - now
            # Rounding must not send anybody back a moment too early.
            return wait if now + wait >= ready_at else wait + math.ulp(ready_at)
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
