"""How an answer is sent: whole, or as a stream that ends when its client is gone."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import suppress

from entrepot.core.refusal import Refusal
from entrepot.edge.answering import answer_at_once
from entrepot.edge.asgi import Receive, Scope, Send
from entrepot.edge.reply import Reply, close
from entrepot.edge.safe_headers import FOR_JSON

Headers = list[tuple[bytes, bytes]]


async def send_reply(
    receive: Receive, send: Send, reply: Reply, extra: Headers, *, head_only: bool
) -> None:
    """Send a reply that has begun. An error of its stream is raised, its answer broken off."""
    told = {name for name, _ in reply.headers}
    usual = [header for header in FOR_JSON if header[0] not in told]
    headers = [*usual, *reply.headers, *(one for one in extra if one[0] not in told)]
    if isinstance(reply.body, bytes):
        await send_answer(send, reply.status, reply.media, reply.body, headers)
        return
    try:
        head = [(b"content-type", reply.media), *headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": head})
        if not head_only:
            await _stream(receive, send, reply.body)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        await close(reply.body)


async def _stream(receive: Receive, send: Send, body: AsyncIterator[bytes]) -> None:
    gone = asyncio.ensure_future(_client_gone(receive))
    try:
        while not gone.done():
            step = asyncio.ensure_future(anext(body, None))
            try:
                await asyncio.wait({step, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not step.done():
                    step.cancel()
                    with suppress(asyncio.CancelledError):
                        await step
            if step.cancelled():
                return
            chunk = step.result()
            if chunk is None:
                return
            if chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        gone.cancel()


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_answer(
    send: Send, status: int, media: bytes | None, body: bytes, extra: Headers
) -> None:
    """Send one whole answer; without a media type it is one that has no body (204)."""
    head = extra
    if media is not None:
        head = [(b"content-type", media), *extra]
        if answer_at_once(send, status, b"", head, body):
            return
        head.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def client_address(scope: Scope) -> str:
    """The address that a request came from, as the server knows it."""
    return (scope.get("client") or ("unknown", 0))[0]


def retry_after(refusal: Refusal) -> tuple[bytes, bytes]:
    """The header that says after how many whole seconds to try again."""
    return b"retry-after", b"%d" % max(1, math.ceil(refusal.retry_after or 0))
