"""`python -m bench.peers`: install the peers, measure them and Entrepot, print one table."""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

from cyclopts import App, Parameter

from bench import machine, wrk
from bench.peers import entrepot, figures, peer, table
from bench.peers.driver import Plan
from bench.peers.figures import RESULT, Result, Shop
from bench.peers.medusa import Medusa
from bench.peers.oscar import Oscar
from bench.peers.peer import Peer, Setting
from bench.peers.processes import Broke
from bench.peers.vendure import Vendure
from entrepot.testing.postgres import Postgres
from entrepot.testing.server import free_port

SCRATCH = Path(tempfile.gettempdir()) / "entrepot-peers"
CONNECTIONS = 150
PEERS: dict[str, type[Peer]] = {"oscar": Oscar, "vendure": Vendure, "medusa": Medusa}
OURS = (("PostgreSQL", 1), ("PostgreSQL", 2), ("SQLite", 1))
EVERY = ("oscar", "vendure", "entrepot", "medusa")
T = TypeVar("T")
_Many = Annotated[tuple[T, ...], Parameter(consume_multiple=True, negative="")]
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_SHOWN = ("server_version", *_DURABLE, "shared_buffers", "max_wal_size", "max_connections")

app = App(name="python -m bench.peers", help="Entrepot beside other order backends.")


@app.default
def bench(  # noqa: PLR0913 - a flag each
    *,
    only: _Many[str] = EVERY,
    seconds: float = 12.0,
    warm_up: float = 4.0,
    clients: _Many[int] = (1, 8, 32),
    limit: float = 300.0,
    scratch: Path = SCRATCH,
    json: Path = RESULT,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    into: Path | None = None,
) -> None:
    """Measure and print one table, or print the last run again as Markdown.

    Exits 1 when a row failed other than Medusa's, which need not start on every machine.

    Parameters
    ----------
    only: What to measure: oscar, vendure, medusa, entrepot; with commas or blanks between.
    seconds: How long each load lasts; longer where an order takes long.
    warm_up: Seconds of each load that are thrown away.
    clients: How many buy at once.
    limit: Seconds a peer may take to be installed, prepared and started.
    scratch: Where peers are installed, to be used again by the next run.
    json: Where the figures go.
    markdown: Measure nothing; print the figures of the last run as Markdown.
    into: Measure nothing; put them between the marks of this document.
    """
    if markdown or into:
        text = table.markdown(figures.load(json))
        if into:
            table.put_into(into, text)
        else:
            print(text, end="")
        return
    signal.signal(signal.SIGTERM, _terminated)
    result = measure(chosen(only), Plan(warm_up, seconds), clients, limit, scratch)
    result.save(json)
    table.print_table(result)
    if any(shop.failed for shop in result.shops if shop.name != Medusa.name):
        sys.exit(1)


def measure(
    only: tuple[str, ...], plan: Plan, clients: tuple[int, ...], limit: float, scratch: Path
) -> Result:
    """Start PostgreSQL, measure one system after the other, and stop it all."""
    begun, generator = time.monotonic(), wrk.ensure()
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        _alone(stack.enter_context((scratch / ".lock").open("w")))
        logs = scratch / "logs"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir()
        told = machine.facts(logs)
        postgres = Postgres()
        postgres.start()
        stack.callback(postgres.stop)
        setting = Setting(scratch.resolve(), logs, postgres, plan, clients, limit)
        told["PostgreSQL"] = database(postgres)
        told["Node"] = _said("node", "--version")
        told["load"] = f"peers: asyncio and httpx; Entrepot: {generator}"
        shops: list[Shop] = []
        for name in only:
            if name == "entrepot":
                for engine, workers in OURS:
                    shops += entrepot.measure(entrepot.Entrepot(setting, engine, workers))
            else:
                shops.append(peer.measure(PEERS[name](setting, postgres.create(), free_port())))
    settings = {
        "clients": " ".join(map(str, clients)),
        "each load": f"{plan.seconds:g} s or more after {plan.warm_up:g} s of warm-up",
        "all of it": f"{time.monotonic() - begun:.0f} s, on {time.strftime('%Y-%m-%d')}",
    }
    return Result(told, settings, shops, figures.ratios(shops))


def chosen(only: tuple[str, ...]) -> tuple[str, ...]:
    """The peers to measure. Raises Broke for an unknown name."""
    names = tuple(name for text in only for name in text.split(",") if name)
    if unknown := [name for name in names if name not in EVERY]:
        raise Broke(f"--only takes {', '.join(EVERY)}; not {', '.join(unknown)}")
    return names


def database(postgres: Postgres) -> str:
    """The one server's settings. Raises Broke where it is not durable or takes too few clients."""
    told = {name: postgres.sql(f"SHOW {name}").strip() for name in _SHOWN}
    weak = [name for name, wanted in _DURABLE.items() if told[name] != wanted]
    if weak or int(told["max_connections"]) < CONNECTIONS:
        raise Broke(f"PostgreSQL is not set as it has to be: {told}")
    return ", ".join(f"{name}={value}" for name, value in told.items())


def _alone(lock: TextIO) -> None:
    # Two runs would write over each other's files, and would share the machine besides.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Broke(f"another run is using {Path(lock.name).parent}") from None


def _said(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "not there"
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def _terminated(*_: Any) -> None:
    # As Ctrl-C: everything that was started is stopped on the way out.
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        app()
    except (Broke, wrk.NoLoadGenerator) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
