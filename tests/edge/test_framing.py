"""Ends of requests, the host that a request is for, and heads that are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.edge.serving import PATIENCE, App, Client, Running, serving
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

from entrepot.edge.framing import Fault, check_head, origin_form
from entrepot.edge.protocol import deadline_protocol

GATED = b"POST /gated HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}"
QUICK = b"GET /quick HTTP/1.1\r\nHost: here\r\n\r\n"
CHUNKED = b"POST /quick HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n"


def get(target: bytes, *headers: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return b"\r\n".join([b"GET " + target + b" " + version, *headers, b"", b""])


class Seeing(App):
    """The protocol tests' application, which also keeps the headers of every request."""

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "http"
        await super().__call__(scope, receive, send)
        self.headers.append(dict(scope["headers"]))


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    async with serving(deadline_protocol(60, 60), app=Seeing()) as running:
        yield running


HOST = b"Host: here"
UNREADABLE = {
    "an address that never ends": (get(b"http://[::1", HOST), 400),
    "a tunnel": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 400),
    "a tunnel without a port": (b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a tunnel to a path": (b"CONNECT /quick HTTP/1.1\r\nHost: here\r\n\r\n", 400),
    "a tunnel to a URL": (b"CONNECT http://here/quick HTTP/1.1\r\nHost: here\r\n\r\n", 400),
    "a port beyond all": (get(b"http://a:99999/x", HOST), 400),
    "a URL without a host": (get(b"http:///x", HOST), 400),
    "a URL of another scheme": (get(b"ftp://here/x", HOST), 400),
    "a URL with a user": (get(b"http://me@here/x", HOST), 400),
    "a fragment": (get(b"/quick#part", HOST), 400),
    "a star that is for OPTIONS": (get(b"*", HOST), 400),
    "bytes that are no ASCII": (get("/ü".encode(), HOST), 400),
    "a space in the target": (get(b"/a b", HOST), 400),
    "a method that is none": (b"G@T / HTTP/1.1\r\nHost: here\r\n\r\n", 400),
    "no host": (get(b"/never"), 400),
    "two hosts": (get(b"/never", HOST, b"Host: there"), 400),
    "the same host twice": (get(b"/never", HOST, HOST), 400),
    "a list of hosts": (get(b"/never", b"Host: here, there"), 400),
    "a host with a path": (get(b"/never", b"Host: here/never"), 400),
    "a host with half an escape": (get(b"/never", b"Host: he%re"), 400),
    "a host with a user": (get(b"/never", b"Host: me@here"), 400),
    "no version": (b"GET /never\r\n\r\n", 400),
    "version 0.9": (get(b"/never", HOST, version=b"HTTP/0.9"), 400),
    "version 1.2": (get(b"/never", HOST, version=b"HTTP/1.2"), 400),
    "version 2.0": (get(b"/never", HOST, version=b"HTTP/2.0"), 505),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a coding before chunked": (
        b"POST /never HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        501,
    ),
    "codings in two headers": (
        CHUNKED.replace(b"Transfer", b"Transfer-Encoding: br\r\nTransfer") + b"\r\n0\r\n\r\n",
        501,
    ),
    "chunked twice": (
        b"POST /never HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400,
    ),
    "identity": (
        b"POST /never HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: identity\r\n\r\n", 400,
    ),
    "chunked and no longer": (
        b"POST /never HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400,
    ),
    "chunks in HTTP/1.0": (
        b"POST /never HTTP/1.0\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
    ),
}  # fmt: skip


