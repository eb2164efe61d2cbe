"""Why another server gave no answer, in words, and how long it asks to be left alone."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime

_SECONDS_DIGITS_MAX = 9
_CLOSED = "the connection ended without a whole answer"
# Exceptions of httpx, requests and urllib3 that say by their names alone what failed; the first one
# counts. By name: each process brings one of the libraries, and the others are not loaded for it.
_IN_WORDS = {
    **dict.fromkeys(("ConnectTimeout", "ConnectTimeoutError"),
                    "no connection within {connect:.0f} seconds"),
    **dict.fromkeys(("ReadTimeout", "ReadTimeoutError", "TimeoutError"),
                    "no answer within {total:.0f} seconds"),
    "TooLarge": "its answer is too large",
    **dict.fromkeys(("JSONDecodeError", "UnicodeDecodeError"), "its answer is no JSON"),
    **dict.fromkeys(("RemoteProtocolError", "BadStatusLine"), "its answer is no HTTP"),
    **dict.fromkeys(("IncompleteRead", "ProtocolError", "ReadError"), _CLOSED),
}  # fmt: skip


def in_words(error: BaseException, connect: float, total: float) -> str:
    """What failed: the innermost cause that says it. The text of a library is not told, for it may
    hold an address. `connect`, `total`: the seconds that a connection, and an answer, had.
    """
    found = list(causes(error))[::-1]
    for one in found:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {one.verify_message}"
        if isinstance(one, ssl.SSLError):
            return "it speaks no TLS"
        if isinstance(one, socket.gaierror):
            return "its name is not known"
        if type(one) is UnicodeError:
            return "its name is none"
        if isinstance(one, OSError) and one.errno:
            return os.strerror(one.errno)
    # An answer that is no HTTP, and none at all, are one exception of httpx.
    if any("disconnected" in str(one).lower() for one in found):
        return _CLOSED
    names = {type(one).__name__ for one in found}
    said = [words for name, words in _IN_WORDS.items() if name in names]
    return said[0].format(connect=connect, total=total) if said else type(found[0]).__name__


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        # urllib3 keeps the reason beside, and requests wraps urllib3's exception as an argument.
        beside = [getattr(one, "reason", None), *one.args]
        waiting += [other for other in beside if isinstance(other, BaseException)]


def seconds_to_wait(told: str | None, now: float) -> float:
    """The seconds that a header `Retry-After` asks for, which tells them or a date; 0 where the
    header is missing, tells neither, or tells a date that is over. `now`: seconds since 1970.
    """
    text = (told or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_SECONDS_DIGITS_MAX])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    # A date without a zone is of no zone to Python, and of GMT to HTTP.
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
