"""Slow, endless, oversized and malformed requests against a real server on a loopback port."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.edge.serving import (
    DEADLINE,
    PATIENCE,
    Running,
    connections_left,
    serving,
    until,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrepot.edge import protocol
from entrepot.edge.protocol import deadline_protocol

GET = b"GET /quick HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    async with serving(deadline_protocol(DEADLINE, DEADLINE)) as running:
        yield running


def slowly(start: bytes, piece: bytes) -> Iterator[bytes]:
    return itertools.chain([start], itertools.repeat(piece))


SLOW = {
    "silence from the first moment": (b"", b""),
    "a request line that never ends": (b"GET /", b"a"),
    "headers one byte at a time": (b"GET / HTTP/1.1\r\nHost: here\r\nX-A: ", b"a"),
    "a header after another": (b"GET / HTTP/1.1\r\nHost: here\r\n", b"X: y\r\n"),
    "blank lines before a request": (b"\r\n", b"\r\n"),
    "blank lines on a kept connection": (GET, b"\r\n"),
    "headers of a second request": (GET + b"GET / HTTP/1.1\r\nHost: here\r\nX-A: ", b"a"),
    "a body that never comes": (POST + b"Content-Length: 9\r\n\r\n", b""),
    "a body one byte at a time": (POST + b"Content-Length: 9999\r\n\r\n", b"a"),
    "chunks without end": (CHUNKED, b"1\r\na\r\n"),
    "a chunk extension without end": (CHUNKED + b"1;", b"a"),
    "trailers one byte at a time": (CHUNKED + b"0\r\nX: ", b"a"),
}


@pytest.mark.parametrize(("start", "piece"), SLOW.values(), ids=SLOW.keys())
async def test_a_drip_is_answered_408_and_cut_at_the_absolute_deadline(
    server: Running, start: bytes, piece: bytes
) -> None:
    client = await server.client()
    received = await client.drip(slowly(start, piece))
    answers = received.split(b"HTTP/1.1 ")[1:]
    assert answers[-1].startswith(b"408 Request Timeout\r\n")
    assert b"connection: close" in answers[-1]
    assert len(answers) == (2 if start.startswith(GET) else 1)
    assert server.app.finished == (["/quick"] if start.startswith(GET) else [])


async def test_control_without_deadlines_every_drip_survives() -> None:
    async with serving(HttpToolsProtocol) as server:
        drips = [
            asyncio.create_task((await server.client()).drip(slowly(start, piece)))
            for start, piece in SLOW.values()
        ]
        done, _ = await asyncio.wait(drips, timeout=DEADLINE * 4)
        assert not done
        for drip in drips:
            drip.cancel()
        await asyncio.gather(*drips, return_exceptions=True)


async def test_a_healthy_client_is_served_while_others_drip(server: Running) -> None:
    slow = [await server.client() for _ in range(8)]
    drips = [asyncio.create_task(client.drip(slowly(b"GET /", b"a"))) for client in slow]
    healthy = await server.client()
    served = 0
    # The one connection outlives several deadlines, because each request has its own.
    while served < 2 or not all(drip.done() for drip in drips):
        healthy.send(b"POST /quick HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc")
        assert await healthy.answer() == (200, b"/quick 3")
        served += 1
        await asyncio.wait(drips, timeout=DEADLINE / 20)
    assert all(b"408" in answer for answer in await asyncio.gather(*drips))


async def test_idle_time_between_requests_is_not_under_the_deadline(server: Running) -> None:
    healthy = await server.client()
    healthy.send(GET)
    await healthy.answer()
    await (await server.client()).rest()  # one whole headers deadline has passed
    healthy.send(GET)
    assert await healthy.answer() == (200, b"/quick 0")


async def test_the_application_may_take_longer_than_the_deadlines(server: Running) -> None:
    patient = await server.client()
    patient.send(b"POST /gated HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\n\r\na")
    await (await server.client()).rest()  # one whole headers deadline has passed
    server.app.gate.set()
    assert await patient.answer() == (200, b"/gated 1")


async def test_a_body_that_the_application_does_not_read_yet_is_not_late(server: Running) -> None:
    client = await server.client()
    client.send(
        b"POST /unread HTTP/1.1\r\nHost: here\r\nContent-Length: 900000\r\n\r\n" + b"a" * 300_000
    )
    await until(lambda: server.app.called == ["/unread"])
    await (await server.client()).rest()  # the body's deadline has passed before this one
    server.app.gate.set()
    client.send(b"a" * 600_000)
    assert await client.answer() == (200, b"/unread 900000")


async def test_the_application_learns_that_a_late_client_is_gone(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not from the end of the connection, which may come much later.
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 3600)
    client = await server.client()
    client.send(b"POST /gated HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nabc")
    assert await client.answer() == (408, b"Request Timeout")
    async with asyncio.timeout(PATIENCE):
        await server.app.disconnected.wait()
    assert await client.rest() == b""


async def test_a_late_body_whose_answer_is_out_is_closed_without_a_second_answer(
    server: Running,
) -> None:
    client = await server.client()
    client.send(b"POST /early HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\na")
    assert await client.answer() == (200, b"early")
    assert await client.drip(itertools.repeat(b"")) == b""


async def test_a_body_that_ends_after_its_answer_leaves_no_connection_without_a_timer() -> None:
    async with serving(deadline_protocol(60, 60), keep_alive=DEADLINE) as server:
        client = await server.client()
        client.send(b"POST /early HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\na")
        assert await client.answer() == (200, b"early")
        client.send(b"bc")
        assert await client.rest() == b""


TOO_LARGE = {
    "101 headers": b"GET / HTTP/1.1\r\nHost: here\r\n" + b"X: y\r\n" * 101 + b"\r\n",
    "one header of 64 KiB": b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"y" * 65536 + b"\r\n\r\n",
    "many long headers": b"GET / HTTP/1.1\r\nHost: here\r\n" + (b"X: " + b"y" * 999 + b"\r\n") * 70,
    "a target of 64 KiB": b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
    "a header that never ends": b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"y" * 3_000_000,
    "a target that never ends": b"GET /" + b"y" * 3_000_000,
    "blank lines": b"\r\n" * 1_000_000,
    "trailers": CHUNKED + b"0\r\n" + b"X: y\r\n" * 101,
    "a trailer that never ends": CHUNKED + b"0\r\nX: " + b"y" * 3_000_000,
    "a chunk extension that never ends": CHUNKED + b"1;" + b"y" * 3_000_000,
}


@pytest.mark.parametrize("request_bytes", TOO_LARGE.values(), ids=TOO_LARGE.keys())
async def test_an_oversized_header_block_is_answered_431_and_closed(request_bytes: bytes) -> None:
    async with serving(deadline_protocol(60, 60)) as server:
        client = await server.client()
        client.send(request_bytes)
        assert await client.answer() == (431, b"Request Header Fields Too Large")
        assert await client.rest() == b""
        assert server.app.finished == []


async def test_100_headers_and_a_large_body_are_served(server: Running) -> None:
    client = await server.client()
    head = b"POST /quick HTTP/1.1\r\nHost: here\r\nContent-Length: 3000000\r\n" + b"X: y\r\n" * 98
    client.send(head + b"\r\n" + b"a" * 3_000_000)
    assert await client.answer() == (200, b"/quick 3000000")
    client.send(b"POST /quick HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n")
    assert await client.answer() == (200, b"/quick 50000")


MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "length and chunked": POST + b"Content-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\n"
    b"Content-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "chunked is not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
    "a bad chunk size": CHUNKED + b"zz\r\n",
    "a chunk longer than said": CHUNKED + b"1\r\nabc",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : here\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: here\r\nX: a\0b\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_http_is_answered_400_once_and_closed(request_bytes: bytes) -> None:
    async with serving(deadline_protocol(60, 60)) as server:
        client = await server.client()
        client.send(request_bytes)
        assert await client.answer() == (400, b"Bad Request")
        assert await client.rest() == b""
        assert server.app.finished == []


PIPELINED = {
    "400": (b"rubbish\r\n\r\n", 400),
    "408": (b"GET /never HTTP/1.1\r\nHost: here\r\nX", 408),
    "431": (b"GET /never HTTP/1.1\r\nHost: here\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
    "400 in a body": (
        b"POST /never HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
}


@pytest.mark.parametrize(("second", "status"), PIPELINED.values(), ids=PIPELINED.keys())
async def test_a_refusal_waits_for_the_answers_before_it(
    server: Running, second: bytes, status: int
) -> None:
    client, clock = await server.client(), await server.client()
    client.send(b"GET /gated HTTP/1.1\r\nHost: here\r\n\r\n" + GET + second)
    await clock.rest()
    server.app.gate.set()
    assert await client.answer() == (200, b"/gated 0")
    assert await client.answer() == (200, b"/quick 0")
    assert (await client.answer())[0] == status
    assert await client.rest() == b""
    assert server.app.called == ["/gated", "/quick"]


async def test_a_refused_client_that_never_closes_is_cut(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER_SECONDS", DEADLINE)
    client = await server.client()
    client.send(b"rubbish\r\n\r\n")
    assert await client.answer() == (400, b"Bad Request")
    # The server has said all it will say, and the client holds on to its side.
    assert await client.rest() == b""
    await until(lambda: connections_left() == 0)


async def test_ended_connections_leave_no_protocol_and_no_timer_behind() -> None:
    async with serving(deadline_protocol(3600, 3600)) as server:
        for unfinished in (
            b"",
            GET,
            b"GET /",
            POST + b"Content-Length: 1\r\n\r\n",
        ):
            client = await server.client()
            client.send(unfinished)
            await until(lambda: connections_left() == 1)
            client.writer.close()
            await until(lambda: connections_left() == 0)


@pytest.mark.parametrize(("headers", "body"), [(0, 1), (1, 0), (-1, 1), (1, float("nan"))])
def test_deadlines_that_mean_nothing_are_refused(headers: float, body: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        deadline_protocol(headers, body)
