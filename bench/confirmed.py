"""Orders confirmed a second: placed, stock reserved, payment authorised, confirmed, sustained."""

from __future__ import annotations

import time

from tests.acceptance.server import Server

from bench import book
from bench.requests import synq
from bench.rows import Row
from bench.run import Run, say, settle

CONCURRENCY = 32
KINDS = ("order.placed", "order.confirmed")


def measure(run: Run, server: Server, engine: str) -> None:
    """One row: load for `sustain` seconds, then as long as it takes until nothing is left to do.

    The rate is over both, up to the newest event; the latencies are from placed to confirmed. All
    by the times that the events bear, which are of this machine's clock.
    """
    say(f"confirmed, {engine}: {run.options.sustain} s of load, then the backlog")
    request, url = synq(server.credentials), server.database_url
    failed = settle(server)
    warm = run.warm_up(request, server.url, CONCURRENCY)
    failed = failed or settle(server)
    before = [book.events(url, kind) for kind in KINDS]
    begun = _now()
    load = run.load(request, server.url, CONCURRENCY, warm, run.options.sustain)
    loaded = _now()
    failed = load.failed or failed or settle(server)
    placed, confirmed = (
        book.events(url, kind) - count for kind, count in zip(KINDS, before, strict=True)
    )
    if not failed and placed != confirmed:
        failed = f"{placed} orders were placed, {confirmed} confirmed"
    ended = max(book.newest(url), begun + 1)
    p50, p99 = book.placed_to_confirmed(url, begun)
    run.rows.append(
        Row(
            measure="confirmed",
            what=request.name,
            engine=engine,
            role=server.role,
            concurrency=CONCURRENCY,
            rate=confirmed / (ended - begun) * 1e6,
            p50=p50,
            p99=p99,
            note=f"{confirmed:,} orders: {(loaded - begun) / 1e6:.1f} s of load, "
            f"{max(0, ended - loaded) / 1e6:.1f} s of backlog",
            failed=failed,
        )
    )


def _now() -> int:
    # Microseconds, in whole milliseconds like the times in the book.
    return time.time_ns() // 1_000_000 * 1_000
