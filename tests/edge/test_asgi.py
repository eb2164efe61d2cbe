"""The life of the application: started once, ended once, and its errors are told to the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from entrepot.edge.app import Application
from entrepot.edge.asgi import Lifespan
from entrepot.edge.paths import Paths
from entrepot.store.engine import Unavailable

Told = list[dict[str, Any]]


async def nowhere(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "answer"})


def server(told: Told) -> tuple[Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]]:
    wanted = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> dict[str, str]:
        return {"type": next(wanted)}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    return receive, send


async def lived(lifespan: Lifespan, told: Told) -> None:
    application = Application(Paths({}), nowhere, lifespan)
    await application({"type": "lifespan"}, *server(told))


def life(steps: list[str], fails_at: str = "") -> Lifespan:
    def step(name: str) -> None:
        steps.append(name)
        if name == fails_at:
            raise OSError(f"no {name}")

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        step("start")
        yield
        step("end")

    return lifespan


async def test_it_starts_before_it_says_so_and_ends_before_it_says_so() -> None:
    told: Told = []
    steps: list[str] = []
    await lived(life(steps), told)
    assert [message["type"] for message in told] == [
        "lifespan.startup.complete", "lifespan.shutdown.complete",
    ]  # fmt: skip
    assert steps == ["start", "end"]


@pytest.mark.parametrize(
    ("fails_at", "types"),
    [
        ("start", ["lifespan.startup.failed"]),
        ("end", ["lifespan.startup.complete", "lifespan.shutdown.failed"]),
    ],
)
async def test_the_server_is_told_why_it_failed(fails_at: str, types: list[str]) -> None:
    told: Told = []
    with pytest.raises(OSError, match=fails_at):
        await lived(life([], fails_at), told)
    assert [message["type"] for message in told] == types
    assert f"OSError: no {fails_at}" in told[-1]["message"]


async def test_what_is_no_request_and_no_life_is_refused() -> None:
    with pytest.raises(AssertionError, match="websocket"):
        await Application(Paths({}), nowhere)({"type": "websocket"}, *server([]))


async def test_a_database_that_is_away_at_the_start_is_told_by_its_sentence() -> None:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        raise Unavailable("no route to the book")
        yield

    told: Told = []
    with pytest.raises(Unavailable):
        await lived(lifespan, told)
    assert told == [{"type": "lifespan.startup.failed", "message": "no route to the book"}]
