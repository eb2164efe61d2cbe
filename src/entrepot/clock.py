"""Time and chance: the only place where either comes into the program. Tests bring their own."""

from __future__ import annotations

import time

import uuid_utils


def now() -> int:
    """This moment in microseconds since the epoch, in whole milliseconds as the wire shows."""
    return time.time_ns() // 1_000_000 * 1_000


def new_id() -> bytes:
    """A fresh UUIDv7: ids made later sort later, so that inserts stay at the end of the trees."""
    return uuid_utils.uuid7().bytes


def new_request_id() -> str:
    """A fresh id for a request that brought none."""
    return uuid_utils.uuid7().hex
