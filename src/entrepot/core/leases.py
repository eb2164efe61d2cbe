"""Leases of work, and times to which work is put off, as a clock may have written them that stood
ahead and came back.
"""

from __future__ import annotations

# No lease is longer, and nothing is put off for longer (microseconds).
AHEAD_MAX = 3_600_000_000


def is_ahead(until: int, now: int) -> bool:
    """Whether a lease goes on, or a wait. One that would go on for longer than any does is not
    believed.
    """
    return now < until <= now + AHEAD_MAX
