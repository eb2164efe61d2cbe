"""An HTTP server on a loopback port that keeps what is posted to it, and answers as it is told."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any, NamedTuple, Self


class Posted(NamedTuple):
    """A request that came."""

    path: str
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


class Receiver:
    """The server, while it is entered. `answer` gives the status of each request, and every answer
    has these `headers`.
    """

    def __init__(
        self,
        answer: Callable[[Posted], int] = lambda _: 204,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.posted: list[Posted] = []
        self.answer = answer
        told_with_each = dict(headers or {})
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told = Posted(self.path, self.headers, body)
                receiver.posted.append(told)
                self.send_response(receiver.answer(told))
                self.send_header("Content-Length", "0")
                for name, value in told_with_each.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
