"""An order's properties as a search for them should find them, by code of the audit's own.

A check by the code that writes the index would not see a fault of that code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from entrepot.core.order import Order
from entrepot.store.verify.report import Findings

_LONG: Final = 250  # characters; of a longer path or value the index holds a digest
_NAMED_MAX: Final = 5


class _Fraction(str):
    """The digits of a JSON number that is no whole one."""

    __slots__ = ()


def check_properties(
    order: Order, searchable: set[tuple[str, str, int]], findings: Findings
) -> None:
    """Compare the rows that a search reads (path, value, order's number) with the order's own."""
    if not (order.properties or searchable):
        return
    try:
        expected = {
            (path, value, order.number) for path, value in searched(order.properties or "{}")
        }
    except (ValueError, AttributeError):
        expected = set()
        whole = False
    else:
        whole = True
    if not whole or expected != searchable:
        differing = sorted({path for path, _, _ in searchable ^ expected})
        findings.add(
            "PROPERTIES", org=order.org, order=order.id, paths=", ".join(differing[:_NAMED_MAX])
        )


def searched(text: str) -> Iterator[tuple[str, str]]:
    """Every path, by dots, with `=` and a scalar's text, or `{` where something else stands."""
    left = [("", json.loads(text, parse_float=_Fraction))]
    while left:
        before, members = left.pop()
        for key, value in members.items():
            path = before + key
            if isinstance(value, dict):
                left.append((path + ".", value))
            yield _short(path), _short(_searched_for(value))


def _searched_for(value: Any) -> str:
    if value is True or value is False:
        return "=true" if value else "=false"
    if value is None or isinstance(value, dict | list):
        return "{"
    if isinstance(value, _Fraction) and "e" in value.lower():
        return f"={float(value)}"
    return f"={value}"


def _short(text: str) -> str:
    if len(text) <= _LONG:
        return text
    return f"#{hashlib.sha256(text.encode()).hexdigest()}"
