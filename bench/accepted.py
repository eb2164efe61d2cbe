"""Orders accepted a second: answered 2xx, which means committed, in each dialect, on SQLite.

Synq's is the one that targets are about, on a process that only accepts; the other dialects, and
Synq with the pipeline in the same process, stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import fmean

from bench import book
from bench.requests import Request, every, synq
from bench.rows import EMPTY, Row
from bench.run import Run, say, settle
from bench.wrk import Load
from entrepot.testing.server import Server

NUMBER = 1
TARGET = 0.45
TARGET_AT = (32, 128)
OTHERS_AT = 32


def measure(run: Run) -> None:
    """Synq at each number of connections for each role, the other requests at 32, role `api`."""
    if "sqlite" in run.options.engines:
        for role in run.options.roles:
            with run.judged(*connections(run)), run.server("sqlite", role) as server:
                dialects(run, server, "sqlite", TARGET)


def connections(run: Run) -> tuple[int, ...]:
    """Connections at which the empty handler has to be measured: those of the options, and 32."""
    return tuple(sorted({*run.options.concurrency, OTHERS_AT}))


def dialects(run: Run, server: Server, engine: str, target: float) -> None:
    """The rows of one server: `target` is for Synq on a server that only accepts."""
    first, *others = every(server.credentials)
    for concurrency in run.options.concurrency:
        row = accepted(run, server, engine, first, concurrency)
        if server.role == "api" and concurrency in TARGET_AT:
            row.at_least = target
        run.rows.append(row)
    for request in others if server.role == "api" else ():
        row = accepted(run, server, engine, request, OTHERS_AT)
        row.of = ""
        run.rows.append(row)


def accepted(run: Run, server: Server, engine: str, request: Request, concurrency: int) -> Row:
    """One figure, on a server that runs already; whoever wants it in the table appends it."""
    say(f"accepted, {engine}, role {server.role}: {request.name}, {concurrency}")
    unrest = settle(server)
    warm = run.warm_up(request, server.url, concurrency)
    unrest = unrest or settle(server)
    before = book.orders(server.database_url)
    load = run.load(request, server.url, concurrency, warm, run.options.seconds)
    kept = book.orders(server.database_url) - before
    return Row(
        what=request.name,
        engine=engine,
        role=server.role,
        workers=server.workers,
        concurrency=concurrency,
        rate=load.rate * request.orders,
        of=EMPTY,
        p50=load.p50,
        p99=load.p99,
        failed=load.failed or unrest or miscounted(load, request, kept, concurrency),
    )


class Beside:
    """Measure 1's rate, known once the block of `beside` has ended; `failed` as in a row."""

    rate = 0.0
    failed = ""


@contextmanager
def beside(run: Run, engine: str, concurrency: int, role: str = "api") -> Iterator[Beside]:
    """Synq orders accepted a second, the mean of a load right before the block and one after it.

    On a server of its own, which rests meanwhile: what was measured minutes ago is of another
    machine, as it were.
    """
    found = Beside()
    with run.server(engine, role) as server:
        request = synq(server.credentials)
        told = [accepted(run, server, engine, request, concurrency)]
        yield found
        told.append(accepted(run, server, engine, request, concurrency))
    found.rate = fmean(row.rate for row in told)
    found.failed = next((row.failed for row in told if row.failed), "")


def miscounted(load: Load, request: Request, kept: int, concurrency: int) -> str:
    """The fault if the book's new orders are not those that were asked for; else empty.

    Each connection may have had one more request under way when the load ended.
    """
    acknowledged = load.requests * request.orders
    if acknowledged <= kept <= acknowledged + concurrency * request.orders:
        return ""
    return f"{acknowledged} orders were acknowledged, the book holds {kept}"
