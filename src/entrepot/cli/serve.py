"""`entrepot serve`: the server, alone or as several processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from sqlalchemy.engine import make_url
from uvicorn.supervisors import Multiprocess

from entrepot import settings
from entrepot.cli import demo as demo_command
from entrepot.cli.session import OperatorError, on_book
from entrepot.telemetry import log
from entrepot.wiring import server_config


class Server(uvicorn.Server):
    """uvicorn's server, which drains on SIGTERM and SIGINT and then ends with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals for as long as the server runs; do not raise them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and log where requests are taken from now on."""
        await super().startup(sockets)
        if not self.started:
            return
        bound = [one.getsockname()[:2] for server in self.servers for one in server.sockets]
        log.info("server.started", listening=[f"http://{host}:{port}" for host, port in bound])


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    role: Literal["all", "api", "worker"] | None = None,
    demo: bool = False,
) -> None:
    """Serve the three dialects, and run the pipeline, until SIGTERM.

    Parameters
    ----------
    host: Address to listen on.
    port: Port to listen on; 0 picks a free one.
    workers: Processes; more than one needs PostgreSQL.
    role: `api` answers requests, `worker` runs the pipeline, `all` does both.
    demo: Make the demo organization first and print how to place a first order.
    """
    if role is not None:
        os.environ[settings.PREFIX + "ROLE"] = role
    chosen = settings.load()
    if workers > 1 and make_url(chosen.database_url).get_backend_name() == "sqlite":
        raise OperatorError(
            "SQLite takes one server process; use --workers 1, or PostgreSQL for more"
        )
    if demo:
        told = on_book(demo_command.ensure)
        print(demo_command.first_steps(told, f"http://{host}:{port}"), flush=True)
    if workers > 1:
        config = server_config(host, port, chosen, workers=workers)
        Multiprocess(config, [config.bind_socket()]).run()
        return
    config = server_config(host, port, chosen)
    server = Server(config)
    server.run()
    if not server.started:
        raise SystemExit(1)
