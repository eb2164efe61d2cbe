"""`python -m bench`: measure, print one table, write JSON."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from bench import accepted, confirmed, machine, report, rows, wrk
from bench.rows import RESULT, Result
from bench.run import Options, Run

SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
_Many = Parameter(consume_multiple=True, negative="")

app = App(name="python -m bench", help="Measure accepted and confirmed orders a second.")


@app.default
def bench(  # noqa: PLR0913 - a flag each
    *,
    seconds: int = SECONDS,
    sustain: int = 2 * SECONDS,
    concurrency: Annotated[tuple[int, ...], _Many] = (1, 32, 128),
    engine: Annotated[tuple[Literal["sqlite", "postgres"], ...], _Many] = ("sqlite", "postgres"),
    role: Annotated[tuple[Literal["api", "all"], ...], _Many] = ("api", "all"),
    json: Path = RESULT,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    into: Path | None = None,
) -> None:
    """Measure and print one table, or print the last run again as Markdown.

    Exits 1 when a row failed.

    Parameters
    ----------
    seconds: How long each run of the load generator lasts (default: BENCH_SECONDS, or 5).
    sustain: How long orders are placed for the figure of confirmed orders.
    concurrency: Connections of the load generator.
    engine: Where the order books are.
    role: `api` accepts only; `all` runs the pipeline in the same process.
    json: Where the figures go.
    markdown: Measure nothing; print the figures of the last run as Markdown.
    into: With --markdown: put it between the marks of this document, and print nothing.
    """
    if markdown or into:
        text = report.markdown(rows.load(json))
        if into:
            report.put_into(into, text)
        else:
            print(text, end="")
        return
    result = measure(Options(seconds, sustain, concurrency, engine, role))
    result.save(json)
    report.print_table(result)
    if any(row.failed for row in result.rows):
        sys.exit(1)


def measure(options: Options) -> Result:
    """Start everything, measure everything, and stop it all."""
    version = wrk.ensure()
    place = Path("var/bench")
    place.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        told = machine.facts(folder)
        with Run(options, folder) as run:
            told |= {"PostgreSQL": run.postgres_version() or "not measured", "load": version}
            blocks = [(engine, role) for engine in options.engines for role in options.roles]
            for engine, role in blocks:
                last = (engine, role) == blocks[-1]
                with run.judged(last=last), run.server(engine, role) as server:
                    accepted.measure(run, server, engine)
                    if role == "all":
                        confirmed.measure(run, server, engine)
            settings = {
                "each run": f"{options.seconds} s after 1 s of warm-up; "
                f"confirmed: {options.sustain} s of load",
                "all of it": f"{time.monotonic() - begun:.0f} s, on {time.strftime('%Y-%m-%d')}",
            }
            return Result(told, settings, run.finish())


if __name__ == "__main__":
    try:
        app()
    except wrk.NoLoadGenerator as error:
        sys.exit(str(error))
