"""The pipeline with a payment provider that takes 120 ms an answer, and what it holds meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import book, process
from bench.confirmed import CONCURRENCY, sustained
from bench.requests import KEY, Request, synq
from bench.rows import Row
from bench.run import Run
from entrepot.settings import Settings
from entrepot.testing.server import Server

NUMBER = 5
TARGET = 0.80
ANSWER_SECONDS = 0.12
SLOW = f"slow-120-{KEY}"  # each order its own payment
NARROW = 64  # so few calls at once that the provider is the narrowest place
PART = 6  # a sixth of the sustained time for each of the loads
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> {}"


def measure(run: Run) -> None:
    """On each engine: with as many calls at once as by default, and with few."""
    limits = (Settings().provider_calls_max, NARROW)
    for engine in run.options.engines:
        for limit in limits:
            env = {"ENTREPOT_PROVIDER_CALLS_MAX": str(limit)}
            with run.judged(CONCURRENCY), run.server(engine, "all", env=env) as server:
                told = server.credentials
                loads = synq(told), synq(told, reference=SLOW)
                run.rows.append(slowly(run, server, engine, limit, loads))


def slowly(
    run: Run,
    server: Server,
    engine: str,
    limit: int,
    loads: tuple[Request, Request],
    *,
    connections: int = CONCURRENCY,
) -> Row:
    """Orders whose provider is slow, between orders whose provider answers at once.

    `loads` has the orders that are answered at once, then the slow ones; `limit` is how many calls
    may be under way.
    """
    load = partial(sustained, run, server, engine, connections=connections)
    seconds = max(run.options.seconds, run.options.sustain // PART)
    at_once, slow = loads
    assert server.process is not None
    before = load(at_once, run.options.seconds)
    with watched(server) as most:
        row = load(slow, seconds)
        resident = process.most_memory(server.process.pid)
    after = load(at_once, run.options.seconds)
    fast, allowed = (before.rate + after.rate) / 2, limit / ANSWER_SECONDS
    yardstick = min(fast, allowed)
    row.what = f"{slow.name}, 120 ms an answer, {limit} calls at once"
    row.ratio, row.at_least = (row.rate / yardstick if yardstick else None), TARGET
    row.of = (
        f"the least of {limit} / 0.12 s = {allowed:,.0f}/s and of {fast:,.0f}/s answered at once"
    )
    row.note += f"; {resident / 1e6:,.0f} MB at most, {most[0]} database connections"
    row.failed = row.failed or before.failed or after.failed
    return row


@contextmanager
def watched(server: Server) -> Iterator[list[int]]:
    """The most connections to the database that the server held during the block, as one number."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            most[0] = max(most[0], connections(server))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        ended.set()
        looking.join()


def connections(server: Server) -> int:
    """How many connections the server holds now: sessions of PostgreSQL, or the file held open."""
    url = server.database_url
    if url.startswith("sqlite"):
        assert server.process is not None
        return process.open_files(server.process.pid, Path(url.removeprefix("sqlite:///")))
    return int(book.rows(url, _SESSIONS.format("pg_backend_pid()"))[0][0])
