"""The door under overload: each dialect's refusal before anything is read, and who passes."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.edge.serving import App, Client, Running, connections_left, serving, until

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge import door, protocol, timers
from entrepot.edge.dialect import Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.door import BULK_BYTES, Door
from entrepot.edge.protocol import deadline_protocol
from entrepot.telemetry import metrics

MIB = 2**20
REQUEST_ID = b"a-callers-own-id"
DIALECTS = pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)


class Busy:
    """A writer that has too much to do, and by `bulk` also too much for arrays."""

    def __init__(self) -> None:
        self.crowds = True
        self.bulk = True

    def crowded(self, _inside: int, *, bulk: bool = False) -> bool:
        return self.crowds and (self.bulk or not bulk)


class Behind(App):
    """The protocol tests' application, behind a door."""

    def __init__(self, busy: Busy) -> None:
        super().__init__()
        writer: Any = busy
        self.door = Door(writer, ALL, lambda: "request-1")


@pytest.fixture
def busy() -> Busy:
    return Busy()


@pytest.fixture
async def server(busy: Busy) -> AsyncIterator[Running]:
    async with serving(deadline_protocol(5, 5), app=Behind(busy)) as running:
        yield running


def post(path: str, body: bytes = b"[]", *headers: bytes, method: bytes = b"POST") -> bytes:
    lines = [
        method + b" " + path.encode() + b" HTTP/1.1", b"Host: here", b"Content-Type: text/rubbish",
        b"Content-Length: %d" % len(body), *headers,
    ]  # fmt: skip
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def said(client: Client) -> tuple[int, dict[str, str], Any]:
    """The status, headers and JSON of the next answer."""
    async with asyncio.timeout(10):
        head = (await client.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        body = await client.reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), headers, json.loads(body)


def queued() -> int:
    """How many requests wait for the answers before theirs."""
    return sum(len(one.pipeline) for one in connections())


def connections() -> list[protocol.DeadlineProtocol]:
    """The server's side of each."""
    return [one for one in gc.get_objects() if isinstance(one, protocol.DeadlineProtocol)]


def pieces(request: bytes) -> list[bytes]:
    """The same request in three pieces, which no reader takes for one."""
    return [request[:30], request[30:60], request[60:]]


