"""Looking into the order book from outside, to count what a server says it has taken."""

from __future__ import annotations

import asyncio
from contextlib import closing
from functools import cache
from typing import Any

import asyncpg
import pysqlite3

_LATENCIES = """
SELECT confirmed.at - placed.at FROM {log} placed JOIN {log} confirmed
ON confirmed.org = placed.org AND confirmed.{of} = placed.{of}
AND confirmed.type = 'order.confirmed'
WHERE placed.type = 'order.placed' AND placed.at >= {since} ORDER BY 1
"""


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a SELECT in the book at this URL, read on a connection of its own."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(pysqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
            found: list[tuple[Any, ...]] = book.execute(statement).fetchall()
            return found

    async def fetch() -> list[tuple[Any, ...]]:
        book = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await book.fetch(statement)]
        finally:
            await book.close()

    return asyncio.run(fetch())


@cache
def log(url: str) -> str:
    """The table of the events: versions in which an event was always an order's name it so."""
    known = "name FROM sqlite_master" if url.startswith("sqlite") else "tablename FROM pg_tables"
    return "events" if ("events",) in rows(url, f"SELECT {known}") else "order_events"


def orders(url: str) -> int:
    """How many orders the book holds."""
    return int(rows(url, "SELECT count(*) FROM orders")[0][0])


def events(url: str, kind: str) -> int:
    """How many events of one type the book holds."""
    return int(rows(url, f"SELECT count(*) FROM {log(url)} WHERE type = '{kind}'")[0][0])


def idle(url: str) -> bool:
    """Whether the pipeline has nothing left to do."""
    return not rows(url, "SELECT 1 FROM jobs WHERE state = 'due' LIMIT 1")


def newest(url: str) -> int:
    """When the newest event happened, in microseconds since the epoch; 0 in an empty book."""
    return int(rows(url, f"SELECT coalesce(max(at), 0) FROM {log(url)}")[0][0])


def first_and_last(url: str, kind: str, since: int) -> tuple[int, int]:
    """When the first and the last event of a type happened, of those from `since` on."""
    its = f"type = '{kind}' AND at >= {since}"
    statement = f"SELECT min(at), max(at) FROM {log(url)} WHERE {its}"
    first, last = rows(url, statement)[0]
    return int(first or since), int(last or since)


def placed_to_confirmed(url: str, since: int) -> tuple[float, float]:
    """p50 and p99, in milliseconds, from placed to confirmed, of orders placed from `since` on.

    By the times of the two events, so to the millisecond; (0, 0) where no order was confirmed.
    """
    table = log(url)
    named = {"log": table, "of": "subject_id" if table == "events" else "order_id"}
    waits = [row[0] / 1e3 for row in rows(url, _LATENCIES.format(since=int(since), **named))]
    if not waits:
        return 0.0, 0.0
    return waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
