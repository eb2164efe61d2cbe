"""A flash sale: 10,000 buyers want one variant, of which there are 1,000."""

from __future__ import annotations

from bench import book, wrk
from bench.accepted import beside
from bench.confirmed import now
from bench.requests import synq
from bench.rows import Row
from bench.run import Run, say, settle
from bench.stock import adjust
from entrepot.testing.server import Server

NUMBER = 6
TARGET = 0.80
CONCURRENCY = 128
BUYERS, STOCK = 10_000, 1_000
QUICK_BUYERS, QUICK_STOCK = 2_000, 200
GOODS = 2  # which of the demo's variants: one that no other load orders
_ENDED = """
SELECT stage, CASE stage WHEN 'failed' THEN reason ELSE '' END, count(*) FROM orders
WHERE created_at >= {} GROUP BY 1, 2
"""


def measure(run: Run) -> None:
    """On each engine and for each role, beside measure 1's rate of the same role."""
    for engine in run.options.engines:
        for role in run.options.roles:
            with run.judged(CONCURRENCY):
                with (
                    beside(run, engine, CONCURRENCY, role) as plenty,
                    run.server(engine, role) as server,
                ):
                    row = sale(run, server, engine)
                    run.rows.append(row)
                row.ratio = row.rate / plenty.rate if plenty.rate else None
                row.of = f"accepted, role {role}, {plenty.rate:,.0f}/s"
                row.at_least = TARGET
                row.failed = row.failed or plenty.failed


def sale(run: Run, server: Server, engine: str) -> Row:
    """All buyers at once; what they got is counted when the last of them knows.

    The rate is by the book's own times, from the first order to the last. Orders that a process
    without a pipeline has taken are decided by one that has it, started afterwards on the book.
    """
    buyers, stock = (QUICK_BUYERS, QUICK_STOCK) if run.options.quick else (BUYERS, STOCK)
    say(f"flash sale, {engine}, role {server.role}: {buyers:,} buyers, {stock:,} units")
    url, role, variant = server.database_url, server.role, server.credentials["variants"][GOODS]
    adjust(server, variant["id"], stock - variant["on_hand"])
    run.warm_up(synq(server.credentials), server.url, CONCURRENCY)
    failed = settle(server)
    request = synq(server.credentials, places=(GOODS,), quantity=1)
    before, begun = book.orders(url), now()
    load = wrk.send(
        request, server.url, CONCURRENCY, buyers, lambda: book.orders(url) - before, run.folder
    )
    first, last = book.first_and_last(url, "order.placed", begun)
    if role == "api":
        server.terminate()
        server.role = "all"
        server.start()
    failed = load.failed or failed or settle(server)
    ended = {
        (str(stage), str(reason)): int(n)
        for stage, reason, n in book.rows(url, _ENDED.format(begun))
    }
    told = ", ".join(
        f"{count:,} {stage} {reason}".rstrip() for (stage, reason), count in sorted(ended.items())
    )
    fair = {("confirmed", ""): stock, ("failed", "out_of_stock"): buyers - stock}
    return Row(
        what=f"{request.name}, {buyers:,} buyers of {stock:,} units",
        engine=engine,
        role=role,
        workers=server.workers,
        concurrency=CONCURRENCY,
        rate=buyers / (last - first) * 1e6 if last > first else 0.0,
        p50=load.p50,
        p99=load.p99,
        note=told,
        failed=failed or ("" if ended == fair else f"unfair: {told}"),
    )
