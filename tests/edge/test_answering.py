"""A whole answer in one write is the answer that uvicorn gives, byte for byte."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from tests.edge.serving import serving

from entrepot.edge import sending
from entrepot.edge.answering import answer_at_once
from entrepot.edge.protocol import deadline_protocol
from entrepot.edge.reply import JSON

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
BYE = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n%b\r\n"
REQUESTS = {
    "one": GET + BYE,
    "several at once": GET * 5 + BYE,
    "the head only": GET.replace(b"GET", b"HEAD") + BYE,
    "with a body": POST % b"" + b"{}" + BYE,
    "after asking whether to go on": POST % b"Expect: 100-continue\r\n" + b"{}" + BYE,
    "of HTTP/1.0": GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "to be closed": BYE,
}


class App:
    """Answers through the edge, and counts how often it did so in one write."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.answered = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002
        self.answered += 1
        body = b'{"number":%d}' % self.answered
        await sending.send_answer(send, 201, JSON, body, [(b"x-request-id", b"abcdefgh")])


async def said(request: bytes) -> list[bytes]:
    """All that comes back, but for the date."""
    async with serving(deadline_protocol(), app=App()) as server:  # type: ignore[arg-type]
        client = await server.client()
        client.send(request)
        answers = re.sub(rb"date: [^\r]*", b"date: ?", await client.rest())
    # In no order of headers, which means nothing.
    return [b"\r\n".join(sorted(part.split(b"\r\n"))) for part in answers.split(b"\r\n\r\n")]


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
async def test_it_is_what_uvicorn_says(request_: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[bool] = []

    def counting(*arguments: Any) -> bool:
        at_once.append(answer_at_once(*arguments))
        return at_once[-1]

    monkeypatch.setattr(sending, "answer_at_once", counting)
    ours = await said(request_)
    monkeypatch.setattr(sending, "answer_at_once", lambda *_: False)
    assert ours == await said(request_)
    plain = request_.count(b"HTTP/1.1\r\n") - request_.count(b"close") - request_.count(b"HEAD")
    assert sum(at_once) == plain
