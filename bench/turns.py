"""Two versions by turns: `python -m bench.turns OLD NEW` holds the figures of both together.

OLD and NEW are folders of the project, each with its own `.venv`. For `accepted` and `reads` both
servers run at the same time, on books of their own. Each request is sent for a short while to one
server and then to the other, several times; a load begins when both servers rest, because a book
copies its log after a load.
A ratio of neighbours in time is little touched by a machine whose speed changes from minute to
minute. But one process can be a tenth quicker than another process of the same version for as long
as both live. So both servers are started anew many times, and each start counts once: by the median
of its pairs. Two folders of one version show how far a figure can be trusted.
The processor time of a request, which the server used in the same loads, is told beside the rate.
With `--role all` the pipeline runs in the same process, and the processor time is that of an order
from its acceptance to its confirmation. Every other measure of the bench is taken whole, by turns
(bench/turns_measures.py).
"""

from __future__ import annotations

import dataclasses
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

from cyclopts import App

from bench import book, process, reading, turns_measures, wrk
from bench.fill import Filled
from bench.ratios import spread
from bench.requests import every, konvo, polinate, synq
from bench.run import Options, say
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


class Load(NamedTuple):
    """Orders (or answers) a second, and the server's microseconds of the processor for one."""

    rate: float
    processor: float


Pair = tuple[Load, Load]  # of the old version and of the new one


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One request's ratios, new over old: the median, its interval, and the medians of both.

    `starts` has the pairs of each start of the servers.
    """

    what: str
    unit: str
    starts: list[list[Pair]] = dataclasses.field(default_factory=list)

    def told(self) -> str:
        """Two lines, of the rate and of the processor's: the median, and where 95 of 100 lie."""
        rate = self._spread(lambda old, new: new.rate / old.rate)
        work = self._spread(lambda old, new: old.processor / new.processor)
        rates = self._medians(lambda load: load.rate)
        works = self._medians(lambda load: load.processor)
        return (
            f"{self.what}, {len(self.starts)} starts of {len(self.starts[0])} pairs\n"
            f"  {self.unit}s a second: {rate}, of {rates}\n"
            f"  {self.unit}s a second of the processor: {work}, of {works} microseconds "
            f"an {self.unit}"
        )

    def _spread(self, ratio: Callable[[Load, Load], float]) -> str:
        return spread([median([ratio(*pair) for pair in pairs]) for pairs in self.starts])

    def _medians(self, figure: Callable[[Load], float]) -> str:
        both = [
            [figure(pair[which]) for pairs in self.starts for pair in pairs] for which in (0, 1)
        ]
        return " and ".join([f"{median(figures):,.0f}" for figures in both])


def compare(
    servers: list[Server], asked: tuple[Asked, Asked], pairs: int, seconds: int, folder: Path
) -> list[Pair]:
    """Send one request to both servers by turns. Raises RuntimeError when a load fails."""
    found = []
    for number in range(pairs + 1):
        loads = {}
        # The one that goes first is another one from pair to pair.
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            loads[which] = _load(servers[which], asked[which], seconds, folder)
        found.append((loads[0], loads[1]))
    return found[1:]  # the first pair has warmed the servers up


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


def _asked(server: Server, measure: str, folder: Path) -> list[Asked]:
    if measure == "reads":
        return [Asked(one.name, 1, one.run) for one in _readings(server, folder)]
    requests = every(server.credentials)
    return [Asked(one.name, one.orders, partial(wrk.run, one)) for one in requests]


@contextmanager
def _started(
    programs: tuple[str, ...], role: str, postgres: Postgres | None, *, verified: bool
) -> Iterator[tuple[list[Server], Path]]:
    """Both servers on new books, which are `verified` when the loads are over."""
    with tempfile.TemporaryDirectory(prefix="entrepot-turns-") as name, ExitStack() as stack:
        servers = []
        for number, program in enumerate(programs):
            folder = Path(name) / str(number)
            folder.mkdir()
            url = postgres.create() if postgres else sqlite_url(folder)
            server = stack.enter_context(Server(url, folder, role=role, program=program))
            servers.append(server)
            assert server.process is not None
            process.wait_until_idle(server.process.pid)
            replenish(server)
        yield servers, Path(name)
        for server in servers:
            server.terminate()
            if verified:
                server.verify()


@app.default
def turns(  # noqa: PLR0913 - a flag each
    old: Path,
    new: Path,
    *,
    measure: str = "accepted",
    starts: int = 16,
    pairs: int = 2,
    seconds: int = 2,
    sustain: int = 10,
    role: Literal["api", "all"] = "api",
    engine: Literal["sqlite", "postgres"] = "sqlite",
    only: str = "",
    quick: bool = False,
) -> None:
    """Print lines on each figure. The last books are verified by their own versions.

    Parameters
    ----------
    measure: `accepted`; `reads`: an order by its id, and lists; or another measure of the bench.
    starts: Of `accepted` and `reads`: how often both servers are started.
    pairs: How many loads a start, or turns of a whole measure, each version gets.
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
    found: dict[str, Compared] = {}
    unit = "answer" if measure == "reads" else "order"
    with ExitStack() as stack:
        postgres = Postgres() if engine == "postgres" else None
        if postgres is not None:
            postgres.start()
            stack.callback(postgres.stop)
        for number in range(starts):
            say(f"start {number + 1} of {starts}")
            last = number == starts - 1
            with _started(programs, role, postgres, verified=last) as (servers, folder):
                for each in zip(*[_asked(one, measure, folder) for one in servers], strict=True):
                    if only in (what := each[1].name):
                        its = compare(servers, (each[0], each[1]), pairs, seconds, folder)
                        found.setdefault(what, Compared(what, unit)).starts.append(its)
    for compared in found.values():
        print(compared.told(), flush=True)


if __name__ == "__main__":
    sys.exit(app())
