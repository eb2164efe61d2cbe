"""Orders confirmed a second: placed, stock reserved, payment authorised, confirmed, sustained."""

from __future__ import annotations

import time

from tests.acceptance.server import Server

from bench import book
from bench.requests import synq
from bench.rows import Row
from bench.run import Run, say, settle

CONCURRENCY = 32


def measure(run: Run, server: Server, engine: str) -> None:
    """One row: load for `sustain` seconds, then as long as it takes until nothing is left to do.

    The rate counts both; the latencies are from placed to confirmed, by the events' own times.
    """
    say(f"confirmed, {engine}: {run.options.sustain} s of load, then the backlog")
    request, url = synq(server.credentials), server.database_url
    failed = settle(server)
    since, placed, confirmed = book.newest(url) + 1, book.orders(url), book.confirmed(url)
    begun = time.monotonic()
    load = run.load(request, server.url, CONCURRENCY, run.options.sustain)
    loaded = time.monotonic()
    failed = load.failed or failed or settle(server)
    ended = time.monotonic()
    placed, confirmed = book.orders(url) - placed, book.confirmed(url) - confirmed
    if not failed and placed != confirmed:
        failed = f"{placed} orders were placed, {confirmed} confirmed"
    p50, p99 = book.placed_to_confirmed(url, since)
    run.rows.append(
        Row(
            measure="confirmed",
            what=request.name,
            engine=engine,
            role=server.role,
            concurrency=CONCURRENCY,
            rate=confirmed / (ended - begun),
            p50=p50,
            p99=p99,
            note=f"{confirmed:,} orders: {loaded - begun:.1f} s of load, "
            f"{ended - loaded:.1f} s of backlog",
            failed=failed,
        )
    )
