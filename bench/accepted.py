"""Orders accepted a second: answered 2xx, which means committed, in each dialect."""

from __future__ import annotations

from tests.acceptance.server import Server

from bench import book
from bench.requests import Request, every
from bench.rows import Row
from bench.run import Run, say, settle
from bench.wrk import Load


def measure(run: Run, server: Server, engine: str) -> None:
    """A row for each dialect's request at each concurrency, on a server that runs already."""
    for request in every(server.credentials):
        for concurrency in run.options.concurrency:
            say(f"accepted, {engine}, role {server.role}: {request.name}, {concurrency}")
            unrest = settle(server)
            warm = run.warm_up(request, server.url, concurrency)
            unrest = unrest or settle(server)
            before = book.orders(server.database_url)
            load = run.load(request, server.url, concurrency, warm, run.options.seconds)
            kept = book.orders(server.database_url) - before
            run.rows.append(
                Row(
                    measure="accepted",
                    what=request.name,
                    engine=engine,
                    role=server.role,
                    concurrency=concurrency,
                    rate=load.rate * request.orders,
                    p50=load.p50,
                    p99=load.p99,
                    failed=load.failed or unrest or miscounted(load, request, kept, concurrency),
                )
            )


def miscounted(load: Load, request: Request, kept: int, concurrency: int) -> str:
    """What is wrong when the book's new orders are not those that were asked for; else empty.

    Each connection may have had one more request under way when the load ended.
    """
    acknowledged = load.requests * request.orders
    if acknowledged <= kept <= acknowledged + concurrency * request.orders:
        return ""
    return f"{acknowledged} orders were acknowledged, the book holds {kept}"
