"""A pooler for tests, in which every transaction of a client gets another backend.

The pooler speaks PostgreSQL's protocol between clients and a server on loopback, as PgBouncer does
in transaction mode. It is stricter than PgBouncer: state that would stay in a session, or that
another client could meet there, is noted in `faults`. Nothing has to be installed for it.
"""

from __future__ import annotations

import asyncio
import re
import struct
import threading
from asyncio import FIRST_COMPLETED
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple, Self

_SSL, _GSS, _CANCEL, _VERSION = 80877103, 80877104, 80877102, 196608
_OURS = (4711, 815)  # the number and the secret that clients are greeted with
_TAKEN = frozenset({"user", "database", "client_encoding"})
# Statements whose effect outlives a transaction, in the words of those who would send them.
_SESSION = re.compile(
    r"(^|;)\s*(SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b)|RESET\b|LISTEN\b|UNLISTEN\b|DISCARD\b"
    r"|PREPARE\b|DEALLOCATE\b|DECLARE\b[^;]*WITH\s+HOLD|CREATE\s+(LOCAL\s+|GLOBAL\s+)?TEMP)"
    r"|pg_temp\b|pg_advisory_lock|set_config\([^)]*\bfalse\s*\)",
    re.IGNORECASE,
)


_LEFT_BEHIND = b"""
SELECT 'setting ' || name FROM pg_settings WHERE source = 'session'
UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements
UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = pg_my_temp_schema()
UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
UNION ALL SELECT 'lock ' || locktype FROM pg_locks WHERE pid = pg_backend_pid()
AND locktype = 'advisory'"""


class Message(NamedTuple):
    """A message of the protocol: its letter, and the bytes behind the length."""

    kind: bytes
    body: bytes

    def bytes(self) -> bytes:
        """As it goes over the wire."""
        return self.kind + struct.pack("!I", len(self.body) + 4) + self.body


async def _received(reader: asyncio.StreamReader) -> Message:
    kind = await reader.readexactly(1)
    [size] = struct.unpack("!I", await reader.readexactly(4))
    return Message(kind, await reader.readexactly(size - 4))


class _Backend:
    """A connection to the server, for one user and database."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.greeting: list[Message] = []


class _Client:
    """A connection of a client, one of whose messages is always waited for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.coming = asyncio.create_task(_received(reader))

    def next(self) -> Message:
        """The message that has come."""
        message = self.coming.result()
        self.coming = asyncio.create_task(_received(self._reader))
        return message

    async def message(self) -> Message:
        """The next message, when it has come."""
        await asyncio.wait({self.coming})
        return self.next()


