"""Against the bare database: PostgreSQL driven by its own pgbench, one order a transaction.

pgbench sends the statements of bench/sql/order.sql, prepared, from 32 clients on one thread, to
plain tables on the run's own server, with its settings. It is run right before and right after what
it is held against. In the flash sale every order of pgbench is on the same two stock rows; every
order of Entrepot is on one variant and counts once it is decided: its stock reserved or refused.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import fmean

from bench import book
from bench.accepted import accepted
from bench.requests import synq
from bench.rows import Row
from bench.run import Run, say, settle
from bench.stock import PLENTY, adjust
from entrepot.testing.postgres import programs
from entrepot.testing.server import Server

NUMBER = 9
ACCEPTED_TARGET, DECIDED_TARGET = 1.2, 1.5
CLIENTS = 32
PROCESSES = (1, 2)
STOCK_ROWS = 1_000
UNITS = 1_000
GOODS = 2  # which of the demo's variants: one that no other load orders
_SQL = Path(__file__).with_name("sql")
_SPREAD = (
    f"\\set first random(1, {STOCK_ROWS - 1})\n\\set second random(:first + 1, {STOCK_ROWS})\n"
)
_HOT = "\\set first 1\n\\set second 2\n"
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)
_DECIDED = """
SELECT type, count(*), max(at) FROM {log}
WHERE at >= {since} AND type IN ('stock.reserved', 'order.failed') GROUP BY type
"""


def measure(run: Run) -> None:
    """PostgreSQL only: accepted orders with one process and two, then two flash sales."""
    if "postgres" not in run.options.engines:
        return
    bare = Bare(run)
    with bare.around("orders over 1,000 stock rows", _SPREAD) as against:
        rows = _accepted(run)
    for row in rows:
        against.judge(row)
    # By one process or by two, whichever an operator would choose.
    max(rows, key=lambda row: row.rate).at_least = ACCEPTED_TARGET
    with bare.around("every order on the same two stock rows", _HOT) as against:
        rows = [_sale(run, units) for units in (UNITS, PLENTY)]
    for row in rows:
        against.judge(row)
        row.at_least = DECIDED_TARGET


class Against:
    """pgbench's rate before and after a block."""

    def __init__(self, what: str) -> None:
        self._what = what
        self.rates: list[float] = []

    def judge(self, row: Row) -> None:
        """Hold a row's rate against the mean of both."""
        mean = fmean(self.rates)
        row.ratio = row.rate / mean if mean else None
        row.of = f"pgbench, {self._what}"
        told = f"pgbench before and after: {self.rates[0]:,.0f}, {self.rates[1]:,.0f}"
        row.note = f"{row.note}; {told}" if row.note else told


class Bare:
    """Plain tables in a database of their own, `name`, on the run's server."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.name = run.postgres.create().rpartition("/")[2]
        self._call("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(_SQL / "tables.sql"))

    @contextmanager
    def around(self, what: str, choice: str) -> Iterator[Against]:
        """Run pgbench before and after the block, and put its rows into the table."""
        against = Against(what)
        for place in ("before", "after"):
            say(f"floor: pgbench, {what}")
            rate, told = self._load(choice)
            against.rates.append(rate)
            self._run.rows.append(
                Row(
                    what=f"pgbench, {what}, {place}",
                    engine="postgres",
                    concurrency=CLIENTS,
                    rate=rate,
                    note=told,
                )
            )
            if place == "before":
                yield against

    def _load(self, choice: str) -> tuple[float, str]:
        """Transactions a second, and what there is to say of them."""
        script = self._run.folder / "order.sql"
        script.write_text(choice + (_SQL / "order.sql").read_text())
        said = self._call(
            "pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1",
            "-T", str(max(2, self._run.options.seconds)), "-f", str(script), self.name,
        )  # fmt: skip
        rate, latency = _RATE.search(said), _LATENCY.search(said)
        assert rate is not None, f"pgbench: {said[-500:]}"
        assert latency is not None, f"pgbench: {said[-500:]}"
        return float(rate[1]), f"mean latency {latency[1]} ms; {said.splitlines()[0]}"

    def _call(self, program: str, *arguments: str) -> str:
        address = ["-h", "127.0.0.1", "-p", str(self._run.postgres.port), "-U", "postgres"]
        database = [] if program == "pgbench" else ["-d", self.name]
        ended = subprocess.run(
            [_program(program), *address, *database, *arguments],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert ended.returncode == 0, f"{program}: {ended.stdout}{ended.stderr}"
        return ended.stdout


def _program(name: str) -> str:
    """The one that came with the server, else the one on the path. Raises FileNotFoundError."""
    bundled = programs() / name
    found = str(bundled) if bundled.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is neither beside the server nor on the path")
    return found


def _accepted(run: Run) -> list[Row]:
    """Orders accepted a second, by one server process and by two, each on a book of its own."""
    rows = []
    with ExitStack() as stack:
        for workers in PROCESSES:
            server = stack.enter_context(run.server("postgres", "api", workers=workers))
            request = synq(server.credentials)
            rows.append(accepted(run, server, "postgres", request, CLIENTS))
        # Before the books are verified, so that a fault of theirs is known of these.
        run.rows += rows
    return rows


def _sale(run: Run, units: int) -> Row:
    """Orders decided a second while all want the same variant, of which there are `units`.

    By the book's own times, from the first order placed to the last decision.
    """
    with run.server("postgres", "all") as server:
        say(f"floor: flash sale of {units:,} units")
        row = _decided(run, server, units)
        run.rows.append(row)
    return row


def _decided(run: Run, server: Server, units: int) -> Row:
    url, variant = server.database_url, server.credentials["variants"][GOODS]
    warm = run.warm_up(synq(server.credentials), server.url, CLIENTS)
    adjust(server, variant["id"], units - variant["on_hand"])
    failed = settle(server)
    request = synq(server.credentials, places=(GOODS,), quantity=1)
    before, begun = book.orders(url), book.newest(url) + 1
    load = run.load(request, server.url, CLIENTS, warm, 2 * run.options.seconds)
    failed = load.failed or failed or settle(server)
    placed = book.orders(url) - before
    of_the_log = _DECIDED.format(log=book.log(url), since=begun)
    ended = {str(row[0]): row[1:] for row in book.rows(url, of_the_log)}
    decided = sum(count for count, _ in ended.values())
    first, _ = book.first_and_last(url, "order.placed", begun)
    last = max((at for _, at in ended.values()), default=first)
    if not failed and decided != placed:
        failed = f"{placed} orders were placed, {decided} decided"
    return Row(
        what=f"flash sale of {units:,} units, {request.name}: orders decided",
        engine="postgres",
        role="all",
        workers=1,
        concurrency=CLIENTS,
        rate=decided / max(1, last - first) * 1e6,
        p50=load.p50,
        p99=load.p99,
        note=", ".join(f"{count:,} {kind}" for kind, (count, _) in sorted(ended.items())),
        failed=failed,
    )
