"""What became of an HTTP exchange with a payment service, and the bounds of one."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 30.0
BODY_BYTES_MAX = 1 << 20
DETAIL_MAX = 300
_WAIT_MAX = 3600.0

# Exceptions of httpx, requests and urllib3 that come before the first byte of a request is sent. By
# name: each service's client brings one of the libraries, and the others are not loaded for it.
_BEFORE_SENDING = frozenset({
    "ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError",
    "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "InvalidURL",
    "LocationParseError",
})  # fmt: skip


_CLOSED = "the connection ended without a whole answer"
# Exceptions that say by their names alone what failed; the first one counts.
_IN_WORDS = {
    **dict.fromkeys(("ConnectTimeout", "ConnectTimeoutError"),
                    f"no connection within {CONNECT_SECONDS:.0f} seconds"),
    **dict.fromkeys(("ReadTimeout", "ReadTimeoutError", "TimeoutError"),
                    f"no answer within {TOTAL_SECONDS:.0f} seconds"),
    "TooLarge": "its answer is too large",
    "JSONDecodeError": "its answer is no JSON",
    **dict.fromkeys(("RemoteProtocolError", "BadStatusLine"), "its answer is no HTTP"),
    **dict.fromkeys(("IncompleteRead", "ProtocolError", "ReadError"), _CLOSED),
}  # fmt: skip


class TooLarge(OSError):
    """An answer is over `BODY_BYTES_MAX`."""


def was_not_sent(error: BaseException) -> bool:
    """Whether a call failed before the service could have seen any of it."""
    return any(
        type(one).__name__ in _BEFORE_SENDING or isinstance(one, ssl.SSLCertVerificationError)
        for one in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
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


def failure(error: BaseException) -> str:
    """What failed, in words: the innermost cause that says it. The text of a library is not told,
    for it may hold an address.
    """
    causes = list(_chain(error))[::-1]
    for one in causes:
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {one.verify_message}"
        if isinstance(one, ssl.SSLError):
            return "it speaks no TLS"
        if isinstance(one, socket.gaierror):
            return "its name is not known"
        if isinstance(one, OSError) and one.errno:
            return os.strerror(one.errno)
    # An answer that is no HTTP, and none at all, are one exception of httpx.
    closed = any("disconnected" in str(one).lower() for one in causes)
    names = {type(one).__name__ for one in causes}
    said = [words for name, words in _IN_WORDS.items() if name in names and not closed]
    return said[0] if said else _CLOSED if closed else type(causes[0]).__name__


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """The wait in seconds that an answer asks for: at most an hour; None where it asks for none."""
    text = str((headers or {}).get("retry-after") or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), _WAIT_MAX))
    try:
        seconds = parsedate_to_datetime(text).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _WAIT_MAX)


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def fault_of_url(url: str) -> str | None:
    """Why an address cannot be a service's base URL; None where it can.

    TLS is always verified. Plain HTTP goes no further than this machine.
    """
    try:
        parts = urlsplit(url)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return "is no URL"
    if not parts.hostname or not port_is_number or parts.scheme not in ("http", "https"):
        return "must be an https:// URL"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "must be a plain base URL, without credentials, query or fragment"
    if parts.scheme == "http" and not is_loopback(url):
        return "must be an https:// URL; http:// is for this machine only, such as a simulator"
    return None
