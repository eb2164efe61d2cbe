"""Free JSON objects of orders and lines: read, merged and written with every digit as it came."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

# A number as JSON has it, no longer than anybody would search for.
_NUMBER = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII
)
_WHOLE_MAX = 10**18


class Number(str):
    """The text of a JSON number with a fraction or an exponent, told apart from a string's."""

    __slots__ = ()


def parse(text: str) -> dict[str, Any]:
    """The object that JSON text of the book holds.

    Raises:
        ValueError: the text is no JSON.
    """
    found: dict[str, Any] = json.loads(text, parse_float=Number)
    return found


def text_of(value: Any) -> str:
    """The value as compact JSON text; a `Number` goes out as it came in."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        members = (f"{_string(key)}:{text_of(one)}" for key, one in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return _string(value)


# `json.dumps` makes an encoder anew for each text where it is told anything.
_string = json.JSONEncoder(ensure_ascii=False).encode


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Deep merge: objects merge key by key, everything else (null too) replaces."""
    result = dict(old)
    for key, value in new.items():
        there = result.get(key)
        both = isinstance(there, dict) and isinstance(value, dict)
        result[key] = merged(there, value) if both else value  # type: ignore[arg-type]
    return result


def merged_text(text: str | None, new: dict[str, Any]) -> str | None:
    """The JSON text with an object merged into it; the text itself where that says nothing new.

    An object without members says nothing, also where there is no text.
    """
    there = parse(text or "{}")
    now = text_of(merged(there, new))
    return text if now == text_of(there) else now


def scalar(value: Any) -> str | None:
    """A scalar as the text that a search for it gives; None for null, a list or an object.

    A number is searched by its digits as they came; one with an exponent by the number's shortest
    form.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number) and ("e" in value or "E" in value):
        return f"{float(value)}"
    return f"{value}" if isinstance(value, str | int) else None


def spellings(asked: str) -> tuple[str, ...]:
    """What a search asks for, as it was told; then, of a number, as an equal number is searched:
    its shortest decimal with a point, and its digits without a fraction.
    """
    if not _NUMBER.fullmatch(asked):
        return (asked,)
    exact, decimal = Decimal(asked), f"{float(asked)}"
    whole = exact == exact.to_integral_value() and abs(exact) < _WHOLE_MAX
    others = [decimal] if Decimal(decimal) == exact or "e" in asked.lower() else []
    others += [f"{int(exact)}"] if whole else []
    return tuple(dict.fromkeys([asked, *others]))
