"""Tries of wrong credentials: counted, logged once a minute, and answered ever later.

A secret has 256 random bits, so nobody finds one by trying. But each try costs a look-up in the
book, and an operator wants to know of tries. The secret is looked up before anything else, so a
right secret is never slowed, whatever address the request comes from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from entrepot.core.refusal import Reason, Refusal, Refused
from entrepot.telemetry import log, metrics

# An address may try this many wrong ones at once, and then RATE of them each second.
BURST: Final = 100
RATE: Final = 20.0
# A try that would wait longer, or would be one too many to wait, is told to come back instead.
WAIT_SECONDS_MAX: Final = 5.0
WAITING_MAX: Final = 256
LOGGED_EVERY_SECONDS: Final = 60.0
# Addresses that are told apart; all others count as one.
CLIENTS_MAX: Final = 10_000
_OTHERS: Final = "others"


class _Client:
    """The tries of one address."""

    __slots__ = ("address", "logged_at", "ready_at", "since_logged")

    def __init__(self, address: str, now: float) -> None:
        self.address = address
        self.ready_at = now - BURST / RATE
        self.logged_at = now - LOGGED_EVERY_SECONDS
        self.since_logged = 0


class WrongCredentials:
    """The tries of every address, for this process."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._clients: dict[str, _Client] = {}
        self._waiting = 0

    async def tried(self, dialect: str, address: str) -> None:
        """Note a try, and return when it is to be answered.

        Raises Refused (RATE_LIMITED) where that would be too late.
        """
        metrics.wrong_credentials.labels(dialect).inc()
        now = self._monotonic()
        client = self._client(address, now)
        self._log(client, dialect, now)
        client.ready_at = max(client.ready_at, now - BURST / RATE) + 1.0 / RATE
        wait = client.ready_at - now
        if wait <= 0:
            return
        if wait > WAIT_SECONDS_MAX or self._waiting >= WAITING_MAX:
            client.ready_at -= 1.0 / RATE  # nobody waits for this one
            raise Refused(Refusal(Reason.RATE_LIMITED, retry_after=wait))
        self._waiting += 1
        try:
            await self._sleep(wait)
        finally:
            self._waiting -= 1

    def _client(self, address: str, now: float) -> _Client:
        found = self._clients.get(address)
        if found is None:
            if len(self._clients) >= CLIENTS_MAX:
                self._forget(now)
            if len(self._clients) >= CLIENTS_MAX:
                address = _OTHERS
            found = self._clients.setdefault(address, _Client(address, now))
        return found

    def _forget(self, now: float) -> None:
        """Forget the addresses that have been quiet for a minute."""
        self._clients = {
            address: client
            for address, client in self._clients.items()
            if client.ready_at + LOGGED_EVERY_SECONDS > now
        }

    def _log(self, client: _Client, dialect: str, now: float) -> None:
        client.since_logged += 1
        if now - client.logged_at >= LOGGED_EVERY_SECONDS:
            log.warning(
                "credentials.wrong",
                client=client.address,
                dialect=dialect,
                tries=client.since_logged,
            )
            client.logged_at, client.since_logged = now, 0