@DIALECTS
@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in pieces"])
async def test_a_write_is_refused_as_its_dialect_refuses(
    server: Running, dialect: Dialect, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each of the two ways is enough by itself.
    monkeypatch.setattr(Door, "refusal" if whole else "glance", lambda *_: None)
    client = await server.client()
    before = metrics.requests.labels(dialect.name, 503)._value.get()
    for prefix in dialect.prefixes:
        request = post(f"{prefix}/x?y=1", b"[]", b"X-Request-Id: " + REQUEST_ID)
        for piece in [request] if whole else pieces(request):
            client.send(piece)
            await client.writer.drain()
            await asyncio.sleep(0 if whole else 0.01)
        status, headers, body = await said(client)
        meant = dialect.refuse(Refusal(Reason.OVERLOADED), REQUEST_ID.decode())
        assert (status, body) == (503, json.loads(meant.body))
        assert headers["retry-after"] == "1"
        assert headers["content-type"] == dialect.refusal_media.decode()
        assert headers["x-request-id"] == REQUEST_ID.decode()
        assert "connection" not in headers
    assert server.app.called == []
    told = len(dialect.prefixes)
    await until(lambda: metrics.requests.labels(dialect.name, 503)._value.get() == before + told)


@pytest.mark.parametrize("sent", [b"short", b"x" * 65, b"a b c d e f g", b"\xff" * 9])
async def test_a_request_id_that_is_not_harmless_is_replaced(server: Running, sent: bytes) -> None:
    client = await server.client()
    client.send(post("/api/v1/orders", b"[]", b"X-Request-Id: " + sent))
    _, headers, body = await said(client)
    assert headers["x-request-id"] == body["requestId"] == "request-1"


@pytest.mark.parametrize(
    "request_bytes",
    [
        post("/orders", b"", method=b"GET"),
        post("/orders", b"", method=b"OPTIONS"),
        post("/health/live", b"", method=b"GET"),
        post("/health/live"),
        post("/ordersfoo"),
        post("/elsewhere/api/v1/orders"),
    ],
    ids=["a read", "options", "health", "health, posted", "a longer word", "elsewhere"],
)
async def test_what_is_no_write_of_a_dialect_passes(server: Running, request_bytes: bytes) -> None:
    client = await server.client()
    client.send(request_bytes)
    assert (await client.answer())[0] == 200


async def test_an_open_door_lets_everything_in(server: Running, busy: Busy) -> None:
    client = await server.client()
    for crowds in (True, False, True, False):
        busy.crowds = crowds
        client.send(post("/orders"))
        assert (await client.answer())[0] == (503 if crowds else 200)
    assert server.app.called == ["/orders", "/orders"]


async def test_a_request_whose_beginning_was_let_in_is_judged_at_its_headers(
    server: Running, busy: Busy
) -> None:
    client = await server.client()
    first, second, third = pieces(post("/orders"))
    busy.crowds = False
    client.send(first)
    await until(lambda: any(one._received for one in connections()))
    busy.crowds = True
    client.send(second + third)
    assert (await client.answer())[0] == 503
    assert server.app.called == []


async def test_a_large_body_is_refused_only_where_arrays_are(server: Running, busy: Busy) -> None:
    client = await server.client()
    for bulk in (True, False):
        busy.bulk = bulk
        client.send(post("/orders", b" " * (BULK_BYTES + 1)))
        assert (await client.answer())[0] == (503 if bulk else 200)


async def test_a_refusal_is_never_said_before_the_answers_that_come_first(server: Running) -> None:
    client = await server.client()
    client.send(post("/gated", b"", method=b"GET"))
    await until(lambda: server.app.called == ["/gated"])
    client.send(post("/orders") + post("/orders"))
    await until(lambda: queued() == 2)
    server.app.gate.set()
    assert await client.answer() == (200, b"/gated 0")
    assert [(await client.answer())[0] for _ in range(2)] == [200, 200]
    client.send(post("/orders") + post("/orders"))
    assert [(await client.answer())[0] for _ in range(2)] == [503, 503]
    client.send(post("/orders") + post("/orders") + post("/quick", b"", method=b"GET"))
    assert [(await client.answer())[0] for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in pieces"])
async def test_a_client_that_wants_no_more_is_refused_and_closed(
    server: Running, whole: bool
) -> None:
    client = await server.client()
    request = post("/orders", b"[]", b"Connection: close")
    for piece in [request] if whole else pieces(request):
        client.send(piece)
        await asyncio.sleep(0 if whole else 0.01)
    status, headers, _ = await said(client)
    assert (status, headers["connection"]) == (503, "close")
    assert await client.rest() == b""


async def test_a_refused_request_that_never_ends_is_cut_at_its_deadline(busy: Busy) -> None:
    async with serving(deadline_protocol(0.3, 0.3), app=Behind(busy)) as server:
        client = await server.client()
        client.send(post("/orders", b"[]")[:-1])
        assert (await client.answer())[0] == 408
        assert await client.rest() == b""
        assert server.app.called == []


async def test_a_connection_that_is_only_refused_is_closed_when_it_falls_silent(busy: Busy) -> None:
    async with serving(deadline_protocol(60, 60), keep_alive=0.3, app=Behind(busy)) as server:
        client = await server.client()
        for _ in range(3):
            client.send(post("/orders"))
            assert (await client.answer())[0] == 503
        assert await client.rest() == b""


async def test_a_connection_above_the_bound_is_told_so_and_closed(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.crowds = False
    monkeypatch.setattr(protocol, "SPARE_CONNECTIONS", 2)
    bounded = deadline_protocol(5, 5, connections_max=1)
    async with serving(bounded, app=Behind(busy)) as server:
        first, second, health = [await server.client() for _ in range(3)]
        second.send(post("/orders", b"", method=b"GET"))
        status, headers, body = await said(second)
        assert (status, body["error"], headers["connection"]) == (503, 503, "close")
        assert headers["retry-after"] == "1"
        assert await second.rest() == b""
        health.send(post("/health/live", b"", method=b"GET"))
        assert (await health.answer())[0] == 200
        assert await health.rest() == b""
        first.send(post("/orders"))
        assert (await first.answer())[0] == 200
        later = await server.client()
        await until(lambda: len(server.app.called) == 2)
        beyond = [await server.client() for _ in range(3)]
        assert await beyond[-1].rest() == b""
        assert later is not None


async def test_one_connection_queues_only_so_many_requests() -> None:
    async with serving(deadline_protocol(60, 60)) as server:
        client = await server.client()
        get = post("/gated", b"", method=b"GET")
        client.send(get * (protocol.PIPELINE_MAX + 2))
        await until(lambda: queued() == protocol.PIPELINE_MAX)
        server.app.gate.set()
        for _ in range(protocol.PIPELINE_MAX + 1):
            assert await client.answer() == (200, b"/gated 0")
        rest = await client.rest()
        assert rest.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
        assert b"\r\nretry-after: 1\r\nconnection: close\r\n" in rest
        assert len(server.app.finished) == protocol.PIPELINE_MAX + 1


class Talker(App):
    """An application whose answers are far larger than the buffers on their way."""

    async def answer(self, send: Any, _body: bytes) -> None:
        await super().answer(send, b" " * 16 * MIB)
        self.finished.append("written")


async def test_who_does_not_take_its_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "UNTAKEN_SECONDS", 0.3)
    async with serving(deadline_protocol(60, 60), app=Talker()) as server:
        client = await server.client()
        transport: Any = client.writer.transport
        transport.pause_reading()
        client.send(post("/early", b"", method=b"GET"))
        await until(lambda: connections_left() == 1)
        await until(lambda: connections_left() == 0)


async def test_who_takes_its_answer_slowly_is_not_cut() -> None:
    async with serving(deadline_protocol(60, 60), app=Talker()) as server:
        client = await server.client()
        client.send(post("/early", b"", method=b"GET"))
        assert len((await client.answer())[1]) == 16 * MIB


async def test_who_is_refused_too_often_keeps_to_the_time_it_was_told(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "READILY_REFUSED", 3)
    monkeypatch.setattr(door, "COUNTED_SECONDS", 3600)
    patient = Refusal(Reason.OVERLOADED, retry_after=3600)
    monkeypatch.setattr(door, "OVERLOADED", patient)
    client = await server.client()
    for _ in range(4):
        client.send(post("/orders"))
        assert (await said(client))[0] == 503
    client.send(post("/orders"))
    # Everybody else is told at once, for the first time.
    other = await server.client()
    other.send(post("/orders"))
    assert (await said(other))[0] == 503
    resting = [one for one in connections() if one.flow.read_paused]
    assert len(resting) == 2
    for one in resting:
        one._rested()
    assert (await said(client))[0] == 503


async def test_a_few_refusals_make_nobody_rest(server: Running) -> None:
    client = await server.client()
    for _ in range(50):
        client.send(post("/orders"))
        assert (await said(client))[0] == 503
    assert not any(one.flow.read_paused for one in connections())


async def test_what_the_door_refuses_is_counted(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def figure(where: str) -> float:
        value: float = metrics.shed.labels(where)._value.get()
        return value

    door, connections = figure("door"), figure("connections")
    monkeypatch.setattr(protocol, "SPARE_CONNECTIONS", 2)
    bounded = deadline_protocol(5, 5, connections_max=1)
    async with serving(bounded, app=Behind(busy)) as server:
        first, second = [await server.client() for _ in range(2)]
        first.send(post("/orders"))
        assert (await said(first))[0] == 503
        second.send(post("/orders", b"", method=b"GET"))
        assert (await said(second))[0] == 503
        await until(lambda: figure("door") == door + 1)
    assert figure("connections") == connections + 1
