"""An HTTP server on a loopback port that answers requests as a function says."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Self

# From the path and the headers of a request: the status, the body, and further headers. A header
# Content-Length among them is sent in place of the body's own.
Answer = Callable[[str, Message], tuple[int, bytes, Mapping[str, str]]]


class LocalHttp:
    """The server, while it is entered."""

    def __init__(self, answer: Answer) -> None:
        # Requests in the order in which they came: the method, the path and the body.
        self.sent: list[tuple[str, str, bytes]] = []
        sent = self.sent

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent.append((self.command, self.path, self.rfile.read(length)))
                status, body, headers = answer(self.path, self.headers)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_DELETE = do_GET  # noqa: N815

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
