"""Pages by a cursor: the text that stands for the place after which a page begins.

A cursor belongs to one list with its filters. In another list, or behind other filters, it would
stand for a place that nobody asked for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Protocol, TypeVar

import msgspec
from msgspec import Meta

from entrepot.core.refusal import Reason, refuse
from entrepot.edge.dialect import Call

LIMIT, LIMIT_MAX = 50, 200
_ID_BYTES = 16
_MARK_BYTES = 6
# Members of a query that filter nothing.
_OF_PAGES: Final = ("limit", "after")
R = TypeVar("R")
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]
LIMIT_TEXT: Final = "Entries a page."
AFTER_TEXT: Final = "The cursor `next` of the page before, of this list with these filters."


class Asked(Protocol):
    """The query of a list: a struct with these members and the list's filters."""

    limit: int
    after: str | None


class Cursor(msgspec.Struct, array_like=True):
    """The key of the last entry of a page, and the mark of its list."""

    key: int | str
    of: str = ""  # a cursor that was given before cursors had marks has none


_decode = msgspec.json.Decoder(Cursor).decode


def cursor(key: int | str, of: str = "") -> str:
    """The text of the place behind an entry with this key, in the list with the mark `of`; without
    a mark in whichever list, as cursors were before.
    """
    return base64.urlsafe_b64encode(msgspec.json.encode(Cursor(key, of))).decode().rstrip("=")


class Pages:
    """The pages of one list with its filters: the place where one begins, and the next one's."""

    __slots__ = ("_after", "_mark", "limit")

    def __init__(self, call: Call, asked: Asked) -> None:
        self.limit = asked.limit
        self._after = asked.after
        self._mark = _mark(call, asked)

    def cursor(self, key: int | str) -> str:
        """The text of the place behind an entry with this key."""
        return cursor(key, self._mark)

    def cut(
        self, found: Sequence[R], key_of: Callable[[R], bytes | int]
    ) -> tuple[list[R], str | None]:
        """The entries of a page, and the cursor of the next page if there is one. One entry more
        was looked for than the page has.
        """
        shown = list(found[: self.limit])
        return shown, self.behind(key_of(shown[-1]) if len(found) > self.limit else None)

    def behind(self, key: bytes | int | None) -> str | None:
        """The cursor of the next page, which begins behind this key; None for no next page."""
        if key is None:
            return None
        return self.cursor(key.hex() if isinstance(key, bytes) else key)

    def number_after(self) -> int | None:
        """The number that the cursor stands for; None without a cursor. Refused: what is no cursor
        of this list with these filters.
        """
        key = self._key()
        if key is None:
            return None
        if not isinstance(key, int) or not 0 <= key < 1 << 63:
            raise _no_cursor()
        return key

    def id_after(self) -> bytes | None:
        """The id that the cursor stands for, as `number_after`."""
        return self._raw_after(_ID_BYTES)

    def ids_after(self) -> tuple[bytes, bytes] | None:
        """The two ids that the cursor stands for, as `number_after`."""
        raw = self._raw_after(2 * _ID_BYTES)
        return None if raw is None else (raw[:_ID_BYTES], raw[_ID_BYTES:])

    def _raw_after(self, size: int) -> bytes | None:
        key = self._key()
        if key is None:
            return None
        try:
            raw = bytes.fromhex(key) if isinstance(key, str) else b""
        except ValueError:
            raw = b""
        if len(raw) != size:
            raise _no_cursor()
        return raw

    def _key(self) -> int | str | None:
        text = self._after
        if text is None:
            return None
        try:
            told = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            found = _decode(told)
        except (binascii.Error, ValueError, msgspec.DecodeError):
            raise _no_cursor() from None
        if found.of not in ("", self._mark):
            raise _no_cursor()
        return found.key


def _mark(call: Call, asked: Asked) -> str:
    """The text that differs for every list, and for every filter of it.

    A query's shape is that of one list, or of one list and of another below what the path names.
    """
    shape: Any = type(asked)
    filters = [
        (name, _plain(getattr(asked, name)))
        for name in shape.__struct_fields__
        if name not in _OF_PAGES
    ]
    told = repr((shape.__name__, sorted(call.path_ids.items()), filters))
    digest = hashlib.blake2b(told.encode(), digest_size=_MARK_BYTES).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _plain(value: object) -> object:
    """A filter's value in one spelling: an id's bytes, a time's microseconds, or what it is."""
    for name in ("raw", "at"):
        if hasattr(value, name):
            found: object = getattr(value, name)
            return found
    return value


def _no_cursor() -> Exception:
    return refuse(Reason.INVALID, "is no cursor of this list with these filters", "after")
