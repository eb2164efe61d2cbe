"""One run: the servers that its measures share, and the yardstick that they are held against."""

from __future__ import annotations

import dataclasses
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import fmean
from typing import Self

import httpx
from tests.acceptance.server import Server, eventually, free_port
from tests.conftest import sqlite_url
from tests.postgres import Postgres

from bench import book, empty, wrk
from bench.requests import NOBODY, Request, synq
from bench.rows import Row

SETTLE_SECONDS = 300.0
QUIET_SECONDS = 0.5
WARM_UP_SECONDS = (1, 4, 16)
ROUNDS = 5
LONGEST_SECONDS = 30
PLENTY = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Options:
    """What to measure and how long: seconds a run of the load generator, connections, books."""

    seconds: int = 5
    sustain: int = 10
    concurrency: tuple[int, ...] = (1, 32, 128)
    engines: tuple[str, ...] = ("sqlite", "postgres")
    roles: tuple[str, ...] = ("api", "all")


class Run:
    """Everything that one run starts; it all ends with the `with` block.

    `rows` grows as the measures go; the empty handler's own come when `finish` is called.
    """

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.rows: list[Row] = []
        self._stack = ExitStack()
        self._postgres: Postgres | None = None
        self._empty_url = ""
        self._typed: list[dict[int, wrk.Load]] = []
        self._lean: list[dict[int, wrk.Load]] = []

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._empty_url = starting.enter_context(empty_server(self.folder))
            if "postgres" in self.options.engines:
                self._postgres = Postgres()
                self._postgres.start()
                starting.callback(self._postgres.stop)
            self._stack = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def postgres_version(self) -> str:
        """The server's version and how durable its commits are; empty without a server."""
        if self._postgres is None:
            return ""
        version, commit, fsync = (
            self._postgres.sql(f"SHOW {name}").strip()
            for name in ("server_version", "synchronous_commit", "fsync")
        )
        return f"{version}, synchronous_commit={commit}, fsync={fsync}"

    @contextmanager
    def server(self, engine: str, role: str) -> Iterator[Server]:
        """A product server on a fresh book with stock that no run can use up.

        When the block ends it is drained and its book checked with `entrepot verify`; where that
        finds something, the rows that the block added are marked as failed.
        """
        first = len(self.rows)
        folder = self.folder / f"{engine}-{role}"
        folder.mkdir()
        if engine == "sqlite":
            url = sqlite_url(folder.resolve())
        else:
            assert self._postgres is not None
            url = self._postgres.create()
        with Server(url, folder.resolve(), role=role) as server:
            replenish(server)
            yield server
            say("draining, then entrepot verify")
            fault = unsound(server)
        for row in self.rows[first:]:
            row.failed = row.failed or fault

    def warm_up(self, request: Request, url: str, concurrency: int) -> wrk.Load:
        """A first load that no row counts: 1 s, or as long as it takes until one is answered."""
        load = wrk.Load(0, 0.0, 0.0, 0.0, wrk.NOTHING)
        for seconds in WARM_UP_SECONDS:
            if load.failed == wrk.NOTHING:
                load = wrk.run(request, url, concurrency, seconds, self.folder)
        return load

    def load(
        self, request: Request, url: str, concurrency: int, warm: wrk.Load, seconds: int
    ) -> wrk.Load:
        """The run that counts; after a warm-up that failed there is none.

        It lasts longer than `seconds` where the warm-up saw answers so slow that the run would hold
        but a few of each connection's: what is under way at the end is not counted.
        """
        if warm.failed:
            return warm
        enough = math.ceil(ROUNDS * warm.p50 / 1e3)
        lasting = min(max(seconds, enough), max(seconds, LONGEST_SECONDS))
        return wrk.run(request, url, concurrency, lasting, self.folder)

    @contextmanager
    def judged(self, *, last: bool = False) -> Iterator[None]:
        """Judge the rows that the block adds by the empty handler, run before and after it.

        The machine is never quite the same for long, so the mean of the two is the yardstick.
        """
        if not self._typed:
            self._measure_empty(lean=True)
        before, first = self._typed[-1], len(self.rows)
        yield
        self._measure_empty(lean=last)
        after = self._typed[-1]
        for row in self.rows[first:]:
            if row.concurrency in before:
                yardstick = fmean(loads[row.concurrency].rate for loads in (before, after))
                row.of_empty = row.rate / yardstick if yardstick else None

    def finish(self) -> list[Row]:
        """All rows of the run, the empty handlers' first."""
        typed = _empty_rows("typed handler, same body and schema", self._typed)
        lean = _empty_rows("raw handler that decodes the body", self._lean)
        self.rows = [*typed, *lean, *self.rows]
        return self.rows

    def _measure_empty(self, *, lean: bool) -> None:
        request = synq(NOBODY)
        say("empty handler")
        self._typed.append(self._empty_loads(request))
        if lean:
            self._lean.append(self._empty_loads(dataclasses.replace(request, path=empty.LEAN)))

    def _empty_loads(self, request: Request) -> dict[int, wrk.Load]:
        loads = {}
        for concurrency in self.options.concurrency:
            warm = self.warm_up(request, self._empty_url, concurrency)
            loads[concurrency] = self.load(
                request, self._empty_url, concurrency, warm, self.options.seconds
            )
        return loads


