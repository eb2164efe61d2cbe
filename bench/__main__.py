"""`python -m bench`: measure, print one table, write JSON."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from bench import machine, measures, report, rows, wrk
from bench.rows import RESULT, Result, Row
from bench.run import Options, Run, say

SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
SUSTAIN = 60
QUICK_SECONDS, QUICK_SUSTAIN = 1, 4
_Many = Parameter(consume_multiple=True, negative="")
_Flag = Parameter(negative="")

app = App(name="python -m bench", help="Measure what an order costs, and what it is a ratio of.")


@app.default
def bench(  # noqa: PLR0913 - a flag each
    *,
    only: str = "",
    seconds: int | None = None,
    sustain: int | None = None,
    concurrency: Annotated[tuple[int, ...], _Many] = (1, 32, 128),
    engine: Annotated[tuple[Literal["sqlite", "postgres"], ...], _Many] = ("sqlite", "postgres"),
    role: Annotated[tuple[Literal["api", "all"], ...], _Many] = ("api", "all"),
    quick: Annotated[bool, _Flag] = False,
    large: Annotated[bool, _Flag] = False,
    json: Path = RESULT,
    markdown: Annotated[bool, _Flag] = False,
    into: Path | None = None,
) -> None:
    """Measure and print one table, or print the last run again as Markdown.

    Exits 1 when a row failed; a target that is missed is no failure.

    Parameters
    ----------
    only: Measures, separated by commas (default: all).
    seconds: How long each run of the load generator lasts (default: BENCH_SECONDS, or 3).
    sustain: How long the figure of confirmed orders is sustained (default: 60).
    concurrency: Connections of the load generator.
    engine: Where the order books are.
    role: `api` accepts only; `all` runs the pipeline in the same process.
    quick: Everything in a few minutes: 1 s a load, 4 s sustained, smaller books.
    large: As large as targets speak of: millions of orders, and as long as that takes.
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
    names = tuple(only.replace(",", " ").split()) or measures.NAMES
    try:
        for name in names:
            measures.named(name)
    except ValueError as error:
        sys.exit(str(error))
    options = Options(
        seconds=seconds or (QUICK_SECONDS if quick else SECONDS),
        sustain=sustain or (QUICK_SUSTAIN if quick else SUSTAIN),
        concurrency=concurrency,
        engines=engine,
        roles=role,
        quick=quick,
        large=large,
    )
    result = measure(names, options, json)
    report.print_table(result)
    if any(row.failed for row in result.rows):
        sys.exit(1)


def measure(names: tuple[str, ...], options: Options, path: Path) -> Result:
    """Start everything, measure what is named, save after each measure, and stop it all."""
    version = wrk.ensure()
    place = Path("var/bench")
    place.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        folder = Path(temporary)
        told = machine.facts(folder)
        result = Result(told, {}, [])

        def keep(rows: list[Row]) -> None:
            result.settings = {
                "each load": f"{options.seconds} s after 1 s of warm-up; "
                f"sustained: {options.sustain} s",
                "all of it": f"{time.monotonic() - begun:.0f} s, on {time.strftime('%Y-%m-%d')}"
                + (", --quick" if options.quick else ", --large" if options.large else ""),
            }
            result.rows = rows
            result.save(path)

        with Run(options, folder, keep) as run:
            told |= {"PostgreSQL": run.postgres_version() or "not measured", "load": version}
            for name in names:
                attempt(run, name)
        return result


def attempt(run: Run, name: str) -> None:
    """One measure; where it breaks, a row says so, and the next measures go on."""
    first, module = len(run.rows), measures.named(name)
    begun = time.monotonic()
    try:
        module.measure(run)
    except Exception as error:  # whatever it is, minutes of other figures must not go with it
        traceback.print_exc()
        fault = f"{type(error).__name__}: {error}"[:500]
        run.rows.append(Row(what="the measure broke", rate=0.0, unit="", failed=fault))
    run.keep(name, module.NUMBER, first)
    say(f"{name}: {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    try:
        app()
    except wrk.NoLoadGenerator as error:
        sys.exit(str(error))
