"""The HTTP side of Stripe's client: its own adapter to httpx, bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import stripe

from entrepot.providers.exchange import (
    BODY_BYTES_MAX,
    CONNECT_SECONDS,
    TOTAL_SECONDS,
    TooLarge,
    is_loopback,
)

# For every request, httpcore looks at each connection of its pool twice, most of which costs a call
# to the system. With one pool of 32 connections, 30 of 100 samples of a server were there.
CONNECTIONS_MAX = 4


class BoundedClient(stripe.HTTPXClient):
    """Stripe's own client on httpx: without redirects, and with a bound to an answer's size.

    The connections are in several small pools. A request goes where the fewest are under way.
    """

    def __init__(self, base_url: str, calls_max: int) -> None:
        timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        super().__init__(timeout=timeout)
        # The environment's proxies have no say about a simulator on this machine.
        trusts = not is_loopback(base_url)
        verify = httpx.create_ssl_context(trust_env=trusts)
        few = min(calls_max, CONNECTIONS_MAX)
        limits = httpx.Limits(max_connections=few, max_keepalive_connections=few)
        self._clients = [
            httpx.AsyncClient(
                timeout=timeout, limits=limits, follow_redirects=False, trust_env=trusts,
                verify=verify,
            )
            for _ in range(-(-calls_max // few))
        ]  # fmt: skip
        self._under_way = [0] * len(self._clients)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request, and read the answer up to its bound."""
        content = post_data or None
        at = self._under_way.index(min(self._under_way))
        self._under_way[at] += 1
        try:
            asked = self._clients[at].stream(method, url, headers=headers, content=content)
            async with asked as response:
                return await _body(response), response.status_code, response.headers
        except Exception as error:
            told: Any = stripe.APIConnectionError
            raise told(type(error).__name__) from error
        finally:
            self._under_way[at] -= 1

    async def close_async(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge
    return bytes(body)