@pytest.mark.parametrize("apart", [False, True], ids=["one segment", "two segments"])
@pytest.mark.parametrize(("second", "status"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_refused_after_the_answer_before_it(
    server: Running, second: bytes, status: int, apart: bool
) -> None:
    client = await server.client()
    if apart:
        client.send(GATED)
        while not server.app.called:  # noqa: ASYNC110 - the first one is being carried out
            await asyncio.sleep(0.001)
        client.send(second)
    else:
        client.send(GATED + second)
    # A request on another connection comes later: the second one has been read by then.
    other = await server.client()
    other.send(QUICK)
    await other.answer()
    server.app.gate.set()
    assert await client.answer() == (200, b"/gated 2")
    assert (await client.answer())[0] == status
    assert await client.rest() == b""
    assert sorted(server.app.finished) == ["/gated", "/quick"]


@pytest.mark.parametrize(("request_", "status"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_refused_when_it_comes_alone(
    server: Running, request_: bytes, status: int
) -> None:
    client = await server.client()
    client.send(request_)
    assert (await client.answer())[0] == status
    assert await client.rest() == b""
    assert server.app.called == []


TRAILERS = b"Authorization: Bearer x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"


@pytest.mark.parametrize("pieces", [1, 2, 7, 50])
async def test_trailers_are_no_headers(server: Running, pieces: int) -> None:
    client = await server.client()
    request = CHUNKED + b"\r\n2\r\n{}\r\n0\r\n" + TRAILERS + b"\r\n"
    size = len(request) // pieces + 1
    for start in range(0, len(request), size):
        client.send(request[start : start + size])
        await client.writer.drain()
        await asyncio.sleep(0)
    assert await client.answer() == (200, b"/quick 2")
    client.send(QUICK)
    await client.answer()
    first, second = server.app.headers  # type: ignore[attr-defined]
    assert first == {b"host": b"here", b"transfer-encoding": b"chunked"}
    assert second == {b"host": b"here"}


@pytest.mark.parametrize("path", [b"/gated", b"/quick", b"/early"])
async def test_a_trailer_that_ends_the_connection_ends_it_behind_its_answer(
    server: Running, path: bytes
) -> None:
    """The parser reads nothing behind such a trailer: what comes there must not wait for ever."""
    client = await server.client()
    client.send(CHUNKED.replace(b"/quick", path) + b"\r\n2\r\n{}\r\n")
    if path == b"/early":
        assert await client.answer() == (200, b"early")
    client.send(b"0\r\nConnection: close\r\n\r\n" + QUICK)
    server.app.gate.set()
    if path != b"/early":
        assert await client.answer() == (200, path + b" 2")
    assert await client.rest() == b""
    assert server.app.called == [path.decode()]


HALF_CLOSED = {
    "while it is carried out": (GATED, [b"/gated 2"]),
    "with more behind it": (GATED + QUICK + QUICK, [b"/gated 2", b"/quick 0", b"/quick 0"]),
    "with chunks": (CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n", [b"/quick 2"]),
    "with a part of another": (GATED + QUICK[:9], [b"/gated 2", b"Bad Request"]),
    "with the head of another": (
        GATED + CHUNKED + b"\r\n2\r\n{", [b"/gated 2", b"Bad Request"],
    ),
    "with a part alone": (QUICK[:9], [b"Bad Request"]),
    "with a part of its body": (GATED[:-1], [b"Bad Request"]),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "answers"), HALF_CLOSED.values(), ids=HALF_CLOSED.keys())
async def test_a_client_that_says_no_more_gets_its_answers(
    server: Running, sent: bytes, answers: list[bytes]
) -> None:
    client = await server.client()
    client.send(sent)
    client.writer.write_eof()
    other = await server.client()
    other.send(QUICK)
    await other.answer()
    server.app.gate.set()
    assert [(await client.answer())[1] for _ in answers] == answers
    assert await client.rest() == b""


async def test_a_client_that_leaves_without_a_word_is_let_go(server: Running) -> None:
    client = await server.client()
    client.send(QUICK)
    await client.answer()
    client.writer.write_eof()
    assert await client.rest() == b""


UPGRADES = {
    "a WebSocket": (b"GET /quick HTTP/1.1\r\n", b"", b"/quick 0"),
    "HTTP/2 with a body": (b"POST /quick HTTP/1.1\r\nContent-Length: 40\r\n", QUICK + b"..", None),
    "HTTP/2 with chunks": (
        b"POST /quick HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n",
        b"/quick 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 30, 10_000])
@pytest.mark.parametrize(("head", "body", "said"), UPGRADES.values(), ids=UPGRADES.keys())
async def test_a_wish_for_another_protocol_changes_nothing(
    server: Running, head: bytes, body: bytes, said: bytes | None, size: int
) -> None:
    """The body is not read as the next request."""
    wish = b"Host: here\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    request = head.replace(b"40", b"%d" % len(body)) + wish + body
    client = await server.client()
    for start in range(0, len(request), size):
        client.send(request[start : start + size])
        await client.writer.drain()
    said = said or b"/quick %d" % len(body)
    assert await client.answer() == (200, said)
    client.send(QUICK)
    assert await client.answer() == (200, b"/quick 0")
    assert server.app.called == ["/quick", "/quick"]


async def test_many_wishes_at_once_are_answered_in_order(server: Running) -> None:
    wish = get(b"/quick", HOST, b"Connection: upgrade", b"Upgrade: websocket")
    client = await server.client()
    client.send(wish * 10)
    for _ in range(10):
        assert await client.answer() == (200, b"/quick 0")


async def test_after_the_last_request_of_a_connection_nothing_is_read(server: Running) -> None:
    client = await server.client()
    client.send(get(b"/quick", HOST, b"Connection: close") + QUICK + b"G@T")
    assert await client.answer() == (200, b"/quick 0")
    assert await client.rest() == b""
    assert server.app.called == ["/quick"]


TAKEN = {
    "a name": (b"GET", b"/x?y=1", [(b"host", b"shop.example")], b"/x?y=1"),
    "a name and a port": (b"GET", b"/x", [(b"host", b"shop.example:8080")], b"/x"),
    "an address": (b"GET", b"/x", [(b"host", b"[::1]:80")], b"/x"),
    "a name with an escape": (b"GET", b"/x", [(b"host", b"a%C3%A4:8080")], b"/x"),
    "an empty host": (b"GET", b"/x", [(b"host", b"")], b"/x"),
    "a whole URL": (b"GET", b"http://here/x?y", [(b"host", b"here")], b"/x?y"),
    "a whole URL without a path": (b"GET", b"http://here", [(b"host", b"here")], b"/"),
    "a whole URL in capitals": (b"GET", b"HTTPS://Here/x", [(b"host", b"here")], b"/x"),
    "the server itself": (b"OPTIONS", b"*", [(b"host", b"here")], b"*"),
    "chunks": (b"POST", b"/", [(b"host", b"a"), (b"transfer-encoding", b" Chunked ")], b"/"),
}


@pytest.mark.parametrize(("method", "target", "headers", "said"), TAKEN.values(), ids=TAKEN.keys())
def test_a_sound_head_is_taken(
    method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], said: bytes
) -> None:
    check_head("1.1", headers)
    assert origin_form(target, method) == said


def test_http_1_0_needs_no_host_but_takes_no_two() -> None:
    check_head("1.0", [])
    with pytest.raises(Fault):
        check_head("1.0", [(b"host", b"a"), (b"host", b"a")])


async def test_a_target_that_is_a_whole_url_is_served(server: Running) -> None:
    client: Client = await server.client()
    client.send(get(b"http://here/quick?x=1", HOST))
    async with asyncio.timeout(PATIENCE):
        assert await client.answer() == (200, b"/quick 0")
