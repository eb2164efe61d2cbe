"""A real server on a loopback port for tests of the connection, and a client that sends bytes."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import uvicorn
from uvicorn._types import (
    ASGIReceiveCallable,
    ASGISendCallable,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    Scope,
)

from entrepot.edge import protocol
from entrepot.edge.services import Services

DEADLINE = 0.3
PATIENCE = 10.0  # for any answer; a test that has to wait this long has failed


def without_a_book(admission: Any) -> Services:
    """Services for requests that reach no book: the writer is asked for its news alone."""
    writer: Any = SimpleNamespace(news=None)
    return Services(None, writer, admission)  # type: ignore[arg-type]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is awaited has no event of ours
            await asyncio.sleep(0.01)


def connections_left() -> int:
    """How many connections there are of those that began within `serving`."""
    gc.collect()
    return sum(isinstance(one, protocol.DeadlineProtocol) for one in gc.get_objects())


@dataclass
class App:
    """An application that waits at /gated and /unread until the test opens the gate."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    called: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "http"
        path = scope["path"]
        self.called.append(path)
        if path == "/early":
            await self.answer(send, b"early")
            return
        if path == "/unread":
            await self.gate.wait()
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                await self.answer(send, b"too late")
                return
            assert message["type"] == "http.request"
            size += len(message["body"])
            if not message["more_body"]:
                break
        if path == "/gated":
            await self.gate.wait()
        await self.answer(send, b"%s %d" % (path.encode(), size))
        self.finished.append(path)

    async def answer(self, send: ASGISendCallable, body: bytes) -> None:
        headers = [(b"content-length", b"%d" % len(body))]
        await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=headers))
        await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=False))


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def drip(self, data: Iterator[bytes]) -> bytes:
        """Send piece after piece, each well within the deadline, until the server ends it."""
        rest = asyncio.create_task(self.rest())
        with contextlib.suppress(OSError):
            while not rest.done():
                self.writer.write(next(data))
                await self.writer.drain()
                await asyncio.wait([rest], timeout=DEADLINE / 10)
        return await rest


@dataclass
class Running:
    app: App
    port: int
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.clients[-1]


@contextlib.asynccontextmanager
async def serving(
    http: type[asyncio.Protocol], keep_alive: float = 60, app: App | None = None
) -> AsyncIterator[Running]:
    app = app or App()
    config = uvicorn.Config(
        app,
        port=0,
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=keep_alive,  # type: ignore[arg-type]
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    running = Running(app, server.servers[0].sockets[0].getsockname()[1])
    # Older objects are hidden from the collector: a look for connections walks the new ones.
    gc.freeze()
    try:
        yield running
    finally:
        gc.unfreeze()
        app.gate.set()
        for client in running.clients:
            client.writer.close()
        server.should_exit = True
        async with asyncio.timeout(PATIENCE):
            await task
