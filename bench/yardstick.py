"""The yardstick that rows are held against: the empty handlers, measured again and again."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

import httpx

from bench import empty, wrk
from bench.requests import NOBODY, Request, synq
from bench.rows import Row
from entrepot.testing.server import eventually, free_port

RECENT_SECONDS = 60.0
Loads = dict[int, wrk.Load]


class Yardstick:
    """The empty handlers' rates; `load` sends a request to them over so many connections."""

    def __init__(self, load: Callable[[Request, int], wrk.Load]) -> None:
        self._load = load
        self._typed: list[tuple[int, wrk.Load]] = []
        self._lean: list[tuple[int, wrk.Load]] = []
        self._last: dict[int, tuple[float, wrk.Load]] = {}

    def measured(self, connections: Sequence[int]) -> Loads:
        """The typed handler's, measured now."""
        request = synq(NOBODY)
        for concurrency in connections:
            load = self._load(request, concurrency)
            self._typed.append((concurrency, load))
            self._last[concurrency] = (time.monotonic(), load)
        return {concurrency: self._last[concurrency][1] for concurrency in connections}

    def recent(self, connections: Sequence[int]) -> Loads:
        """The same, but where one is of the last minute, that one; the raw handler's come first."""
        new = [c for c in connections if c not in {at for at, _ in self._lean}]
        raw = dataclasses.replace(synq(NOBODY), path=empty.LEAN)
        self._lean += [(concurrency, self._load(raw, concurrency)) for concurrency in new]
        oldest = time.monotonic() - RECENT_SECONDS
        stale = [c for c in connections if self._last.get(c, (float("-inf"),))[0] < oldest]
        self.measured(stale)
        return {concurrency: self._last[concurrency][1] for concurrency in connections}

    def rows(self) -> list[Row]:
        """A row for each handler and number of connections: the means of all its runs."""
        typed = _rows("typed handler, same body and schema", self._typed)
        return [*typed, *_rows("raw handler that decodes the body", self._lean)]


def _rows(what: str, measured: list[tuple[int, wrk.Load]]) -> list[Row]:
    rows = []
    for concurrency in sorted({at for at, _ in measured}):
        loads = [load for at, load in measured if at == concurrency]
        rates = [load.rate for load in loads]
        rows.append(
            Row(
                measure="empty",
                what=what,
                workers=1,
                concurrency=concurrency,
                rate=fmean(rates),
                unit="answers/s",
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
