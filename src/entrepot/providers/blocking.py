"""For clients that block: threads, as many as an account may have, and a bounded HTTP session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

from entrepot.providers.exchange import (
    BODY_BYTES_MAX,
    CONNECT_SECONDS,
    TOTAL_SECONDS,
    TooLarge,
    is_loopback,
)

T = TypeVar("T")
_PART = 64 * 1024


class Threads:
    """The threads in which one account's calls run. They are made as they are needed."""

    def __init__(self, name: str, calls_max: int) -> None:
        self._pool = ThreadPoolExecutor(calls_max, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives, from a thread. Raises TimeoutError when that takes too long."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(TOTAL_SECONDS + CONNECT_SECONDS):
            return await loop.run_in_executor(self._pool, work)

    def close(self) -> None:
        """Begin nothing more. Calls that are under way end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class BoundedSession(requests.Session):
    """A session without redirects and retries, with bounds to the time and size of an answer."""

    def __init__(self, base_url: str, calls_max: int) -> None:
        super().__init__()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=calls_max, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        # The environment's proxies have no say about a simulator on this machine.
        self.trust_env = not is_loopback(base_url)
        # Credentials are those of the account, and none of a file `.netrc`.
        self.auth = _as_it_is

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request and read the whole answer."""
        ends = time.monotonic() + TOTAL_SECONDS
        kwargs |= {
            "allow_redirects": False, "stream": True, "timeout": (CONNECT_SECONDS, TOTAL_SECONDS),
        }  # fmt: skip
        response = super().request(*args, **kwargs)
        body = bytearray()
        for part in response.iter_content(_PART):
            body += part
            if len(body) > BODY_BYTES_MAX:
                response.close()
                raise TooLarge
            if time.monotonic() > ends:
                response.close()
                raise requests.exceptions.ReadTimeout
        response._content = bytes(body)  # noqa: SLF001 - as `Response.content` keeps it
        return response


def _as_it_is(request: Any) -> Any:
    return request
