"""What became of an HTTP exchange with a payment service, and the bounds of one."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from entrepot.unreached import causes, in_words, seconds_to_wait

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 30.0
BODY_BYTES_MAX = 1 << 20
DETAIL_MAX = 300
_KEY_SECONDS = 600

# Exceptions of httpx, requests and urllib3 that come before the first byte of a request is sent. By
# name: each service's client brings one of the libraries, and the others are not loaded for it.
_BEFORE_SENDING = frozenset({
    "ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError",
    "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "InvalidURL",
    "LocationParseError",
})  # fmt: skip


class TooLarge(OSError):
    """An answer is over `BODY_BYTES_MAX`."""


def was_not_sent(error: BaseException) -> bool:
    """Whether a call failed before the service could have seen any of it."""
    return any(
        type(one).__name__ in _BEFORE_SENDING or isinstance(one, ssl.SSLCertVerificationError)
        for one in causes(error)
    )


def failure(error: BaseException) -> str:
    """What failed, in words."""
    return in_words(error, CONNECT_SECONDS, TOTAL_SECONDS)


def retry_after(headers: Mapping[str, str] | None) -> float:
    """The wait in seconds that an answer asks for; 0 where it asks for none."""
    return seconds_to_wait((headers or {}).get("retry-after"), time.time())


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


def key_of_now(key: str) -> str:
    """Another key for the same request, a new one every ten minutes: for a request that has its
    effect once under any key, where the service has saved a failure under the request's own.
    """
    return f"{key}-{int(time.time()) // _KEY_SECONDS}"
