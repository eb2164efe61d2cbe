"""The HTTP client of order sources: short patience, no redirects, no proxy of the environment.

`Outside` loads this module when a process asks a source first. Loading httpx takes 60 ms and 6 MB,
and many processes ask no source.
"""

from __future__ import annotations

import asyncio
import time

import httpx

from entrepot.pipeline.order_source import (
    BODY_BYTES_MAX,
    OK,
    Answer,
    Unanswered,
    Unaskable,
    header_fault,
)
from entrepot.unreached import in_words, seconds_to_wait

_CONNECT_SECONDS = 3.0
_TOTAL_SECONDS = 15.0


class SourceClient:
    """The client of one process."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(_TOTAL_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def ask(self, url: str, header: str | None) -> Answer:
        """Ask the source. A packed body is not read, and no more bytes than an order may have.

        Raises Unaskable and Unanswered.
        """
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                return await self._ask(url, _headers(header))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
            raise Unaskable(_why(error)) from error
        except (httpx.TransportError, TimeoutError) as error:
            raise Unanswered(_why(error)) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, url: str, headers: dict[str, str]) -> Answer:
        async with self._client.stream("GET", url, headers=headers) as told:
            if told.status_code != OK:
                wait = seconds_to_wait(told.headers.get("Retry-After"), time.time())
                return Answer(told.status_code, None, wait)
            encoding = told.headers.get("Content-Encoding", "").strip().lower()
            if encoding not in ("", "identity"):
                return Answer(OK, None, None, encoding[:100])
            body = bytearray()
            async for part in told.aiter_raw():
                body += part
                if len(body) > BODY_BYTES_MAX:
                    return Answer(OK, None, None)
            return Answer(OK, bytes(body), None)


def _why(error: Exception) -> str:
    return in_words(error, _CONNECT_SECONDS, _TOTAL_SECONDS)


def _headers(header: str | None) -> dict[str, str]:
    if not header:
        return {}
    fault = header_fault(header)
    if fault is not None:
        raise Unaskable(f"its header {fault}")
    name, _, value = header.partition(":")
    return {name.strip(): value.strip()}
