"""The address that a page is asked at, for the commands on it."""

from __future__ import annotations

import re
from typing import Any, Final

from entrepot.edge.curl import SERVER

# A name or an address with its port, and nothing that a shell or a page takes for more.
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")


def with_address(body: bytes, scope: Any) -> bytes:
    """The page with the address that it was asked at in place of the usual one.

    A proxy in front may say that it speaks TLS (`X-Forwarded-Proto: https`); that changes nothing
    but the text.
    """
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"")
    if not _HOST.match(host):
        return body
    secure = headers.get(b"x-forwarded-proto") == b"https" or scope.get("scheme") == "https"
    return body.replace(SERVER.encode(), (b"https://" if secure else b"http://") + host)
