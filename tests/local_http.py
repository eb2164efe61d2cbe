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

    def __init__(self, answer: Answer, protocol: str = "HTTP/1.0") -> None:
        """With HTTP/1.1 as the `protocol`, connections stay open."""
        # Requests in the order in which they came: the method, the path and the body.
        self.sent: list[tuple[str, str, bytes]] = []
        self.ports: set[int] = set()  # those that requests came from
        sent, ports = self.sent, self.ports

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = protocol

            def do_GET(self) -> None:
                ports.add(self.client_address[1])
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
