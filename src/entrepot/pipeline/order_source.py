"""An organization's order source: its template, the address of an order, and its answer.

The operator sets sources, and no client can. So a source inside the own network is allowed. A
client's id fills one segment of the path or one value of the query, and nothing else.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

ORDER, BUSINESS = "{orderId}", "{businessId}"
BODY_BYTES_MAX = 1 << 20
OK = 200

_SPLIT = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)(\?[^#]*)?(#.*)?\Z", re.ASCII)
_PLAIN = re.compile(r"[!-~]+\Z")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?\Z")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_HEADER_VALUE = re.compile(r"[\t -~]*\Z")
# Headers that the HTTP client sends by itself, and headers that would contradict them.
_OURS = frozenset({
    "host", "accept", "accept-encoding", "connection", "content-length", "content-type", "te",
    "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


class Unaskable(Exception):
    """The source, or this order of it, cannot be asked for; the text says why."""


class Unanswered(Exception):
    """The source did not answer, or not in time; the text says why."""


class Answer(NamedTuple):
    """An answer of the source. `body` is None if it is larger than any order."""

    status: int
    body: bytes | None
    retry_after: float | None
    encoding: str = ""  # what the body is packed in; it was not read then


def template_fault(template: str) -> str | None:
    """The fault of a template, as a sentence; None for a good one."""
    parts = _SPLIT.match(template)
    if parts is None or not _PLAIN.match(template) or parts[3][:1] not in ("", "/"):
        return "must be http:// or https://, a host and a path, in visible ASCII without blanks"
    host, path, query = parts[2], parts[3], parts[4] or ""
    if "@" in host:
        return "must not hold a user or a password: say them in a header"
    if ORDER in host or BUSINESS in host or not _HOST.match(host):
        return "must name its host without a placeholder"
    if not (ORDER in path or ORDER in query):
        return "must contain {orderId} in its path or its query"
    if parts[5] is not None:
        return "must have no fragment: nothing of it is sent"
    if re.search(r"[{}]", (path + query).replace(ORDER, "").replace(BUSINESS, "")):
        return "has a placeholder that is neither {orderId} nor {businessId}"
    if any(_is_dots(segment) for segment in path.split("/")):
        return "must have no dot segment in its path"
    port = host.rpartition(":")[2] if not host.endswith("]") else ""
    if ":" in host and port.isdigit() and not 0 < int(port) < 1 << 16:
        return "must name a port from 1 to 65535"
    return None


def header_fault(header: str) -> str | None:
    """The fault of a header, as a sentence; None for a good one."""
    name, colon, value = header.partition(":")
    if not colon or not _HEADER_NAME.match(name.strip(" ")) or not _HEADER_VALUE.match(value):
        return "must be `Name: value` in one line of visible ASCII"
    if name.strip().lower() in _OURS:
        return f"{name.strip()} is said by the client itself"
    return None


def address(template: str, order_text: str, business: str) -> str:
    """The address of an order. Raises Unaskable where the id would leave its place in it."""
    fault = template_fault(template)
    if fault is not None:
        raise Unaskable(f"its address {fault}")
    try:
        told = quote(order_text, safe="")
    except UnicodeEncodeError as error:
        raise Unaskable("the id has a character that no address can have") from error
    filled = template.replace(ORDER, told).replace(BUSINESS, business)
    path = filled.partition("?")[0].partition("//")[2]
    if any(_is_dots(segment) for segment in path.split("/")):
        # A server that reads such a path goes up a folder, however the dots are written.
        raise Unaskable("the id is a dot segment, which is no name in a path")
    return filled


def _is_dots(segment: str) -> bool:
    return unquote(segment) in (".", "..")
