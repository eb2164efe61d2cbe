"""The address that a path means, compared by the bytes that were sent: each address has one
spelling.

A doubled or trailing slash, a dot segment, or an escaped character of a fixed part makes another
address, which nothing answers. So nobody passes by a rule of a proxy that names a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, unquote_to_bytes

T = TypeVar("T")
_NO_PARAMETERS: Final[Mapping[str, str]] = {}
# A character that needs no escape has none (RFC 3986, 2.3).
_NEEDLESS: Final = re.compile(
    rb"%(?:2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9AEae])"
)
_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PARAMETER: Final = re.compile(r"{(\w+)}\Z")


class Paths(Generic[T]):
    """Something for each of many paths, some of which have {names} for whole segments."""

    def __init__(self, found: Mapping[str, T]) -> None:
        self._plain: dict[bytes, T] = {}
        # By what is before the parameter, where that is the last segment: nearly all are so.
        self._last: dict[bytes, tuple[str, T]] = {}
        # The others, by how many segments they have.
        self._templates: dict[int, list[tuple[list[bytes | None], list[str], T]]] = {}
        for path, value in found.items():
            if "{" not in path:
                self._plain[path.encode()] = value
                continue
            named = [_PARAMETER.match(part) for part in path.split("/")]
            fixed = [
                None if match else part.encode()
                for match, part in zip(named, path.split("/"), strict=True)
            ]
            names = [match[1] for match in named if match]
            if len(names) == 1 and named[-1] is not None:
                self._last[path.rpartition("/")[0].encode()] = names[0], value
                continue
            self._templates.setdefault(len(fixed), []).append((fixed, names, value))

    def find(self, path: bytes) -> tuple[T | None, Mapping[str, str]]:
        """The value that was registered for this path, and the values of its parameters; None for
        an unknown path.
        """
        plain = self._plain.get(path)
        if plain is not None:
            return plain, _NO_PARAMETERS
        before, _, segment = path.rpartition(b"/")
        last = self._last.get(before)
        if last is not None:
            only = _text(segment)
            if only is not None:
                return last[1], {last[0]: only}
        parts = path.split(b"/")
        for fixed, names, value in self._templates.get(len(parts), ()):
            texts: list[str] = []
            for want, part in zip(fixed, parts, strict=True):
                if want is None:
                    text = _text(part)
                    if text is None:
                        break
                    texts.append(text)
                elif want != part:
                    break
            else:
                return value, dict(zip(names, texts, strict=True))
        return None, _NO_PARAMETERS


def _text(segment: bytes) -> str | None:
    """The text that one segment spells; None where it spells none, or not in the one way."""
    if segment in (b"", b".", b".."):
        return None
    if b"%" in segment:
        if _ESCAPE.search(segment) or _NEEDLESS.search(segment):
            return None
        segment = unquote_to_bytes(segment)
    try:
        return segment.decode()
    except UnicodeDecodeError:
        return None


def raw_path(scope: Mapping[str, Any]) -> bytes:
    """The path as it was sent; made from the decoded one where the server keeps no other."""
    raw: bytes | None = scope.get("raw_path")
    return quote(scope["path"]).encode() if raw is None else raw
