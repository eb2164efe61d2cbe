"""Answers that are no JSON document: other headers, another media type, a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.edge.serving import Client, serving, without_a_book
from tests.edge.test_access import Admits

from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Everybody
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.dialects import ALL
from entrepot.edge.protocol import deadline_protocol
from entrepot.edge.reply import Reply

PDF = b"%PDF-1.7 an invoice"


@asynccontextmanager
async def asked(make: Callable[[], Reply]) -> AsyncIterator[Client]:
    """A client of a server that answers GET /thing with what is made."""

    async def handler(_call: Call) -> Reply:
        return make()

    operation = Operation(
        method="GET", path="/thing", operation_id="thing", summary="A thing", handler=handler,
        responses={200: Response("The thing", None)}, access=Everybody(),
    )  # fmt: skip
    services = without_a_book(Admits())
    dialect = replace(ALL[0], operations=(operation,))
    app: Any = build_app(services, [dialect], {}, lambda: "request-1")
    app.gate = asyncio.Event()
    async with serving(deadline_protocol(), app=app) as server:
        yield await server.client()


def request(method: str = "GET", *, last: bool = True) -> bytes:
    close = "Connection: close\r\n" if last else ""
    return f"{method} /thing HTTP/1.1\r\nHost: here\r\n{close}\r\n".encode()


async def said(make: Callable[[], Reply], method: str = "GET") -> tuple[bytes, set[bytes], bytes]:
    """Status line, headers and body."""
    async with asked(make) as client:
        client.send(request(method))
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    return status, {line for line in headers if not line.startswith(b"date:")}, body


async def test_a_reply_has_a_media_type_and_headers_of_its_own() -> None:
    attachment = (b"content-disposition", b'attachment; filename="invoice.pdf"')
    kept = (b"cache-control", b"private, max-age=60")
    status, headers, body = await said(
        lambda: Reply(200, PDF, (attachment, kept), b"application/pdf")
    )
    assert status == b"HTTP/1.1 200 OK"
    assert body == PDF
    assert headers >= {
        b"content-type: application/pdf",
        b'content-disposition: attachment; filename="invoice.pdf"',
        b"cache-control: private, max-age=60",
        b"x-content-type-options: nosniff",
        b"x-request-id: request-1",
        b"content-length: 19",
    }
    assert b"cache-control: no-store" not in headers


async def test_a_stream_is_sent_as_it_comes() -> None:
    more = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"first,"
        await more.wait()
        yield b""
        yield b"second"

    async with asked(lambda: Reply(200, chunks(), (), b"text/csv")) as client:
        client.send(request(last=False))
        seen = await client.reader.readuntil(b"first,\r\n")
        assert b"transfer-encoding: chunked\r\n" in seen
        assert b"content-type: text/csv\r\n" in seen
        more.set()
        assert await client.reader.readuntil(b"0\r\n\r\n") == b"6\r\nsecond\r\n0\r\n\r\n"
        # The connection goes on.
        client.send(request())
        assert (await client.rest()).endswith(b"6\r\nsecond\r\n0\r\n\r\n")


async def test_a_stream_ends_when_its_client_is_gone() -> None:
    ended = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"first,"
            while True:
                await asyncio.sleep(0)
                yield b"still there?"
        finally:
            ended.set()

    async with asked(lambda: Reply(200, chunks())) as client:
        client.send(request(last=False))
        await client.reader.readuntil(b"first,\r\n")
        client.writer.close()
        async with asyncio.timeout(10):
            await ended.wait()


async def test_the_head_of_a_stream_is_sent_without_its_body() -> None:
    ended = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"first,"
            yield b"second"
        finally:
            ended.set()

    status, _, body = await said(lambda: Reply(200, chunks()), "HEAD")
    assert (status, body) == (b"HTTP/1.1 200 OK", b"")
    assert ended.is_set()


async def test_a_refusal_before_the_first_chunk_is_a_refusal() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        raise refuse(Reason.UNKNOWN_ORDER)
        yield b""

    status, headers, body = await said(lambda: Reply(200, chunks()))
    assert status == b"HTTP/1.1 404 Not Found"
    assert b"content-type: application/json" in headers
    assert body == b'{"error":"No such order is known here."}'


async def test_a_stream_that_breaks_is_not_taken_for_a_whole_one() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"first,"
        raise OSError("a secret of the inside")

    status, _, body = await said(lambda: Reply(200, chunks()))
    assert status == b"HTTP/1.1 200 OK"
    assert body == b"6\r\nfirst,\r\n", "without the chunk that ends a body"


@pytest.mark.parametrize(
    "header",
    [(b"x-name", b"a\r\nset-cookie: b"), (b"X-Name", b"a"), (b"content-length", b"3")],
    ids=["a line break", "capitals", "not its own"],
)
async def test_a_header_that_cannot_be_sent_is_our_fault(header: tuple[bytes, bytes]) -> None:
    status, headers, body = await said(lambda: Reply(200, PDF, (header,)))
    assert status == b"HTTP/1.1 500 Internal Server Error"
    assert b"set-cookie: b" not in headers
    assert PDF not in body
