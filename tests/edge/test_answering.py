"""A body in one read and an answer in one write are those of uvicorn, byte for byte."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from tests.edge.serving import serving

from entrepot.core.refusal import Refused
from entrepot.edge import body, sending
from entrepot.edge.answering import answer_at_once, body_at_once
from entrepot.edge.body import read_body
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


_JSON_HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
_LARGE = b"[" + b"1," * 50_000 + b"1]"


def posting(body: bytes, extra: bytes = b"") -> bytes:
    return _JSON_HEAD + b"Content-Length: %d\r\n%b\r\n%b" % (len(body), extra, body)


class Echo:
    """Answers with the number of bytes of the body and with their sum."""

    def __init__(self) -> None:
        self.gate, self.begun = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun.set()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        try:
            read = await read_body(headers, receive, len(_LARGE))
        except Refused:
            read = b""
        told = b"%d %d" % (len(read), sum(read))
        await sending.send_answer(send, 201, JSON, told, [])


# The pieces of a connection, and how many bodies are here when the application asks for them.
BODIES = {
    "one": ([posting(b"{}")], 1),
    "several at once": ([posting(b"{}") + posting(b"[1]") + posting(b"[2]")], 3),
    "one after a large one": ([posting(_LARGE), posting(b"[1]")], None),
    "in two pieces": ([posting(b"{}")[:-1], b"}"], 0),
    "in chunks": ([_JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
                   b"1\r\n}\r\n0\r\n\r\n"], 0),
    "after asking whether to go on": ([posting(b"{}", b"Expect: 100-continue\r\n")], 0),
    "too large": ([posting(_LARGE + b" ")], None),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "here"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_is_what_uvicorn_reads(
    pieces: list[bytes], here: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[bool] = []

    def counting(receive: Any) -> bytes | None:
        found = body_at_once(receive)
        at_once.append(found is not None)
        return found

    async def answers() -> bytes:
        echo = Echo()
        async with serving(deadline_protocol(), app=echo) as server:  # type: ignore[arg-type]
            client = await server.client()
            for piece in pieces:
                client.send(piece)
                await echo.begun.wait()
            client.send(BYE)
            return re.sub(rb"date: [^\r]*", b"date: ?", await client.rest())

    monkeypatch.setattr(body, "body_at_once", counting)
    ours = await answers()
    monkeypatch.setattr(body, "body_at_once", lambda _receive: None)
    assert ours == await answers()
    if here is not None:
        assert sum(at_once) == here


@pytest.mark.parametrize(("version", "told"), [(b"1.0", 0), (b"1.1", 1)])
async def test_a_client_of_http_1_0_is_not_told_to_go_on(version: bytes, told: int) -> None:
    """It knows no answer before the answer, and would take it for the answer."""
    asking = posting(b"{}", b"Expect: 100-continue\r\nConnection: close\r\n")
    async with serving(deadline_protocol(), app=Echo()) as server:  # type: ignore[arg-type]
        client = await server.client()
        client.send(asking.replace(b"HTTP/1.1", b"HTTP/" + version))
        assert (await client.rest()).count(b"HTTP/1.1 100 Continue") == told
