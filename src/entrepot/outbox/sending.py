"""Sending a message to an address that somebody chose, signed as Standard Webhooks says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import NamedTuple

from entrepot.outbox.guarded import GuardedClient, Unreached
from entrepot.unreached import seconds_to_wait

_GONE = 410
# An answer with one of these may say in `Retry-After` when to come again (RFC 9110, 10.2.3).
_COME_AGAIN = (429, 503)


class Result(NamedTuple):
    """What a receiver answered. `error` says why the message is to be sent again; None: it is not.

    `gone`: the receiver says that it wants nothing more, for ever. `retry_after`: the seconds for
    which it wants to be left alone; 0 where it does not say.
    """

    status: int | None
    error: str | None
    gone: bool = False
    retry_after: float = 0.0


def signature(secret: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """A signature of `webhook-signature`, which has one for each secret, with blanks between."""
    signed = b".".join((id_.encode(), str(timestamp).encode(), body))
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class Sender:
    """The client for webhooks of one process."""

    def __init__(self, *, private: bool, clock: Callable[[], float] = time.time) -> None:
        """`private`: whether addresses of private networks, and http, are allowed."""
        self._client = GuardedClient(private=private)
        self._clock = clock

    async def send(self, url: str, signing: tuple[bytes, ...], id_: str, body: bytes) -> Result:
        """Send a message that each of these secrets signs, and wait for the answer for ten seconds
        at most.
        """
        timestamp = int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(
                [signature(secret, id_, timestamp, body) for secret in signing]
            ),
        }
        try:
            answer = await self._client.send("POST", url, headers, body)
        except Unreached as error:
            return Result(None, str(error))
        if answer.is_success:
            return Result(answer.status, None)
        wait = 0.0
        if answer.status in _COME_AGAIN:
            wait = seconds_to_wait(answer.retry_after, self._clock())
        return Result(answer.status, f"answered {answer.status}", answer.status == _GONE, wait)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
