"""The rules for the head of a request (RFC 9112): its version, its target, and the headers that
name the host and say where the request ends. A proxy and this server read one connection, and have
to agree on all of these.
"""

from __future__ import annotations

import http
import re
from typing import Final

import httptools

HEADER_BLOCK_BYTES_MAX: Final = 64 * 1024
HEADERS_MAX: Final = 100

_SERVED: Final = ("1.1", "1.0")
_SCHEMES: Final = (b"http", b"https")
# A name, an address or nothing, and a port; no path, no user, no list.
_HOST: Final = re.compile(
    rb"(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*+(?::[0-9]*)?\Z"
    rb"|\[[0-9A-Fa-f:.%v]+\](?::[0-9]*)?\Z"
)

_BAD_REQUEST: Final = http.HTTPStatus.BAD_REQUEST
_NOT_IMPLEMENTED: Final = http.HTTPStatus.NOT_IMPLEMENTED
_VERSION: Final = http.HTTPStatus.HTTP_VERSION_NOT_SUPPORTED


class Fault(Exception):
    """The connection cannot go on after what was sent; `status` is what its sender is told."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def check_head(version: str, headers: list[tuple[bytes, bytes]]) -> None:
    """Refuse a head that says no HTTP version served here, or not exactly one host, or an end of
    the body that others could see elsewhere. Names are in lower case. Raises Fault.
    """
    if version not in _SERVED:
        raise Fault(_VERSION if version[0] >= "2" else _BAD_REQUEST)
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if hosts > 1 or (not hosts and version != "1.0"):
        raise Fault(_BAD_REQUEST)
    if hosts and not _HOST.match(headers[names.index(b"host")][1]):
        raise Fault(_BAD_REQUEST)
    if b"transfer-encoding" in names:
        codings = [value for name, value in headers if name == b"transfer-encoding"]
        _check_codings(version, b",".join(codings))


def _check_codings(version: str, codings: bytes) -> None:
    """Refuse every transfer coding but `chunked` alone. If another coding is last, the end of the
    body is not known.
    """
    listed = [one.strip(b" \t").lower() for one in codings.split(b",")]
    if listed == [b"chunked"] and version == "1.1":
        return
    if version == "1.0" or listed[-1] != b"chunked" or listed.count(b"chunked") > 1:
        raise Fault(_BAD_REQUEST)
    raise Fault(_NOT_IMPLEMENTED)


def origin_form(target: bytes, method: bytes) -> bytes:
    """The path and query that a request's target names, in whichever form it names them.

    Raises Fault: the target names none, or holds what belongs to no target. A tunnel names none:
    whatever follows such a head is no request, and the parser would read the head again.
    """
    if b"#" in target or method == b"CONNECT":
        raise Fault(_BAD_REQUEST)
    if target[:1] == b"/" or (target == b"*" and method == b"OPTIONS"):
        return target
    try:
        parsed = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        raise Fault(_BAD_REQUEST) from None
    if (parsed.schema or b"").lower() not in _SCHEMES or not parsed.host or parsed.userinfo:
        raise Fault(_BAD_REQUEST)
    path, query = bytes(parsed.path or b"/"), parsed.query
    return b"%b?%b" % (path, query) if query else path


def without_upgrade(
    method: bytes, target: bytes, version: str, headers: list[tuple[bytes, bytes]]
) -> bytes:
    """The same head again, without the wish to speak another protocol, which a server need not
    grant. The parser takes everything after such a head for that other protocol, the request's body
    too.
    """
    kept = b"".join(b"%b: %b\r\n" % one for one in headers if one[0] != b"upgrade")
    return b"%b %b HTTP/%b\r\n%b\r\n" % (method, target, version.encode(), kept)
