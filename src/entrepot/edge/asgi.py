"""The protocol between the server and an application, as far as the edge speaks it: ASGI 3.

An application is called once for its life, and once for each request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from traceback import format_exc
from typing import Any, TypeAlias

from entrepot.store.engine import Unavailable

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
# The function that answers the requests of one path.
Entrance: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
# Made and entered when the server starts, left when it ends.
Lifespan: TypeAlias = Callable[[], AbstractAsyncContextManager[None]]


async def live(lifespan: Lifespan, receive: Receive, send: Send) -> None:
    """Enter the lifespan when the server starts, and leave the lifespan when the server ends.

    The server is told of an error before the error is raised: with the traceback, or in one
    sentence if the database is away.
    """
    failure = "lifespan.startup.failed"
    await receive()
    try:
        async with lifespan():
            await send({"type": "lifespan.startup.complete"})
            failure = "lifespan.shutdown.failed"
            await receive()
    except BaseException as error:
        why = str(error) if isinstance(error, Unavailable) else format_exc()
        await send({"type": failure, "message": why})
        raise
    await send({"type": "lifespan.shutdown.complete"})
