"""The place of what is wrong in a JSON text: a walk over it, lexeme by lexeme; slow and exact."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from entrepot.pace import paced

KEY_SHOWN_MAX: Final = 64

# A string that never ends is matched too: a failed match would be tried again at every quote.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},:]|[^][{},:"\s]+', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_NOT_A_NUMBER: Final = frozenset({"NaN", "Infinity", "-Infinity", "+Infinity", "nan", "inf"})


class Defect(NamedTuple):
    """A fault in a JSON text, and its path, such as `[3].items[0].price`."""

    path: str
    problem: str


def first_defect(text: str, number_problem: Callable[[str], str | None]) -> Defect | None:
    """The first lexeme that cannot stand; None where each can, which says nothing of the grammar.

    `number_problem` says what is wrong with a number, as it is written.
    """
    for path, lexeme, is_key, seen in _walk(text):
        problem = _token_problem(lexeme, number_problem)
        if problem is None and is_key:
            key = _string_text(lexeme)
            if key in seen:
                problem = "The key appears more than once in one object"
            seen.add(key)
        if problem is not None:
            return Defect("".join(path).removeprefix("."), problem)
    return None


def _walk(text: str) -> Iterator[tuple[list[str], str, bool, set[str]]]:
    """Yield every key and scalar with its path, whether it is a key, and its object's keys.

    The text may be malformed: then the walk is only as right as the text is. The path is one list,
    changed as the walk goes on.
    """
    path: list[str] = []
    # For each open container: the position in an array, or -1 in an object; and the keys so far.
    positions: list[int] = []
    keys: list[set[str]] = [set()]
    before = ""
    for match in paced(_TOKEN.finditer(text)):
        lexeme = match[0]
        if lexeme in ("[", "{"):
            positions.append(0 if lexeme == "[" else -1)
            path.append("[0]" if lexeme == "[" else "")
            keys.append(set())
        elif lexeme in ("]", "}"):
            if positions:
                positions.pop()
                path.pop()
                keys.pop()
        elif lexeme == ",":
            if positions and positions[-1] >= 0:
                positions[-1] += 1
                path[-1] = f"[{positions[-1]}]"
        elif lexeme != ":":
            is_key = bool(positions) and positions[-1] < 0 and before in ("{", ",")
            if is_key:
                path[-1] = step(_string_text(lexeme))
            yield path, lexeme, is_key, keys[-1]
        before = lexeme


def step(key: str) -> str:
    """Return a path's step for a key; the sender's text is shown in part only."""
    key = key[:KEY_SHOWN_MAX]
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{json.dumps(key)}]"


def _string_text(lexeme: str) -> str:
    """Return the text of a string lexeme, or the lexeme itself where it is no string."""
    if "\\" not in lexeme:
        return lexeme[1:-1] if lexeme[0] == '"' else lexeme
    try:
        text = json.loads(lexeme, strict=False)
    except ValueError:
        return lexeme
    return text if isinstance(text, str) else lexeme


def _token_problem(lexeme: str, number_problem: Callable[[str], str | None]) -> str | None:
    if lexeme in _NOT_A_NUMBER:
        return "NaN and Infinity are not JSON numbers"
    if lexeme[0] in "-0123456789":
        return number_problem(lexeme)
    if "\0" in lexeme:
        return "A NUL character is not allowed"
    if lexeme[0] == '"' and "\\u" in lexeme:
        return _escape_problem(lexeme)
    return None


def _escape_problem(lexeme: str) -> str | None:
    high = False
    end = 0
    for match in paced(_ESCAPE.finditer(lexeme)):
        unit = int(match[1], 16) if match[1] else 0x20
        is_low = unit in _LOW_SURROGATES
        if unit == 0:
            return "A NUL character is not allowed"
        if is_low != (high and match.start() == end):
            return "A lone surrogate is not a character"
        if high and not is_low:
            return "A lone surrogate is not a character"
        high = unit in _HIGH_SURROGATES
        end = match.end()
    return "A lone surrogate is not a character" if high else None
