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


class BoundedClient(stripe.HTTPXClient):
    """Stripe's own client on httpx: without redirects, and with a bound to an answer's size."""

    def __init__(self, base_url: str, calls_max: int) -> None:
        limits = httpx.Limits(max_connections=calls_max, max_keepalive_connections=calls_max)
        timeout = httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS)
        super().__init__(timeout=timeout)
        # The environment's proxies have no say about a simulator on this machine.
        self._client_async = httpx.AsyncClient(
            timeout=timeout, limits=limits, follow_redirects=False,
            trust_env=not is_loopback(base_url),
        )  # fmt: skip

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request, and read the answer up to its bound."""
        sent = {"headers": headers, "content": post_data or None}
        try:
            async with self._client_async.stream(method, url, **sent) as response:
                return await _body(response), response.status_code, response.headers
        except Exception as error:
            told: Any = stripe.APIConnectionError
            raise told(type(error).__name__) from error


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge
    return bytes(body)
