"""Sending a message to an address that somebody chose, signed as Standard Webhooks says.

Where private networks are not allowed, the name is looked up here, each of its addresses has to be
a public one, and the connection goes to the address that was looked at: a name that changes its
address in between leads nowhere else. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from entrepot.core.webhooks import url_fault

TOTAL_SECONDS = 10.0
_CONNECT_SECONDS = 3.0
_GONE = 410
_PORTS = {"https": 443, "http": 80}


class Result(NamedTuple):
    """What a receiver answered. `error` says why the message is to be sent again; None: it is not.

    `gone`: the receiver says that it wants nothing more, for ever.
    """

    status: int | None
    error: str | None
    gone: bool = False


class Forbidden(Exception):
    """Nothing is sent to this address; the text says why."""


def signature(secret: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = b".".join((id_.encode(), str(timestamp).encode(), body))
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class Sender:
    """The client for webhooks of one process; it is made when something is sent first."""

    def __init__(self, *, private: bool, clock: Callable[[], float] = time.time) -> None:
        """`private`: whether addresses of private networks, and http, are allowed."""
        self._private = private
        self._clock = clock
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, secret: bytes, id_: str, body: bytes) -> Result:
        """Send a message, and wait for the answer for ten seconds at most."""
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._send(url, secret, id_, body)
        except (Forbidden, httpx.InvalidURL) as error:
            return Result(None, str(error))
        except TimeoutError:
            return Result(None, f"no answer within {TOTAL_SECONDS:.0f} seconds")
        except (httpx.HTTPError, OSError, ValueError) as error:
            return Result(None, f"not reached: {type(error).__name__}")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _send(self, url: str, secret: bytes, id_: str, body: bytes) -> Result:
        fault = url_fault(url, private=self._private)
        if fault is not None:
            raise Forbidden(f"the address {fault}")
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        address = await self._address(host, port)
        target = parts._replace(netloc=f"{address}:{port}").geturl()
        timestamp = int(self._clock())
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Entrepot",
            "webhook-id": id_,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, id_, timestamp, body),
        }
        request = self._opened().build_request(
            "POST", target, content=body, headers=headers, extensions={"sni_hostname": host}
        )
        answer = await self._opened().send(request, stream=True)
        await answer.aclose()  # only the status counts: no byte of the body is read
        if answer.is_success:
            return Result(answer.status_code, None)
        error = f"answered {answer.status_code}"
        return Result(answer.status_code, error, answer.status_code == _GONE)

    async def _address(self, host: str, port: int) -> str:
        """An address of the host, as a URL spells it."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(one[4][0]) for one in found]
        if not self._private and not all(map(_is_public, addresses)):
            raise Forbidden("the address is of a private network")
        chosen = addresses[0]
        return f"[{chosen}]" if chosen.version == 6 else str(chosen)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(TOTAL_SECONDS, connect=_CONNECT_SECONDS),
                follow_redirects=False, trust_env=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            )  # fmt: skip
        return self._client


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is of the public network, and another one that it holds is so as well."""
    held = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if held is not None and not _is_public(held):
        return False
    return address.is_global and not address.is_multicast
