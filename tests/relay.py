"""A TCP relay to a server that can be frozen: connections stay, and nothing goes through.

The relay can also forget its connections, as a firewall does: only new ones go through then.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class Relay:
    """The relay, while it is entered. Once `frozen` is set, it passes nothing on any more."""

    def __init__(self, host: str, port: int) -> None:
        self.frozen = threading.Event()
        self._to = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._forgotten: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._listening, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def forget(self) -> None:
        """Pass on nothing more of what is connected now."""
        self._forgotten.update(self._sockets)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._to)
                self._sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self.frozen.is_set() or source in self._forgotten:
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
