"""Bounds of a time."""

from __future__ import annotations

from typing import NamedTuple


class Between(NamedTuple):
    """Bounds of a time in microseconds, both inclusive; None for no bound."""

    since: int | None = None
    until: int | None = None
