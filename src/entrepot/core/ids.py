"""The spellings of ids: 16 raw bytes inside, a dashed UUID or a prefixed hex on the wire."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

# ASCII only: other scripts have digits and letters that Python takes for these. Both cases stand in
# one set of characters, for every id of every order passes here: a flag would take twice as long.
_HEX = "[0-9A-Fa-f]"
_UUID = re.compile(
    rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\Z|{_HEX}{{32}}\Z"
)
_UUID_LENGTH_MIN, _UUID_LENGTH_MAX = 32, 36
_PREFIX_LENGTH_MAX = len("list_")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Two letters at a time.
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_SHIFTS = range(120, -1, -10)
# An internal reference is the shortest spelling, a dashed UUID behind its prefix the longest.
_SPELLING_LENGTH_MIN, _SPELLING_LENGTH_MAX = len("EN-") + 26, len("ord_") + _UUID_LENGTH_MAX
_REFERENCE = re.compile(rf"EN-([{_CROCKFORD}]{{26}})\Z", re.ASCII | re.IGNORECASE)


def dashed(raw: bytes) -> str:
    """The canonical UUID spelling."""
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


# An organization, a tenant and a location stand in every answer of theirs.
dashed_often = lru_cache(maxsize=4096)(dashed)


def spelled(text: str, *prefixes: str) -> bytes | None:
    """The id behind a UUID, with or without dashes, bare or after a prefix, in either case.

    None for anything else, an id with another prefix among it.
    """
    if not _UUID_LENGTH_MIN <= len(text) <= _UUID_LENGTH_MAX + _PREFIX_LENGTH_MAX:
        return None
    if _UUID.match(text):
        return bytes.fromhex(text.replace("-", ""))
    for prefix in prefixes:
        bare = text[len(prefix) :]
        if text[: len(prefix)].lower() == prefix and _UUID.match(bare):
            return bytes.fromhex(bare.replace("-", ""))
    return None


_spelled_often = lru_cache(maxsize=4096)(spelled)


def spelled_often(text: str, *prefixes: str) -> bytes | None:
    """See `spelled`. Variants and locations are in many orders: their ids are remembered."""
    # No long text stays in memory.
    short = len(text) <= _UUID_LENGTH_MAX + _PREFIX_LENGTH_MAX
    return _spelled_often(text, *prefixes) if short else None


def internal_reference(raw: bytes) -> str:
    """The order's readable number: its id in Crockford's base 32, unique without a counter."""
    number = int.from_bytes(raw, "big")
    return "EN-" + "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def from_internal_reference(text: str) -> bytes | None:
    """The order id behind an internal reference; None when the text is none."""
    match = _REFERENCE.match(text)
    if match is None:
        return None
    number = 0
    for letter in match.group(1).upper():
        number = number << 5 | _CROCKFORD.index(letter)
    return number.to_bytes(16, "big") if number < 1 << 128 else None


def any_spelling(text: str) -> bytes | None:
    """The order id behind any spelling that one of the dialects shows; None when it is none."""
    # Most names that senders give are of another length, and are compared no further.
    if not _SPELLING_LENGTH_MIN <= len(text) <= _SPELLING_LENGTH_MAX:
        return None
    return spelled(text, "ord_") or from_internal_reference(text)


def event_id(order_id: bytes, seq: int) -> bytes:
    """The stable id of an order's event: a name-based UUID (version 8) of order and number."""
    digest = bytearray(hashlib.sha256(order_id + seq.to_bytes(8, "big")).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x80
    digest[8] = (digest[8] & 0x3F) | 0x80
    return bytes(digest)
