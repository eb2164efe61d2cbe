"""A real `entrepot serve` that dies at one point, and is started again without the point."""

from __future__ import annotations

import signal
from contextlib import suppress

import httpx

from entrepot.failpoints import SETTING
from entrepot.testing.clients import Body, World, accepted
from entrepot.testing.server import STOP_SECONDS, Server, eventually


def start_again(server: Server, point: str = "") -> None:
    """Ends the server in good order, and starts it again with a point to die at."""
    assert server.terminate() == 0, server.output()[-4000:]
    arm(server, point)
    server.start()


def arm(server: Server, point: str) -> None:
    """The server dies at this point from its next start on; at none if the point is empty."""
    server.env.pop(SETTING, None)
    if point:
        server.env[SETTING] = point


def died(server: Server) -> None:
    """Waits until the server has died by SIGKILL at its point; its next start has no point."""
    assert server.process is not None
    assert server.process.wait(STOP_SECONDS) == -signal.SIGKILL, server.output()[-4000:]
    server.process = None
    eventually(server.is_silent, "nobody listens any more")
    arm(server, "")


def send(world: World, body: Body) -> None:
    """Sends a Synq order to a server that may die before it answers."""
    with suppress(httpx.TransportError):
        accepted(world.synq.create(body))


def repeat(world: World, body: Body) -> str:
    """Sends the same order again, under its key. Returns the order's id."""
    order_id: str = accepted(world.synq.create(body))["order_id"]
    return order_id
