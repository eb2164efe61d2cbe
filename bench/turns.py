"""Two versions by turns: `python -m bench.turns OLD NEW` holds the figures of both together.

OLD and NEW are folders of the project, each with its own `.venv`. For `accepted` and `reads` both
servers run all the time, on books of their own. Each request is sent for a short while to one
server and then to the other, many times; a load begins when both servers rest, because a book
copies its log after a load.
A ratio of neighbours in time is little touched by a machine whose speed changes from minute to
minute; the median of many ratios is touched less. The processor time of a request, which the server
used in the same loads, is told beside the rate. With `--role all` the pipeline runs in the same
process, and the processor time is that of an order from its acceptance to its confirmation. Every
other measure of the bench is taken whole, by turns (bench/turns_measures.py).
"""

from __future__ import annotations

import dataclasses
import random
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

from cyclopts import App

from bench import book, process, reading, turns_measures, wrk
from bench.fill import Filled
from bench.ratios import spread
from bench.requests import every, konvo, polinate, synq
from bench.run import Options
from bench.stock import replenish
from entrepot.testing.postgres import Postgres
from entrepot.testing.server import Server, sqlite_url

CONNECTIONS = 32
# Orders that are read, of each dialect.
PLACED = 1_000

app = App(name="python -m bench.turns", help="Figures of two versions, by turns.")


class Asked(NamedTuple):
    """A request that is sent over and over. One request counts for so many `orders` or answers."""

    name: str
    orders: int
    run: Callable[[str, int, int, Path], wrk.Load]


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One request's ratios, new over old: the median, its interval, and the medians of both."""

    what: str
    old: list[Load]
    new: list[Load]
    unit: str = "order"

    def told(self) -> str:
        """Two lines, of the rate and of the processor's: the median, and where 95 of 100 lie."""
        pairs = list(zip(self.old, self.new, strict=True))
        rate = spread([new.rate / old.rate for old, new in pairs])
        work = spread([old.processor / new.processor for old, new in pairs])
        rates = f"{median(load.rate for load in self.old):,.0f} and "
        rates += f"{median(load.rate for load in self.new):,.0f}"
        works = f"{median(load.processor for load in self.old):,.0f} and "
        works += f"{median(load.processor for load in self.new):,.0f}"
        return (
            f"{self.what}, {len(pairs)} pairs\n"
            f"  {self.unit}s a second: {rate}, of {rates}\n"
            f"  {self.unit}s a second of the processor: {work}, of {works} microseconds "
            f"an {self.unit}"
        )


class Load(NamedTuple):
    """Orders (or answers) a second, and the server's microseconds of the processor for one."""

    rate: float
    processor: float


def compare(
    old: Server, new: Server, asked: tuple[Asked, Asked], pairs: int, seconds: int, folder: Path
) -> tuple[list[Load], list[Load]]:
    """Send one request to both servers by turns. Raises RuntimeError when a load fails."""
    loads: tuple[list[Load], list[Load]] = ([], [])
    for _ in range(pairs + 1):
        for server, one, its in zip((old, new), asked, loads, strict=True):
            its.append(_load(server, one, seconds, folder))
    # The first of each has warmed the servers up.
    return loads[0][1:], loads[1][1:]


def _load(server: Server, asked: Asked, seconds: int, folder: Path) -> Load:
    assert server.process is not None
    pid = server.process.pid
    before = process.processor_seconds(pid)
    load = asked.run(server.url, CONNECTIONS, seconds, folder)
    process.wait_until_idle(pid)
    if load.failed:
        raise RuntimeError(f"{server.program}: {asked.name}: {load.failed}")
    used = process.processor_seconds(pid) - before
    return Load(load.rate * asked.orders, used / load.requests / asked.orders * 1e6)


def _readings(server: Server, folder: Path) -> list[reading.Reading]:
    """Requests that read, once there are orders to be read."""
    url, told = server.database_url, server.credentials
    for request in (synq(told), konvo(told, 1), polinate(told)):
        before = book.orders(url)

        def arrived(before: int = before) -> int:
            return book.orders(url) - before

        load = wrk.send(request, server.url, CONNECTIONS, PLACED, arrived, folder)
        if load.failed:
            raise RuntimeError(f"{server.program}: {request.name}: {load.failed}")
    found = sorted(bytes(row[0]) for row in book.rows(url, "SELECT id FROM orders"))
    random.Random(7).shuffle(found)
    return reading.of_any_version(Filled(url, folder, len(found), found, 0.0), server)


def _by_turns(
    servers: list[Server], measure: str, only: str, pairs: int, seconds: int, folder: Path
) -> None:
    def asked(server: Server) -> list[Asked]:
        if measure == "reads":
            return [Asked(one.name, 1, one.run) for one in _readings(server, folder)]
        requests = every(server.credentials)
        return [Asked(one.name, one.orders, partial(wrk.run, one)) for one in requests]

    old, new = servers
    unit = "answer" if measure == "reads" else "order"
    for each in zip(asked(old), asked(new), strict=True):
        if only in each[1].name:
            loads = compare(old, new, each, pairs, seconds, folder)
            print(Compared(each[1].name, *loads, unit).told(), flush=True)


@app.default
def turns(  # noqa: PLR0913 - a flag each
    old: Path,
    new: Path,
    *,
    measure: str = "accepted",
    pairs: int = 20,
    seconds: int = 2,
    sustain: int = 10,
    role: Literal["api", "all"] = "api",
    engine: Literal["sqlite", "postgres"] = "sqlite",
    only: str = "",
    quick: bool = False,
) -> None:
    """Print lines on each figure. The books are verified by their own versions at the end.

    Parameters
    ----------
    measure: `accepted`; `reads`: an order by its id, and lists; or another measure of the bench.
    pairs: How many loads, or turns of a whole measure, each version gets.
    seconds: How long a load lasts.
    sustain: How long the figure of confirmed orders is sustained.
    role: `api` accepts only; `all` runs the pipeline in the same process.
    engine: Where the order books are; both are on one PostgreSQL.
    only: Of `accepted` and `reads`: requests whose name has this text (default: all).
    quick: Of whole measures: fewer orders.
    """
    wrk.ensure()
    programs = tuple(str(tree.resolve() / ".venv" / "bin" / "entrepot") for tree in (old, new))
    if measure not in ("accepted", "reads"):
        options = Options(
            seconds=seconds, sustain=sustain, concurrency=(CONNECTIONS,), engines=(engine,),
            roles=(role,), quick=quick,
        )  # fmt: skip
        try:
            lines = turns_measures.compare(measure, (programs[0], programs[1]), options, pairs)
        except ValueError as error:
            sys.exit(str(error))
        print("\n".join(lines))
        sys.exit(any(turns_measures.FAILED in line for line in lines))
    with tempfile.TemporaryDirectory(prefix="entrepot-turns-") as name, ExitStack() as stack:
        servers = []
        postgres = Postgres()
        if engine == "postgres":
            postgres.start()
            stack.callback(postgres.stop)
        for number, program in enumerate(programs):
            folder = Path(name) / str(number)
            folder.mkdir()
            url = postgres.create() if engine == "postgres" else sqlite_url(folder)
            server = stack.enter_context(Server(url, folder, role=role, program=program))
            servers.append(server)
            assert server.process is not None
            process.wait_until_idle(server.process.pid)
            replenish(server)
        _by_turns(servers, measure, only, pairs, seconds, Path(name))
        for server in servers:
            server.terminate()
            server.verify()


if __name__ == "__main__":
    sys.exit(app())
