"""Two versions by turns: `python -m bench.turns OLD NEW` holds orders a second against each other.

OLD and NEW are folders of the project, each with its own `.venv`. Both servers run all the time, on
books of their own. Each request is sent for a short while to one server and then to the
other, many times; a load begins when both servers rest, because a book copies its log after a load.
A ratio of neighbours in time is little touched by a machine whose speed changes from minute to
minute; the median of many ratios is touched less. The processor time of an order, which the server
used in the same loads, is told beside the rate. With `--role all` the pipeline runs in the same
process, and the processor time is that of an order from its acceptance to its confirmation.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Literal, NamedTuple

from cyclopts import App

from bench import process, wrk
from bench.requests import Request, every
from bench.stock import replenish
from entrepot.testing.postgres import Postgres
from entrepot.testing.server import Server, sqlite_url

CONNECTIONS = 32
RESAMPLES = 2000

app = App(name="python -m bench.turns", help="Orders accepted a second by two versions, by turns.")


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """One request's ratios, new over old: the median, its interval, and the medians of both."""

    what: str
    old: list[Load]
    new: list[Load]

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
            f"  orders a second: {rate}, of {rates}\n"
            f"  orders a second of the processor: {work}, of {works} microseconds an order"
        )


class Load(NamedTuple):
    """Orders a second, and the server's microseconds of the processor an order."""

    rate: float
    processor: float


def spread(ratios: list[float]) -> str:
    """The median of ratios, with its interval."""
    low, high = interval(ratios)
    return f"{median(ratios):.3f} ({low:.3f} to {high:.3f})"


def interval(ratios: list[float]) -> tuple[float, float]:
    """The bounds of 95 of 100 medians, by drawing from the ratios anew (bootstrap)."""
    draw = Random(7)
    medians = [median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)]
    cuts = quantiles(medians, n=40)
    return cuts[0], cuts[-1]


def compare(
    old: Server, new: Server, what: int, pairs: int, seconds: int, folder: Path
) -> Compared:
    """Send one request to both servers by turns. Raises RuntimeError when a load fails."""
    requests = {server: every(server.credentials)[what] for server in (old, new)}
    loads: dict[Server, list[Load]] = {old: [], new: []}
    for _ in range(pairs + 1):
        for server in (old, new):
            loads[server].append(_load(server, requests[server], seconds, folder))
    # The first of each has warmed the servers up.
    return Compared(requests[new].name, loads[old][1:], loads[new][1:])


def _load(server: Server, request: Request, seconds: int, folder: Path) -> Load:
    assert server.process is not None
    pid = server.process.pid
    before = process.processor_seconds(pid)
    load = wrk.run(request, server.url, CONNECTIONS, seconds, folder)
    process.wait_until_idle(pid)
    if load.failed:
        raise RuntimeError(f"{server.program}: {request.name}: {load.failed}")
    used = process.processor_seconds(pid) - before
    return Load(load.rate * request.orders, used / load.requests / request.orders * 1e6)


@app.default
def turns(  # noqa: PLR0913 - a flag each
    old: Path,
    new: Path,
    *,
    pairs: int = 20,
    seconds: int = 2,
    role: Literal["api", "all"] = "api",
    engine: Literal["sqlite", "postgres"] = "sqlite",
    only: str = "",
) -> None:
    """Print two lines a request. The books are verified by their own versions at the end.

    Parameters
    ----------
    pairs: How many loads each server gets.
    seconds: How long a load lasts.
    role: `api` accepts only; `all` runs the pipeline in the same process.
    engine: Where the order books are; both are on one PostgreSQL.
    only: Requests whose name has this text (default: all).
    """
    wrk.ensure()
    with tempfile.TemporaryDirectory(prefix="entrepot-turns-") as name, ExitStack() as stack:
        servers = []
        postgres = Postgres()
        if engine == "postgres":
            postgres.start()
            stack.callback(postgres.stop)
        for number, tree in enumerate((old, new)):
            folder = Path(name) / str(number)
            folder.mkdir()
            program = str(tree.resolve() / ".venv" / "bin" / "entrepot")
            url = postgres.create() if engine == "postgres" else sqlite_url(folder)
            server = Server(url, folder, role=role, program=program)
            servers.append(stack.enter_context(server))
            assert server.process is not None
            process.wait_until_idle(server.process.pid)
            replenish(server)
        for what, request in enumerate(every(servers[0].credentials)):
            if only not in request.name:
                continue
            compared = compare(servers[0], servers[1], what, pairs, seconds, Path(name))
            print(compared.told(), flush=True)
        for server in servers:
            server.terminate()
            server.verify()


if __name__ == "__main__":
    sys.exit(app())
