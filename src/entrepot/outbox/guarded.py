"""HTTP to an address that somebody chose, which must not lead into the own network.

Where private networks are not allowed, the name is looked up here, each of its addresses has to be
a public one, and the connection goes to the address that was looked at: a name that changes its
address in between leads nowhere else. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from entrepot.core.webhooks import is_public, url_fault
from entrepot.unreached import in_words

if TYPE_CHECKING:
    import httpx

TOTAL_SECONDS = 10.0
_CONNECT_SECONDS = 3.0
_PORTS = {"https": 443, "http": 80}
# So many addresses of a host are tried: there is time for no more.
_ADDRESSES_MAX = 3
# Names that are looked up at the same time. A name server that never answers keeps a thread for
# half a minute: these threads are no other work's.
_LOOKUPS_MAX = 32


class Forbidden(Exception):
    """Nothing is sent to this address; the text says why."""


class Unreached(Exception):
    """Nobody answered; the text says why."""


class Reply(NamedTuple):
    """An answer. `body` is None where it is longer than was asked for, or was not asked for.

    `retry_after` is the header's text, if the answer has the header.
    """

    status: int
    body: bytes | None
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return self.status // 100 == 2


class GuardedClient:
    """The client of one process; it is made when something is sent first."""

    def __init__(self, *, private: bool) -> None:
        """`private`: whether addresses of private networks, and http, are allowed."""
        self._private = private
        self._client: httpx.AsyncClient | None = None
        self._lookups = ThreadPoolExecutor(_LOOKUPS_MAX, "lookups")

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes = b"", *,
        body_max: int = 0,
    ) -> Reply:  # fmt: skip
        """Send a request, and wait for the answer for ten seconds at most.

        Up to `body_max` bytes of the answer are read; without it none. Raises Unreached.
        """
        # Loading httpx takes 60 ms and 6 MB. A process that sends nothing does without.
        import httpx  # noqa: PLC0415

        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._send(method, url, headers, content, body_max)
        except (Forbidden, httpx.InvalidURL) as error:
            raise Unreached(str(error)) from error
        except TimeoutError as error:
            raise Unreached(f"no answer within {TOTAL_SECONDS:.0f} seconds") from error
        except (httpx.HTTPError, OSError, ValueError) as error:
            why = in_words(error, _CONNECT_SECONDS, TOTAL_SECONDS)
            raise Unreached(f"not reached: {why}") from error

    async def close(self) -> None:
        """Close the connections."""
        self._lookups.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            await self._client.aclose()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, body_max: int
    ) -> Reply:
        fault = url_fault(url, private=self._private)
        if fault is not None:
            raise Forbidden(f"the address {fault}")
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        told = {
            "Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "Entrepot",
            **headers,
        }  # fmt: skip
        answer = await self._answer(
            [
                self._opened().build_request(
                    method, parts._replace(netloc=f"{address}:{port}").geturl(), content=content,
                    headers=told, extensions={"sni_hostname": host},
                )
                for address in await self._addresses(host, port)
            ]
        )  # fmt: skip
        try:
            body = await _read(answer, body_max)
            return Reply(answer.status_code, body, answer.headers.get("retry-after"))
        finally:
            await answer.aclose()

    async def _answer(self, requests: list[httpx.Request]) -> httpx.Response:
        """The answer of the first address that is connected to: nothing was sent to the others."""
        import httpx  # noqa: PLC0415 - see `send`

        for request in requests[:-1]:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._opened().send(request, stream=True)
        return await self._opened().send(requests[-1], stream=True)

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The first addresses of the host, as a URL spells them."""
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)
        addresses = [ipaddress.ip_address(one[4][0]) for one in found]
        if not self._private and not all(map(is_public, addresses)):
            raise Forbidden("the address is of a private network")
        return [
            f"[{one}]" if one.version == 6 else str(one)
            for one in list(dict.fromkeys(addresses))[:_ADDRESSES_MAX]
        ]

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx  # noqa: PLC0415 - see `send`

            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(TOTAL_SECONDS, connect=_CONNECT_SECONDS),
                follow_redirects=False, trust_env=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            )  # fmt: skip
        return self._client


async def _read(answer: httpx.Response, body_max: int) -> bytes | None:
    if not body_max or answer.headers.get("content-encoding", "identity") != "identity":
        return None
    read = b""
    async for chunk in answer.aiter_raw():
        read += chunk
        if len(read) > body_max:
            return None
    return read
