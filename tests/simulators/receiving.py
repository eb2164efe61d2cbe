"""A receiver of notifications, as a client of a payment service has one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from entrepot.testing.server import eventually


class Received(NamedTuple):
    headers: dict[str, str]  # by small letters
    body: bytes


class Receiver:
    """What came so far; `statuses` are answered first, then 200."""

    def __init__(self) -> None:
        self.came: list[Received] = []
        self.statuses: list[int] = []
        self.url = ""

    def wait_for(self, count: int) -> list[Received]:
        """The notifications, once there are so many."""
        eventually(lambda: len(self.came) >= count, f"{count} notifications came")
        return self.came


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = found.statuses.pop(0) if found.statuses else 200
            found.came.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
