"""Growth: the same requests on books of 10 thousand, 1 million and (large) 10 million orders.

The books are filled as bench/fill.py says; each has a server of its own, all of them up (`open_`
gives them, also to the measures of other rows than orders). Requests that read are held against
each other one by one (bench/one_by_one.py); the rate of a load is told beside. Loads are measured
by turns, there and back again, so that no book has the better seconds of the machine. Old
idempotency keys are not removed meanwhile. Reading comes before placing, so that what the filters
ask for is known; the notes say how many orders match, and what a request costs the servers (and
PostgreSQL) in processor time, which a busy machine disturbs less than rates.

A load is timed when what it asks for is in memory: before, it is the disk that is measured, of
which the notes say what it did at first and how long that lasted.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from bench import one_by_one, process, reading, reading_beside, reading_search, wrk
from bench.fill import Filled, fill
from bench.footprint import ready
from bench.reading import Reading
from bench.requests import synq
from bench.rows import Row
from bench.run import LONGEST_SECONDS, ROUNDS, WARM_UP_SECONDS, Run, say, settle, unsound
from entrepot.testing.server import Server

NUMBER, SEARCH = 7, 12
TARGET = 0.85
CONCURRENCY = 32
SIZES, LARGE, QUICK = (10_000, 1_000_000), 10_000_000, (1_000, 20_000)
TURNS, TURNS_READ, SECONDS_MAX = 4, 2, 1
QUICK_STEP = 3  # a quick run takes one reading of so many
READY_SECONDS, MEMORY_MB = 1.5, 300.0
STARTS, READY_WITHIN, POLL_SECONDS = 3, 600.0, 0.005
REST_WITHIN, REST_SECONDS, QUIET_SHARE = 60.0, 0.15, 0.3
# Bytes of the disk that a request in memory takes at most, and how long may be waited for that.
IN_MEMORY, WINDOW_SECONDS, WARM_WITHIN = 256, 2, 45.0


class Place(NamedTuple):
    """A filled book and the server on it, which took `ready` seconds to start."""

    filled: Filled
    server: Server
    ready: float
    processes: list[int]  # the server's, and PostgreSQL's where it keeps the book


class Taken(NamedTuple):
    """A load; the processor time that it took of the servers, in seconds, and bytes of the disk."""

    load: wrk.Load
    processor: float
    fetched: int


class Warm(NamedTuple):
    """How long a load has to last, in seconds; how it began, if from the disk."""

    lasting: int
    began: str


def measure(run: Run) -> None:
    """All requests on one engine after the other; the search's rows are those of `search`."""
    for engine in run.options.engines:
        first = len(run.rows)
        with open_(run, engine, fill) as places:
            searches(run, engine, places)
            reads(run, engine, places, reading.every)
            reads(run, engine, places, reading_beside.every)
            _posts(run, engine, places)
            closed(run, "growth", NUMBER, engine, places, first)


@contextmanager
def open_(run: Run, engine: str, fill: Fill) -> Iterator[list[Place]]:
    """A filled book of each size, with a server on each; they are gone after the block."""
    sizes: tuple[int, ...] = QUICK if run.options.quick else SIZES
    if run.options.large:
        sizes = (*sizes, LARGE)
    with ExitStack() as stack:
        filled = [_filled(run, engine, size, fill, stack) for size in sizes]
        keeper = [_postmaster(run)] if engine == "postgres" else []
        yield [_started(one, keeper, stack) for one in filled]


def closed(run: Run, name: str, number: int, engine: str, places: list[Place], first: int) -> None:
    """Rows of the servers themselves; then the smallest book is verified, or, large, each one."""
    for place in places:
        _footprint(run, engine, place)
    run.keep(name, number, first)
    # A large book takes minutes, and says how long.
    for place in places if run.options.large else places[:1]:
        _verify(run, engine, place, first)


def _filled(run: Run, engine: str, size: int, fill: Fill, stack: ExitStack) -> Filled:
    say(f"growth, {engine}: filling a book with {size:,}")
    url, folder = run.place(engine, f"growth-{size}")
    stack.callback(_forget, run, url, folder)
    filled = fill(url, folder, size)
    say(f"growth, {engine}: {filled.told} in {filled.seconds:.0f} s")
    return filled


