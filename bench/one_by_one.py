"""Requests of one client that go to several books by turns: what the size of a book costs one.

Rates of many connections scatter with the seconds of a busy machine. Here each request goes to
every book, one right after the other, so that all books have the same milliseconds.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from statistics import quantiles

from bench.reading import Reading

WARM, ROUNDS = 8, 60
SECONDS_MAX = 10.0  # a slow list is asked less often, ROUNDS_LEAST times at least
ROUNDS_LEAST = 12
TIMEOUT = 60.0


class Refused(Exception):
    """A server did not answer 200."""


class _Client:
    """One kept connection, and what is asked on it."""

    def __init__(self, url: str, reading: Reading) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=TIMEOUT)
        self._reading = reading

    def seconds(self, number: int) -> float:
        """How long the answer to the request of this number took."""
        path = self._reading.paths[number % len(self._reading.paths)]
        begun = time.perf_counter()
        self._connection.request("GET", path, headers=self._reading.headers)
        answer = self._connection.getresponse()
        answer.read()
        took = time.perf_counter() - begun
        if answer.status != http.HTTPStatus.OK:
            raise Refused(f"{path} was answered with {answer.status}")
        return took

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


def milliseconds(urls: Sequence[str], same: Sequence[Reading]) -> list[float]:
    """The time of an answer of each server, in the order of `urls`: a quarter was quicker. Slower
    ones are slow for other work on the machine more often.

    `same` has the request as each book is asked. Raises Refused.
    """
    clients = [_Client(url, reading) for url, reading in zip(urls, same, strict=True)]
    try:
        for number in range(WARM):
            for client in clients:
                client.seconds(number)
        taken: list[list[float]] = [[] for _ in clients]
        ends = time.monotonic() + SECONDS_MAX
        for number in range(ROUNDS):
            if number >= ROUNDS_LEAST and time.monotonic() >= ends:
                break
            # The book that is asked first is another one from round to round.
            for at in range(len(clients)) if number % 2 else reversed(range(len(clients))):
                taken[at].append(clients[at].seconds(number))
    finally:
        for client in clients:
            client.close()
    return [1e3 * quantiles(its, n=4)[0] for its in taken]
