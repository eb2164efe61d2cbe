"""Copies of facts that later changes do not reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from entrepot.core.rows import Rows

NOTHING_KNOWN = [{}, {}, set(), set(), set()]


def frozen(value: Any) -> Any:
    """A copy that later changes do not reach; rows are immutable and stay the same objects.

    Each test of a decision asks this of all facts, twice: what is empty, and what has rows alone,
    is copied as a whole.
    """
    copy = _copies(type(value))
    return value if copy is None else copy(value)


@cache
def _copies(of: type) -> Callable[[Any], Any] | None:
    """How values of a type are copied; None where they never change."""
    if issubclass(of, Rows):
        return _rows
    if issubclass(of, dict):
        return _dict
    return of.copy if issubclass(of, (set, list)) else None


def _rows(value: Rows[Any, Any]) -> Any:
    if not (value.now or value.base or value.new or value.dirty or value.gone):
        return NOTHING_KNOWN
    keys = [set(keys) for keys in (value.new, value.dirty, value.gone)]
    return [_dict(value.base), _dict(value.now), *keys]


def _dict(value: dict[Any, Any]) -> dict[Any, Any]:
    if not any(map(_copies, set(map(type, value.values())))):
        return value.copy()
    # A kind of row that somebody asked for, and of which nothing is known, is no difference.
    told = {key: frozen(inner) for key, inner in value.items()}
    return {key: inner for key, inner in told.items() if inner is not NOTHING_KNOWN}
