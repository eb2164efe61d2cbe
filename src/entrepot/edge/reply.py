"""Answers of a handler that are not just the bytes of a JSON document."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"
_NAME: Final = re.compile(rb"[a-z0-9-]+\Z")
_VALUE: Final = re.compile(rb"[\x20-\x7e\t]*\Z")
# The server says itself where a body ends, and what a body is.
_NOT_OURS: Final = frozenset({b"content-length", b"content-type", b"transfer-encoding"})


class Reply(NamedTuple):
    """An answer with headers, another media type or a stream.

    A stream is sent chunk by chunk as its chunks come, and is closed when its client is gone. A
    client that only ended its own side counts as gone once a chunk cannot be sent: a stream that
    may be quiet for long sends something now and then. The first chunk is awaited before anything
    is sent: a refusal until then is answered as any other.
    A header of the reply takes the place of the header of that name which every answer has.
    """

    status: int
    body: bytes | AsyncIterator[bytes]
    headers: tuple[tuple[bytes, bytes], ...] = ()  # names in lower case
    media: bytes = JSON


async def begun(reply: Reply) -> Reply:
    """The reply, its first chunk there. Raises ValueError for a header that cannot be sent."""
    for name, value in (*reply.headers, (b"content-type", reply.media)):
        named = name in _NOT_OURS and value is not reply.media
        if named or not _NAME.match(name) or not _VALUE.match(value):
            raise ValueError(f"{name!r} cannot be the header of a reply with this value")
    if isinstance(reply.body, bytes):
        return reply
    return reply._replace(body=_after(await anext(reply.body, b""), reply.body))


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield first
        async for chunk in rest:
            yield chunk
    finally:
        await close(rest)


async def close(stream: AsyncIterator[bytes]) -> None:
    """Let a stream go, whether it ended or not."""
    let_go = getattr(stream, "aclose", None)
    if let_go is not None:
        await let_go()
