"""Orders confirmed a second: placed, stock reserved, payment authorised, confirmed, sustained."""

from __future__ import annotations

import time

from bench import book, process
from bench.accepted import beside
from bench.requests import Request, synq
from bench.rows import Row
from bench.run import Run, say, settle
from entrepot.testing.server import Server

NUMBER = 4
TARGET = 0.50
CONCURRENCY = 32
KINDS = ("order.placed", "order.confirmed")


def measure(run: Run) -> None:
    """On each engine: load for `sustain` seconds, beside what a process that only accepts takes."""
    for engine in run.options.engines:
        with run.judged(CONCURRENCY):
            with beside(run, engine, CONCURRENCY) as only_accepted, run.server(engine, "all") as it:
                row = sustained(run, it, engine, synq(it.credentials), run.options.sustain)
                assert it.process is not None
                row.note += f", {process.most_memory(it.process.pid) / 1e6:,.0f} MB at most"
                run.rows.append(row)
            row.ratio = row.rate / only_accepted.rate if only_accepted.rate else None
            row.of = f"accepted, role api, {only_accepted.rate:,.0f}/s"
            row.at_least = TARGET
            row.failed = row.failed or only_accepted.failed


def sustained(
    run: Run,
    server: Server,
    engine: str,
    request: Request,
    seconds: int,
    *,
    connections: int = CONCURRENCY,
) -> Row:
    """Load for so many seconds, then as long as it takes until nothing is left to do.

    The rate is over both, up to the newest event; the latencies are from placed to confirmed. All
    by the times that the events bear, which are of this machine's clock.
    """
    say(f"confirmed, {engine}: {seconds} s of load, then the backlog")
    url = server.database_url
    failed = settle(server)
    warm = run.warm_up(request, server.url, connections)
    failed = failed or settle(server)
    before = [book.events(url, kind) for kind in KINDS]
    begun = now()
    load = run.load(request, server.url, connections, warm, seconds)
    loaded = now()
    failed = load.failed or failed or settle(server)
    placed, confirmed = (
        book.events(url, kind) - count for kind, count in zip(KINDS, before, strict=True)
    )
    if not failed and placed != confirmed:
        failed = f"{placed} orders were placed, {confirmed} confirmed"
    ended = max(book.newest(url), begun + 1)
    p50, p99 = book.placed_to_confirmed(url, begun)
    return Row(
        what=request.name,
        engine=engine,
        role=server.role,
        workers=server.workers,
        concurrency=connections,
        rate=confirmed / (ended - begun) * 1e6,
        p50=p50,
        p99=p99,
        note=f"{confirmed:,} orders: {(loaded - begun) / 1e6:.1f} s of load, "
        f"{max(0, ended - loaded) / 1e6:.1f} s of backlog",
        failed=failed,
    )


def now() -> int:
    """Microseconds since the epoch, in whole milliseconds like the times in the book."""
    return time.time_ns() // 1_000_000 * 1_000
