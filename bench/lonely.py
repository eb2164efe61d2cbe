"""One lonely request: what an order takes when nobody else is there to share its commit."""

from __future__ import annotations

from statistics import fmean

from bench import bare
from bench.accepted import accepted
from bench.requests import synq
from bench.run import Run, say

NUMBER = 8
TARGET = 2.5
COMMITS = 1_000


def measure(run: Run) -> None:
    """On each engine and for each role: p50, beside a bare commit and an empty request."""
    for engine in run.options.engines:
        for role in run.options.roles:
            with run.server(engine, role) as server:
                empty = [run.yardstick.recent((1,))[1].p50]
                commit = [lone_commit(run, engine)]
                row = accepted(run, server, engine, synq(server.credentials), 1)
                commit.append(lone_commit(run, engine))
                empty.append(run.yardstick.measured((1,))[1].p50)
                one, other = fmean(commit), fmean(empty)
                row.ratio = row.p50 / (one + other) if one + other else None
                row.of = f"p50: a bare commit {one:.2f} ms and an empty request {other:.2f} ms"
                row.at_most = TARGET
                run.rows.append(row)


def lone_commit(run: Run, engine: str) -> float:
    """p50 in milliseconds of a single-row transaction through the driver, on a fresh database."""
    say(f"lonely, {engine}: bare commits")
    url, _ = run.place(engine, "lone")
    return bare.commit_milliseconds(engine, url, COMMITS)