def _forget(run: Run, url: str, folder: Path) -> None:
    """Give the disk back: the books of two engines together may not fit on it."""
    shutil.rmtree(folder)
    if not url.startswith("sqlite"):
        run.postgres.sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


def _postmaster(run: Run) -> int:
    return int((run.postgres.data / "postmaster.pid").read_text().split()[0])


def _started(filled: Filled, keeper: list[int], stack: ExitStack) -> Place:
    server, taken = stack.enter_context(filled.server()), []
    for _ in range(STARTS):
        code = server.terminate()
        assert code == 0, server.output()[-500:]
        begun = time.perf_counter()
        server.launch()
        while not ready(server):
            assert time.perf_counter() < begun + READY_WITHIN, server.output()[-2000:]
            time.sleep(POLL_SECONDS)
        taken.append(time.perf_counter() - begun)
    assert server.process is not None
    process.wait_until_idle(server.process.pid)
    return Place(filled, server, median(taken), [server.process.pid, *keeper])


Fill = Callable[[str, Path, int], Filled]
Turn = partial[wrk.Load]  # a load on one book; how many seconds it lasts is still to be said


def reads(
    run: Run, engine: str, places: list[Place], asked: Callable[[Filled, Server], list[Reading]]
) -> None:
    """Each of the requests that read, on all books by turns."""
    named = [asked(place.filled, place.server) for place in places]
    step = QUICK_STEP if run.options.quick else 1
    for same in list(zip(*named, strict=True))[::step]:
        totals = [one.total(place.server.url) for one, place in zip(same, places, strict=True)]
        loads = [
            partial(one.run, place.server.url, CONCURRENCY, folder=run.folder)
            for one, place in zip(same, places, strict=True)
        ]
        rows = _by_turns(run, engine, same[0].name, places, loads, TURNS_READ)
        took = one_by_one.milliseconds([place.server.url for place in places], same)
        for row, its in zip(rows, took[1:], strict=True):
            row.ratio = took[0] / its
            row.note = f"one by one {its:.2f} ms, {took[0]:.2f} there; by 32 {row.note}"
        for row, total in zip(rows, totals[1:], strict=True):
            if total is not None:
                row.note += f"; {total:,} match, {totals[0]:,} there"


def searches(run: Run, engine: str, places: list[Place]) -> None:
    """The rows of the measure `search`, whichever measure has filled the books."""
    first = len(run.rows)
    reads(run, engine, places, reading_search.every)
    run.keep("search", SEARCH, first)


def _posts(run: Run, engine: str, places: list[Place]) -> None:
    loads = []
    for place in places:
        request = synq(place.server.credentials)
        loads.append(partial(wrk.run, request, place.server.url, CONCURRENCY, folder=run.folder))
    for row in _by_turns(run, engine, "Synq POST, two lines", places, loads):
        row.unit = "orders/s"


def _by_turns(
    run: Run, engine: str, what: str, places: list[Place], loads: list[Turn], many: int = TURNS
) -> list[Row]:
    """Each book so many times; a row for each but the smallest, held against that."""
    say(f"growth, {engine}: {what}")
    seconds = min(run.options.seconds, SECONDS_MAX)
    turns = list(zip(places, loads, strict=True))
    warm = [_warm(place, load, seconds) for place, load in turns]
    timed = list(zip(places, loads, [one.lasting for one in warm], strict=True))
    turned = [
        [_taken(*one) for one in timed] if turn % 2 else [_taken(*one) for one in timed[::-1]][::-1]
        for turn in range(many)
    ]
    found = list(zip(*turned, strict=True))
    rates = [fmean(one.load.rate for one in its) for its in found]
    each = [_microseconds(its) for its in found]
    failed = "; ".join(sorted({one.load.failed for its in found for one in its} - {""}))
    rows = [
        Row(
            what=f"{what}, {place.filled.told}",
            engine=engine,
            role=place.server.role,
            workers=1,
            concurrency=CONCURRENCY,
            rate=rate,
            unit="requests/s",
            ratio=rate / rates[0] if rates[0] else None,
            of=f"the same with {places[0].filled.told}",
            at_least=TARGET,
            p50=fmean(one.load.p50 for one in its),
            p99=fmean(one.load.p99 for one in its),
            note=f"{rates[0]:,.0f} there; {cost:,.0f} µs of processor time each, "
            f"{each[0]:,.0f} there{one.began}",
            failed=failed,
        )
        for place, rate, its, cost, one in zip(places, rates, found, each, warm, strict=True)
    ][1:]
    run.rows += rows
    return rows


