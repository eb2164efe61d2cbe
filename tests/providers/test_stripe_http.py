"""The connections of Stripe's client: as many as calls may be under way, in small pools."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from email.message import Message

from tests.local_http import LocalHttp

from entrepot.providers.stripe_http import CONNECTIONS_MAX, BoundedClient

CALLS = 10


async def test_calls_are_spread_over_pools_of_few_connections() -> None:
    """Ten calls are under way at once; each pool has few of them. They are sent again over the same
    connections.
    """
    everybody = threading.Barrier(CALLS)

    def answer(_path: str, headers: Message) -> tuple[int, bytes, Mapping[str, str]]:
        everybody.wait(20)
        return 200, str(headers["x-number"]).encode(), {}

    with LocalHttp(answer, "HTTP/1.1") as server:
        client = BoundedClient(server.url, CALLS)

        async def ask(number: int) -> bytes:
            headers = {"x-number": str(number)}
            body, status, _ = await client.request_async("get", server.url, headers)
            assert status == 200
            return body

        for _ in range(2):
            told = await asyncio.gather(*map(ask, range(CALLS)))
            assert told == [str(number).encode() for number in range(CALLS)]
        # Answers came while all ten were under way: no call waited for a connection.
        pools = [
            len(one._transport._pool.connections)  # type: ignore[attr-defined]
            for one in client._clients
        ]
        assert (sum(pools), max(pools)) == (CALLS, CONNECTIONS_MAX)
        assert len(server.ports) == CALLS, "connections are used again"
        await client.close_async()
