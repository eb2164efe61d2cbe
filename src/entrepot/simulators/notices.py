"""Sending the notifications of a simulator: at once, twice, late, or when a test releases them."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import httpx

from entrepot.simulators.exchange import Json
from entrepot.simulators.service import Service

MODES = ("usual", "held", "doubled")
_WAIT_SECONDS = 0.2
_WAIT_SECONDS_MAX = 30.0
_TIMEOUT_SECONDS = 10.0


class Notices:
    """The sender. A notification that is not taken (2xx) is sent again, after longer and longer."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ledger = service.ledger
        self._called = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        """Begin to send, with what an earlier process left."""
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS)
        self._sender = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; what is not sent stays in the ledger."""
        if self._sender is not None:
            self._sender.cancel()
            with suppress(asyncio.CancelledError):
                await self._sender
        if self._client is not None:
            await self._client.aclose()

    def wake(self) -> None:
        """There may be something to send."""
        self._called.set()

    async def release(self, *, reverse: bool, times: int) -> list[int]:
        """Send what is kept, in this order and so many times. The statuses of the answers."""
        listed = self._ledger.notices(unsent=True)
        ordered = reversed(listed) if reverse else listed
        return [await self._try(one) for one in ordered for _ in range(times)]

    async def send(self, told: Json, *, forged: bool = False) -> int:
        """Send one notification. The status of the answer; 0 where none came."""
        url = self._ledger.fact("notices_url")
        if not url or self._client is None:
            return 0
        headers, body = self._service.notified(told, forged=forged)
        try:
            answer = await self._client.post(url, content=body, headers=headers)
        except (httpx.HTTPError, AttributeError):
            # A receiver that is killed as it takes the connection: the transport has no socket.
            return 0
        return answer.status_code

    async def _run(self) -> None:
        while True:
            self._called.clear()
            wait = await self._send_due()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), wait)

    async def _send_due(self) -> float | None:
        """Send what is due. How long until the next one is; None if nothing waits."""
        if not self._ledger.fact("notices_url") or self._ledger.fact("notices_mode") == "held":
            return None
        wait: float | None = None
        for one in self._ledger.notices(unsent=True):
            left = one["due"] - time.time()
            if left <= 0 and 200 <= await self._try(one) < 300:
                continue
            left = max(left, _WAIT_SECONDS)
            wait = left if wait is None else min(wait, left)
        return wait

    async def _try(self, one: Json) -> int:
        status = await self.send(one["told"])
        again = min(_WAIT_SECONDS * 2 ** min(one["tries"], 10), _WAIT_SECONDS_MAX)
        with self._ledger.writing():
            self._ledger.tried(one["number"], sent=200 <= status < 300, due=time.time() + again)
        return status
