"""A connection to a server with one dialect's credentials, and its answers read exactly."""

from __future__ import annotations

import itertools
import json
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
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


class _Given(httpx.SyncByteStream):
    """An answer's body. Once it is closed, the connection is free for another request."""

    def __init__(self, body: httpx.SyncByteStream, free: Callable[[], None]) -> None:
        self._body, self._free = body, free

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Ends the body."""
        self._body.close()
        self._free()


class Connections(httpx.BaseTransport):
    """Connections that many threads share, as many as there are requests at one time.

    The pool of httpx looks at each of its connections with every request: with 64 threads that took
    more of a processor than the server. Here a request takes any connection that is free.
    """

    def __init__(self) -> None:
        self._made: list[httpx.HTTPTransport] = []
        self._free: dict[tuple[str, int | None], list[httpx.HTTPTransport]] = defaultdict(list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request."""
        free = self._free[request.url.host, request.url.port]
        try:
            one = free.pop()
        except IndexError:
            one = httpx.HTTPTransport(verify=_trusted())
            self._made.append(one)
        response = one.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Given(response.stream, lambda: free.append(one))
        return response

    def close(self) -> None:
        """Closes every connection."""
        for one in self._made:
            one.close()


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the authorities that are trusted takes 40 ms of a processor."""
    return httpx.create_ssl_context()


class Spread(Connections):
    """Sends every request to the next one of several servers."""

    def __init__(self, urls: Iterable[str]) -> None:
        super().__init__()
        self._ports = itertools.cycle([httpx.URL(url).port for url in urls])

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request to the server whose turn it is."""
        request.url = request.url.copy_with(port=next(self._ports))
        return super().handle_request(request)


class Dialect:
    """A client with one dialect's credentials. Many threads may use it at once."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.headers = headers
        self.http = httpx.Client(base_url=url, headers=headers, timeout=60, transport=Connections())

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
