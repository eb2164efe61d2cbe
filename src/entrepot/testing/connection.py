"""A connection to a server with one dialect's credentials, and its answers read exactly."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

import httpx

Body = dict[str, Any]


def exact(response: httpx.Response) -> Any:
    """The answer's JSON with amounts as Decimal, so that no test sees a binary float."""
    return json.loads(response.content, parse_float=Decimal)


def accepted(response: httpx.Response, status: int = 201) -> Any:
    """The answer's JSON, when it has the expected status; fails with the whole answer if not."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:2000]}"
    return exact(response)


class Spread(httpx.BaseTransport):
    """Sends every request to the next one of several servers."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._ports = itertools.cycle([httpx.URL(url).port for url in urls])
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._transport = httpx.HTTPTransport(limits=limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request to the server whose turn it is."""
        request.url = request.url.copy_with(port=next(self._ports))
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Closes every connection."""
        self._transport.close()


class Dialect:
    """A client with one dialect's credentials. Many threads may use it at once."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.headers = headers
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60, limits=limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def spread_over(self, urls: Iterable[str]) -> None:
        """From now on ask these servers in turn."""
        base = self.http.base_url
        self.http.close()
        self.http = httpx.Client(
            base_url=base, headers=self.headers, timeout=60, transport=Spread(urls)
        )

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """Reads a path with the credentials of this client."""
        return self.http.get(path, params=query or None)
