"""Headers that tell browsers and caches what not to do."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Final

from entrepot.edge.dialect import Dialect

# The style of the reference pages, which is the only thing in them that a browser carries out.
STYLE: Final = files(__package__).joinpath("reference.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

_NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")
# Orders are their customers' data: no copy is kept anywhere.
FOR_JSON: Final = ((b"cache-control", b"no-store"), _NO_SNIFF)
FOR_PAGES: Final = (
    _NO_SNIFF,
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'".encode(),
    ),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)

PREFLIGHT_SECONDS: Final = 600
_READ_BY_PAGES: Final = ("ETag", "Idempotent-Replayed", "Retry-After", "Warning", "X-Request-Id")


def cross_origin(dialect: Dialect, allow: str) -> list[tuple[bytes, bytes]]:
    """Headers that let a page of any origin call this dialect; none if the dialect allows no such
    page.

    No cookie says who is calling. So a page can do no more than its user, who holds the key.
    """
    if not dialect.browser_headers:
        return []
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", allow.encode()),
        (b"access-control-allow-headers", ", ".join(dialect.browser_headers).encode()),
        (b"access-control-expose-headers", ", ".join(_READ_BY_PAGES).encode()),
        (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
    ]