def _empty_rows(what: str, measured: list[dict[int, wrk.Load]]) -> list[Row]:
    rows = []
    for concurrency in measured[0] if measured else ():
        loads = [one[concurrency] for one in measured]
        rates = [load.rate for load in loads]
        rows.append(
            Row(
                measure="empty",
                what=what,
                concurrency=concurrency,
                rate=fmean(rates),
                p50=fmean(load.p50 for load in loads),
                p99=fmean(load.p99 for load in loads),
                note=f"mean of {len(loads)} runs, {min(rates):,.0f} to {max(rates):,.0f}",
                failed="; ".join(sorted({load.failed for load in loads if load.failed})),
            )
        )
    return rows


@contextmanager
def empty_server(folder: Path) -> Iterator[str]:
    """The empty handlers' server as a process of its own; yields its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
    with (folder / "empty.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.empty", "--port", str(port)],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    try:
        eventually(lambda: _answers(process, url, folder), "the empty handler's server answers")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(process: subprocess.Popen[bytes], url: str, folder: Path) -> bool:
    said = (folder / "empty.log").read_text()[-2000:]
    assert process.poll() is None, f"the empty handler's server ended:\n{said}"
    try:
        return httpx.get(url, timeout=5).status_code == 404
    except httpx.TransportError:
        return False


def replenish(server: Server) -> None:
    """Give the variants that the requests order more stock than any run can take."""
    told = server.credentials["synq"]
    headers = {
        "Authorization": f"Bearer {told['token']}",
        "X-Tenant-ID": told["tenant_id"],
        "X-Org-ID": told["org_id"],
    }
    for variant in server.credentials["variants"][:2]:
        body = {
            "variant_id": variant["id"],
            "location_id": told["location_id"],
            "quantity_delta": PLENTY,
        }
        url = f"{server.url}/api/v1/inventory/adjust"
        httpx.post(url, json=body, headers=headers, timeout=30).raise_for_status()


def unsound(server: Server) -> str:
    """Drain the server and verify its book: what is wrong with it; empty when nothing is."""
    code = server.terminate()
    if code != 0:
        return f"the server ended with {code}: {server.output()[-500:]}"
    try:
        server.verify()
    except AssertionError as violations:
        return str(violations)[:500]
    return ""


def settle(server: Server) -> str:
    """Wait until nothing of an earlier load is left: no request under way, no step of an order.

    Says so when that is not reached within five minutes. A server without a pipeline keeps its
    steps for another.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    url, seen = server.database_url, -1
    while time.monotonic() < deadline:
        orders = book.orders(url)
        if orders == seen and (server.role == "api" or book.idle(url)):
            return ""
        seen = orders
        time.sleep(QUIET_SECONDS)
    return f"the server was still at work after {SETTLE_SECONDS:.0f} s"


def say(what: str) -> None:
    """Tell whoever waits what is going on, apart from the table."""
    print(f"bench: {what}", file=sys.stderr, flush=True)
