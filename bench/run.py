"""One run: the servers that its measures share, and the yardstick that they are held against.

A measure is a module of this folder, named after what it measures, with two names::

    NUMBER = 7  # its number in docs/performance.md; 0 where the table there has none

    def measure(run: Run) -> None:
        for engine in run.options.engines:
            with run.judged(32), run.server(engine, "api") as server:
                request = synq(server.credentials)
                warm = run.warm_up(request, server.url, 32)
                load = run.load(request, server.url, 32, warm, run.options.seconds)
                run.rows.append(Row(what=..., engine=engine, role="api", workers=1, concurrency=32,
                                    rate=load.rate, ratio=..., of="...", at_least=0.85,
                                    p50=load.p50, p99=load.p99, failed=load.failed))

and a line in bench/measures.py, whose order is the table's. `python -m bench --only growth` then
runs it alone, so it must not rely on another measure having run.

- `run.options` says how much: `engines`, `roles`, `concurrency`, `seconds` a load, `sustain`
  seconds of a long one, and the tiers `quick` (a few minutes for everything) and `large` (as long
  as it takes).
- `run.server(...)` gives a server on a fresh book with plenty of stock; at its end it is drained
  and verified, and a fault marks the rows that were appended meanwhile. What needs no such server
  starts its own: `run.folder` is for files, `run.postgres` the one PostgreSQL of the run.
- `run.judged(32, 128)` runs the empty handler at those connections before and after its block and
  fills `of_empty` (and the `ratio` of rows with `of=EMPTY`). Rows without `concurrency` are left.
- `accepted.beside(run, engine, 32)` is the yardstick of who wants measure 1's rate: it is measured
  right before and right after its block, on a server of its own.
- `Row` (bench/rows.py) says what a row holds. `number`, `measure` and `met` are filled in here.
- A measure that raises becomes one row that FAILED; the others go on.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from bench import book, process, wrk
from bench.requests import Request
from bench.rows import EMPTY, Row
from bench.stock import replenish
from bench.yardstick import Yardstick, empty_server
from entrepot.testing.postgres import Postgres
from entrepot.testing.server import ENTREPOT, Server, sqlite_url

SETTLE_SECONDS = 300.0
QUIET_SECONDS = 0.5
WARM_UP_SECONDS = (1, 4, 16)
ROUNDS = 5
LONGEST_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Options:
    """The measures and their length: seconds a run of the load generator, connections, books."""

    seconds: int = 3
    sustain: int = 60
    concurrency: tuple[int, ...] = (1, 32, 128)
    engines: tuple[str, ...] = ("sqlite", "postgres")
    roles: tuple[str, ...] = ("api", "all")
    quick: bool = False
    large: bool = False


class Run:
    """Everything that one run starts; it all ends with the `with` block.

    `rows` grows as the measures go; the empty handler's own come when `finish` is called. `save`
    is handed all of them whenever there are more to keep. `program` is the `entrepot` that is
    measured, which may be of another version than this folder.
    """

    def __init__(
        self,
        options: Options,
        folder: Path,
        save: Callable[[list[Row]], None] = lambda _: None,
        program: str = ENTREPOT,
    ) -> None:
        self._save = save
        self.program = program
        self.options = options
        self.folder = folder
        self.rows: list[Row] = []
        self.yardstick = Yardstick(self._empty_load)
        self._numbers = itertools.count(1)
        self._stack = ExitStack()
        self._postgres: Postgres | None = None
        self._empty_url = ""

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

    @property
    def postgres(self) -> Postgres:
        """The run's PostgreSQL server; only where `postgres` is among the engines."""
        assert self._postgres is not None
        return self._postgres

    def postgres_version(self) -> str:
        """The server's version and how durable its commits are; empty without a server."""
        if self._postgres is None:
            return ""
        version, commit, fsync = (
            self._postgres.sql(f"SHOW {name}").strip()
            for name in ("server_version", "synchronous_commit", "fsync")
        )
        return f"{version}, synchronous_commit={commit}, fsync={fsync}"

    def place(self, engine: str, name: str) -> tuple[str, Path]:
        """The URL of a fresh, empty database, and a new folder for whoever uses it."""
        folder = (self.folder / f"{next(self._numbers)}-{engine}-{name}").resolve()
        folder.mkdir()
        return (sqlite_url(folder) if engine == "sqlite" else self.postgres.create()), folder

    @contextmanager
    def server(
        self, engine: str, role: str, *, workers: int = 1, env: dict[str, str] | None = None
    ) -> Iterator[Server]:
        """A product server on a fresh book with stock that no run can use up.

        When the block ends it is drained and its book checked with `entrepot verify`; where that
        finds something, the rows that the block added are marked as failed.
        """
        first = len(self.rows)
        url, folder = self.place(engine, role)
        with Server(
            url, folder, role=role, workers=workers, env=env, program=self.program
        ) as server:
            assert server.process is not None
            process.wait_until_idle(server.process.pid, workers)
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
    def judged(self, *connections: int) -> Iterator[None]:
        """Judge the rows that the block adds by the empty handler, run before and after it.

        The machine is never quite the same for long, so the mean of the two is the yardstick.
        Without `connections` it is run at all that the options name.
        """
        wanted = connections or self.options.concurrency
        before, first = self.yardstick.recent(wanted), len(self.rows)
        yield
        after = self.yardstick.measured(wanted)
        for row in self.rows[first:]:
            if row.concurrency not in after:
                continue
            yardstick = (before[row.concurrency].rate + after[row.concurrency].rate) / 2
            row.of_empty = row.rate / yardstick if yardstick else None
            if row.ratio is None and row.of == EMPTY:
                row.ratio = row.of_empty

    def keep(self, name: str, number: int, first: int) -> None:
        """Put a measure's name and number on the rows from `first` on, judge them, and save all.

        A measure may ask for it before something that takes so long that it may be broken off.
        """
        for row in self.rows[first:]:
            row.measure = row.measure or name
            row.number = row.number or number
            row.judge()
        self._save(self.finish())

    def finish(self) -> list[Row]:
        """All rows of the run, the empty handlers' first."""
        return [*self.yardstick.rows(), *self.rows]

    def _empty_load(self, request: Request, concurrency: int) -> wrk.Load:
        warm = self.warm_up(request, self._empty_url, concurrency)
        return self.load(request, self._empty_url, concurrency, warm, self.options.seconds)


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
