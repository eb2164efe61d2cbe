"""A payment service on a loopback port that gives scripted answers, and remembers the requests."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

RESET = "reset"  # the connection ends in the middle of the answer


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in small letters
    body: Any

    @property
    def call(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"


class Answer(NamedTuple):
    """An answer: a JSON value, bytes as they are, or RESET."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}


class Vendor:
    """The service, while it is entered. `script`: the answers, in turn; the last one stays."""

    def __init__(self, *script: Answer) -> None:
        self.asked: list[Asked] = []
        self.script = list(script)
        self._lock = threading.Lock()
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                vendor._note(self, self.rfile.read(length))
                answer = vendor._next()
                if answer.body == RESET:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                body = answer.body
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(answer.status)
                sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
                for name, value in {**sent, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = do_PATCH = _answer  # noqa: N815 - as it is called

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _note(self, handler: Any, body: bytes) -> None:
        media = handler.headers.get("Content-Type") or ""
        read: Any = None
        if body:
            is_form = media.startswith("application/x-www-form-urlencoded")
            read = dict(parse_qsl(body.decode())) if is_form else json.loads(body)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.asked.append(Asked(handler.command, handler.path, headers, read))

    def _next(self) -> Answer:
        with self._lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    @property
    def calls(self) -> list[str]:
        """What was asked, in turn."""
        return [one.call for one in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
