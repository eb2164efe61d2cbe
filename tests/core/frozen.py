"""Copies of facts that later changes do not reach."""

from __future__ import annotations

from typing import Any

from entrepot.core.rows import Rows

NOTHING_KNOWN = [{}, {}, set(), set(), set()]


def frozen(value: Any) -> Any:
    """A copy that later changes do not reach; rows are immutable and stay the same objects."""
    if isinstance(value, dict):
        # A kind of row that somebody asked for, and of which nothing is known, is no difference.
        told = {key: frozen(inner) for key, inner in value.items()}
        return {key: inner for key, inner in told.items() if inner != NOTHING_KNOWN}
    if isinstance(value, set):
        return set(value)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, Rows):
        return [frozen(getattr(value, name)) for name in ("base", "now", "new", "dirty", "gone")]
    return value
