"""One server or two on one order book, and clients that spread their requests over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from entrepot.testing.clients import World, speaking
from entrepot.testing.server import PATIENT, Server, beside

TWO = "two on postgres"
DEPLOYMENTS = ("sqlite", "postgres", TWO)


@contextmanager
def deployed(
    kind: str,
    fresh_database: Callable[[str], str],
    folder: Path,
    env: dict[str, str] | None = None,
) -> Iterator[tuple[Server, World]]:
    """The first server, and the demo organization as the clients of all of them see it."""
    url = fresh_database("postgres" if kind == TWO else kind)
    with Server(url, folder, env=PATIENT | (env or {})) as server:
        if kind == TWO:
            with beside(server) as second, speaking(server, second) as world:
                yield server, world
        else:
            with speaking(server) as world:
                yield server, world
