"""Footprint: bytes on disk an order, resident memory, and seconds until the server is ready."""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from statistics import median

from bench import bare, book, process, wrk
from bench.requests import synq
from bench.rows import Row
from bench.run import Run, say, settle
from entrepot.testing.server import Server

NUMBER = 10
BYTES, IDLE, SERVED, READY = 2_500.0, 150.0, 300.0, 1.5
CONCURRENCY = 128
MILLION = 1_000_000
ORDERS, QUICK_ORDERS = 20_000, 5_000
STARTS, QUICK_STARTS = 5, 3
READY_WITHIN = 60.0
_RELATIONS = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'
"""


def measure(run: Run) -> None:
    """On each engine: the start, then the disk and the memory with orders."""
    for engine in run.options.engines:
        starts(run, engine)
        for role in run.options.roles:
            with run.server(engine, role) as server:
                filled(run, server, engine)


def starts(run: Run, engine: str) -> None:
    """Seconds from the start of `serve` to the first 200 of /health/ready, on a book there is."""
    say(f"footprint, {engine}: seconds to ready")
    url, folder = run.place(engine, "start")
    server, taken = Server(url, folder, program=run.program), []
    server.command("demo", "--json")
    for _ in range(QUICK_STARTS if run.options.quick else STARTS):
        begun = time.perf_counter()
        server.launch()
        while not ready(server):
            assert time.perf_counter() < begun + READY_WITHIN, server.output()[-2000:]
            time.sleep(0.005)
        taken.append(time.perf_counter() - begun)
        server.terminate()
    run.rows.append(
        Row(
            what="from `serve` to ready",
            engine=engine,
            role="all",
            workers=1,
            rate=median(taken),
            unit="s",
            at_most=READY,
            note=f"median of {len(taken)} starts, {min(taken):.2f} to {max(taken):.2f}",
        )
    )


def ready(server: Server) -> bool:
    """Whether the server says so; asked with less effort than a client of the tests takes."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as asking:
        try:
            asking.request("GET", "/health/ready")
            return asking.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def filled(run: Run, server: Server, engine: str) -> None:
    """Memory before and after so many orders, and what they added to the book on the disk."""
    assert server.process is not None
    pid, url, role = server.process.pid, server.database_url, server.role
    whole = role == "all"
    orders = QUICK_ORDERS if run.options.quick else ORDERS
    if run.options.large and whole:
        orders = MILLION
    say(f"footprint, {engine}, role {role}: {orders:,} orders")
    idle = process.memory(pid)
    before, kept = on_disk(url), book.orders(url)
    request = synq(server.credentials)
    load = wrk.send(
        request, server.url, CONCURRENCY, orders, lambda: book.orders(url) - kept, run.folder
    )
    failed = load.failed or settle(server)
    served = process.memory(pid)
    grown = (on_disk(url) - before) / orders
    state = "confirmed" if whole else "accepted only"
    enough = "" if orders >= MILLION else "the target is for 1 million: make bench-large"
    figures = (
        (f"on disk, an order with two lines, {state}", grown, "B", _disk_target(engine), ""),
        ("resident, idle", idle / 1e6, "MB", IDLE, ""),
        (f"resident, after {orders:,} orders", served / 1e6, "MB", SERVED, enough),
    )
    for what, figure, unit, most, note in figures:
        run.rows.append(
            Row(
                what=what, engine=engine, role=role, workers=1, rate=figure, unit=unit,
                at_most=most, note=note, failed=failed,
            )
        )  # fmt: skip


def _disk_target(engine: str) -> float | None:
    return BYTES if engine == "sqlite" else None


def on_disk(url: str) -> int:
    """Bytes of the book: the SQLite file after a checkpoint; PostgreSQL's tables and indexes."""
    if not url.startswith("sqlite"):
        return int(book.rows(url, _RELATIONS)[0][0])
    with closing(bare.sqlite(url)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy, "the checkpoint could not be completed"
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
        return int(pages) * int(size)
