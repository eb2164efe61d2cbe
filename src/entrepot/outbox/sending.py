"""Sending a message to an address that somebody chose, signed as Standard Webhooks says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import NamedTuple

from entrepot.outbox.guarded import GuardedClient, Unreached

_GONE = 410


class Result(NamedTuple):
    """What a receiver answered. `error` says why the message is to be sent again; None: it is not.

    `gone`: the receiver says that it wants nothing more, for ever.
    """

    status: int | None
    error: str | None
    gone: bool = False


def signature(secret: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = b".".join((id_.encode(), str(timestamp).encode(), body))
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class Sender:
    """The client for webhooks of one process."""

    def __init__(self, *, private: bool, clock: Callable[[], float] = time.time) -> None:
        """`private`: whether addresses of private networks, and http, are allowed."""
        self._client = GuardedClient(private=private)
        self._clock = clock

    async def send(self, url: str, secret: bytes, id_: str, body: bytes) -> Result:
        """Send a message, and wait for the answer for ten seconds at most."""
        timestamp = int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, id_, timestamp, body),
        }
        try:
            answer = await self._client.send("POST", url, headers, body)
        except Unreached as error:
            return Result(None, str(error))
        if answer.is_success:
            return Result(answer.status, None)
        return Result(answer.status, f"answered {answer.status}", answer.status == _GONE)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
