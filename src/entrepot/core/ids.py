"""The spellings of ids: 16 raw bytes inside, a dashed UUID or a prefixed hex on the wire."""

from __future__ import annotations

import hashlib
import re

_DASHED = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_PREFIXED = re.compile(r"(?:[a-z]{2,4}_)?([0-9a-f]{32})\Z")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE = re.compile(r"EN-([0-9A-HJKMNP-TV-Z]{26})\Z")


def dashed(raw: bytes) -> str:
    """The canonical UUID spelling (Synq and Konvo)."""
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def from_dashed(text: str) -> bytes | None:
    """The id behind a UUID spelling, in either case; None when it is no UUID."""
    return bytes.fromhex(text.replace("-", "")) if _DASHED.match(text) else None


def from_prefixed(text: str, prefix: str) -> bytes | None:
    """The id behind a Polinate spelling such as `ord_` and 32 hex digits; None when it is none."""
    match = _PREFIXED.match(text)
    if match is None or (len(text) > 32 and not text.startswith(prefix)):
        return None
    return bytes.fromhex(match.group(1))


def internal_reference(raw: bytes) -> str:
    """The order's readable number: its id in Crockford's base 32, unique without a counter."""
    number = int.from_bytes(raw, "big")
    return "EN-" + "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def from_internal_reference(text: str) -> bytes | None:
    """The order id behind an internal reference; None when the text is none."""
    match = _REFERENCE.match(text)
    if match is None:
        return None
    number = 0
    for letter in match.group(1):
        number = number << 5 | _CROCKFORD.index(letter)
    return number.to_bytes(16, "big") if number < 1 << 128 else None


def any_spelling(text: str) -> bytes | None:
    """The order id behind any spelling that one of the dialects shows; None when it is none."""
    return from_dashed(text) or from_prefixed(text, "ord_") or from_internal_reference(text)


def event_id(order_id: bytes, seq: int) -> bytes:
    """The stable id of an order's event: a name-based UUID (version 8) of order and number."""
    digest = bytearray(hashlib.sha256(order_id + seq.to_bytes(8, "big")).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x80
    digest[8] = (digest[8] & 0x3F) | 0x80
    return bytes(digest)
