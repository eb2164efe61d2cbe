"""Pages by a cursor: the text that stands for the place after which a page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from entrepot.core.refusal import Reason, refuse

LIMIT, LIMIT_MAX = 50, 200
_ID_BYTES = 16
R = TypeVar("R")
Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]
LIMIT_TEXT: Final = "Entries a page."
AFTER_TEXT: Final = "The cursor `next` of the page before."


class Cursor(msgspec.Struct, array_like=True):
    """The key of the last entry of a page."""

    key: int | str


_decode = msgspec.json.Decoder(Cursor).decode


def cursor(key: int | str) -> str:
    """The text of the place behind an entry with this key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(Cursor(key))).decode().rstrip("=")


def cut(found: Sequence[R], limit: int, id_of: Callable[[R], bytes]) -> tuple[list[R], str | None]:
    """The entries of a page, and the cursor of the next page if there is one. One entry more was
    looked for than the page has.
    """
    shown = list(found[:limit])
    return shown, cursor(id_of(shown[-1]).hex()) if len(found) > limit else None


def number_after(text: str | None) -> int | None:
    """The number that a cursor stands for; None without a cursor. Refused: what is no cursor."""
    key = _key(text)
    if text is not None and (not isinstance(key, int) or key < 0 or key >= 1 << 63):
        raise _no_cursor()
    return key if isinstance(key, int) else None


def id_after(text: str | None) -> bytes | None:
    """The id that a cursor stands for, as `number_after`."""
    return _raw_after(text, _ID_BYTES)


def ids_after(text: str | None) -> tuple[bytes, bytes] | None:
    """The two ids that a cursor stands for, as `number_after`."""
    raw = _raw_after(text, 2 * _ID_BYTES)
    return None if raw is None else (raw[:_ID_BYTES], raw[_ID_BYTES:])


def _raw_after(text: str | None, size: int) -> bytes | None:
    key = _key(text)
    if text is None:
        return None
    try:
        raw = bytes.fromhex(key) if isinstance(key, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise _no_cursor()
    return raw


def _key(text: str | None) -> int | str | None:
    if text is None:
        return None
    try:
        return _decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)).key
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise _no_cursor() from None


def _no_cursor() -> Exception:
    return refuse(Reason.INVALID, "is no cursor of this list", "after")
