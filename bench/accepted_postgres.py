"""The same on PostgreSQL: one server process, and two beside each other, on books of their own."""

from __future__ import annotations

from contextlib import ExitStack

from bench.accepted import TARGET_AT, accepted, connections, dialects
from bench.requests import synq
from bench.rows import Row
from bench.run import Run
from entrepot.testing.server import Server

NUMBER = 2
TARGET = 0.35
PROCESSES = 2
NO_SLOWER = 1.0


def measure(run: Run) -> None:
    """One process as on SQLite; then one and two in turn, Synq only, role `api`."""
    if "postgres" not in run.options.engines:
        return
    for role in run.options.roles:
        with run.judged(*connections(run)), run.server("postgres", role) as server:
            dialects(run, server, "postgres", TARGET)
        crowds = [one for one in run.options.concurrency if one > 1]
        if role != "api" or not crowds:
            continue
        with run.judged(*crowds), ExitStack() as stack:
            one = stack.enter_context(run.server("postgres", role))
            many = stack.enter_context(run.server("postgres", role, workers=PROCESSES))
            for concurrency in crowds:
                in_turn(run, one, many, concurrency)


def in_turn(run: Run, one: Server, many: Server, concurrency: int) -> None:
    """Several processes against one, measured right before and right after them."""
    request = synq(one.credentials)
    before = accepted(run, one, "postgres", request, concurrency)
    row = accepted(run, many, "postgres", synq(many.credentials), concurrency)
    after = accepted(run, one, "postgres", request, concurrency)
    targeted = one.role == "api" and concurrency in TARGET_AT
    row.at_least = TARGET if targeted else None
    run.rows.append(row)
    yardstick = (before.rate + after.rate) / 2
    run.rows.append(
        Row(
            what=f"{request.name}, {PROCESSES} processes beside 1",
            engine="postgres",
            role=one.role,
            workers=PROCESSES,
            concurrency=concurrency,
            rate=row.rate,
            ratio=row.rate / yardstick if yardstick else None,
            of="one process",
            at_least=NO_SLOWER if targeted else None,
            note=f"one process before and after: {before.rate:,.0f}, {after.rate:,.0f}",
            failed=row.failed or before.failed or after.failed,
        )
    )
