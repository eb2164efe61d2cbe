"""The body of a request, read within a limit."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.core.refusal import Reason, refuse
from entrepot.edge.answering import body_at_once
from entrepot.edge.asgi import Receive

_JSON = "application/json"


class ClientGone(Exception):
    """The client closed the connection before its request was whole; there is nobody to answer."""


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body. Refused: another media type, an encoding, more than `limit` bytes."""
    media = headers.get("content-type", "")
    if media != _JSON and media.split(";", 1)[0].strip().lower() != _JSON:
        raise refuse(Reason.UNSUPPORTED_MEDIA, field="Content-Type")
    if "content-encoding" in headers and headers["content-encoding"].lower() != "identity":
        raise refuse(Reason.UNSUPPORTED_MEDIA, "the body must not be encoded", "Content-Encoding")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise refuse(Reason.BODY_TOO_LARGE, f"at most {limit} bytes")
    whole = body_at_once(receive)
    if whole is not None:
        if len(whole) > limit:
            raise refuse(Reason.BODY_TOO_LARGE, f"at most {limit} bytes")
        return whole
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise refuse(Reason.BODY_TOO_LARGE, f"at most {limit} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