def _warm(place: Place, load: Turn, seconds: int) -> Warm:
    """Send it until what it asks for is in memory; it has to hold some of each one's answers."""
    warm = wrk.Load(0, 0.0, 0.0, 0.0, wrk.NOTHING)
    for longer in WARM_UP_SECONDS:
        if warm.failed == wrk.NOTHING:
            warm = load(seconds=longer)
            _rest(place)
    lasting = min(max(seconds, math.ceil(ROUNDS * warm.p50 / 1e3)), LONGEST_SECONDS)
    begun = time.monotonic()
    first = last = _taken(place, load, WINDOW_SECONDS)
    while not _in_memory(last) and time.monotonic() < begun + WARM_WITHIN:
        last = _taken(place, load, WINDOW_SECONDS)
    if last is first:
        return Warm(lasting, "")
    how = "warm" if _in_memory(last) else "still not in memory"
    told = f"at first {first.load.rate:,.0f}/s and {_kib(first):.0f} KiB of the disk each"
    told += "" if _in_memory(last) else f", {_kib(last):.1f} KiB at last"
    return Warm(lasting, f"; {how} after {time.monotonic() - begun:.0f} s, {told}")


def _kib(taken: Taken) -> float:
    return taken.fetched / max(1, taken.load.requests) / 1024


def _in_memory(taken: Taken) -> bool:
    return taken.fetched <= IN_MEMORY * taken.load.requests


def _taken(place: Place, load: Turn, seconds: int) -> Taken:
    def used() -> tuple[float, int]:
        return (
            sum(map(process.processor_seconds, place.processes)),
            sum(map(process.bytes_from_disk, place.processes)),
        )

    before = used()
    done = load(seconds=seconds)
    processor, fetched = (now - was for now, was in zip(used(), before, strict=True))
    _rest(place)
    return Taken(done, processor, int(fetched))


def _rest(place: Place) -> None:
    """Let the server end what it has begun for clients that are gone by now."""
    pid, deadline = place.processes[0], time.monotonic() + REST_WITHIN
    used = 1.0
    while used > QUIET_SHARE and time.monotonic() < deadline:
        before = process.processor_seconds(pid)
        time.sleep(REST_SECONDS)
        used = (process.processor_seconds(pid) - before) / REST_SECONDS


def _microseconds(loads: Sequence[Taken]) -> float:
    """Processor time of the servers a request."""
    requests = sum(one.load.requests for one in loads)
    return sum(one.processor for one in loads) / requests * 1e6 if requests else 0.0


def _footprint(run: Run, engine: str, place: Place) -> None:
    """The cost of a server with a book of this size: its start, and its memory by now."""
    told, server = place.filled.told, place.server
    assert server.process is not None
    figure = partial(Row, engine=engine, role=server.role, workers=1)
    run.rows.append(
        figure(
            what=f"serve to ready, {told} in the book",
            rate=place.ready, unit="s", at_most=READY_SECONDS, note=f"median of {STARTS} starts",
        )
    )  # fmt: skip
    run.rows.append(
        figure(
            what=f"resident memory, {told} in the book",
            rate=process.memory(server.process.pid) / 1e6, unit="MB", at_most=MEMORY_MB,
            note="after all of the above",
        )
    )  # fmt: skip
    run.rows.append(
        figure(
            what=f"filling the book with {told}, in bulk",
            rate=place.filled.seconds, unit="s",
        )
    )  # fmt: skip


def _verify(run: Run, engine: str, place: Place, first: int) -> None:
    """Drain the server and verify its book: how long that takes, and what it finds."""
    told = place.filled.told
    say(f"growth, {engine}: draining, then entrepot verify of {told}")
    fault = settle(place.server)
    begun = time.monotonic()
    fault = unsound(place.server) or fault
    run.rows.append(
        Row(
            what=f"drain and entrepot verify, {told}",
            engine=engine, rate=time.monotonic() - begun, unit="s", failed=fault,
        )
    )  # fmt: skip
    for row in run.rows[first:] if fault else ():
        row.failed = row.failed or fault