class Pooler:
    """Listens on a port of loopback, in a thread of its own, before a PostgreSQL server there.

    `faults` says what clients did that a pooler in transaction mode does not take, and
    `transactions` how many it served.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.port = 0
        self.faults: list[str] = []
        self.transactions = 0
        self._free: dict[bytes, list[_Backend]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pooler", daemon=True)
        self._clients: set[asyncio.Task[None]] = set()
        self._all: list[_Backend] = []

    def __enter__(self) -> Self:
        self._thread.start()
        started: Future[asyncio.Server] = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._client, "127.0.0.1", 0), self._loop
        )
        self._server = started.result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        for backend in self._all:
            backend.writer.close()

    def begin_anew(self) -> None:
        """Forget the faults, and close the backends that serve nobody.

        Clients that come now are judged by what they do themselves.
        """
        self.faults.clear()
        asyncio.run_coroutine_threadsafe(self._close_free(), self._loop).result()

    async def _close_free(self) -> None:
        for free in self._free.values():
            for backend in free:
                backend.writer.close()
            free.clear()

    def left_behind(self) -> list[str]:
        """State of a session that idle backends hold: settings, statements, types, locks."""
        return asyncio.run_coroutine_threadsafe(self._left_behind(), self._loop).result()

    async def _left_behind(self) -> list[str]:
        found: list[str] = []
        for backend in [one for free in self._free.values() for one in free]:
            backend.writer.write(Message(b"Q", _LEFT_BEHIND + b"\0").bytes())
            while (answer := await _received(backend.reader)).kind != b"Z":
                if answer.kind == b"D":  # one column: its number, its length, its text
                    found.append(answer.body[6:].decode())
                elif answer.kind == b"E":
                    found.append(answer.body.decode(errors="replace"))
        return found

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._serve(reader, writer)
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await self._startup(reader, writer)
        if startup is None:
            return
        names = startup.rstrip(b"\0").split(b"\0")
        start = dict(zip(names[::2], names[1::2], strict=False))
        for name in {name.decode() for name in start} - _TAKEN:
            self.faults.append(f"startup parameter {name}")
        whose = start[b"user"] + b"/" + start.get(b"database", start[b"user"])
        last = await self._backend(whose, start, None)
        for message in last.greeting:
            writer.write(message.bytes())
        writer.write(Message(b"K", struct.pack("!II", *_OURS)).bytes())
        writer.write(Message(b"Z", b"I").bytes())
        self._free[whose].append(last)
        client = _Client(reader, writer)
        try:
            while (message := await client.message()).kind != b"X":
                backend = await self._backend(whose, start, last)
                self.transactions += 1
                try:
                    await self._transaction(message, client, backend)
                except BaseException:
                    backend.writer.close()  # the server undoes what its client has left
                    raise
                self._free[whose].append(backend)
                last = backend
        finally:
            client.coming.cancel()

    async def _startup(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        while True:
            [size] = struct.unpack("!I", await reader.readexactly(4))
            body = await reader.readexactly(size - 4)
            [code] = struct.unpack("!I", body[:4])
            if code in (_SSL, _GSS):
                writer.write(b"N")
                continue
            return body[4:] if code == _VERSION else None  # else somebody wants to cancel

    async def _backend(
        self, whose: bytes, start: dict[bytes, bytes], last: _Backend | None
    ) -> _Backend:
        """Another one than the `last`; a new one where no other is free."""
        free = self._free.setdefault(whose, [])
        for index, backend in enumerate(free):
            if backend is not last:
                return free.pop(index)
        made = _Backend(*await asyncio.open_connection("127.0.0.1", self._server_port))
        self._all.append(made)
        named = {b"user": start[b"user"], b"database": whose.partition(b"/")[2]}
        body = b"".join(name + b"\0" + value + b"\0" for name, value in named.items()) + b"\0"
        made.writer.write(struct.pack("!II", len(body) + 8, _VERSION) + body)
        while (message := await _received(made.reader)).kind != b"Z":
            if message.kind == b"E":
                raise ConnectionError(message.body.decode(errors="replace"))
            if message.kind != b"K":
                made.greeting.append(message)
        return made

    async def _transaction(
        self, message: Message | None, client: _Client, backend: _Backend
    ) -> None:
        """Serve one transaction: until the server is idle and has answered all that was asked."""
        asked = 0
        answering = asyncio.create_task(_received(backend.reader))
        try:
            while True:
                if message is not None:
                    self._look_at(message)
                    backend.writer.write(message.bytes())
                    asked += message.kind in (b"Q", b"S")  # a query, or the end of several messages
                    message = None
                await asyncio.wait({answering, client.coming}, return_when=FIRST_COMPLETED)
                if answering.done():
                    answer = answering.result()
                    client.writer.write(answer.bytes())
                    asked -= answer.kind == b"Z"
                    if answer.kind == b"Z" and answer.body == b"I" and not asked:
                        return
                    answering = asyncio.create_task(_received(backend.reader))
                elif client.coming.done():
                    message = client.next()
        finally:
            answering.cancel()

    def _look_at(self, message: Message) -> None:
        kind, body = message
        if kind == b"P":
            name, statement = body.split(b"\0")[:2]
            if name:
                self.faults.append(f"a prepared statement with the name {name.decode()}")
            self._look_at_statement(statement)
        elif kind == b"Q":
            self._look_at_statement(body[:-1])

    def _look_at_statement(self, statement: bytes) -> None:
        text = statement.decode()
        found = _SESSION.search(text)
        if found:
            self.faults.append(f"{found[0].strip()} in {text[:200]}")
