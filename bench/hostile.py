"""The longest wait of others while one client's body is read, decided and written.

The bodies are those of `entrepot.testing.hostile`: each is made to be slow to read, or is large.
One connection asks for `/health/live` again and again, another sends the bodies; a plain body of
eight megabytes is sent first. A row's rate is the longest wait in milliseconds, the least of a few
tries, because whatever else the machine does is in each. The last row is the most memory that
a body took.
"""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import closing

from bench import process
from bench.requests import konvo
from bench.rows import Row
from bench.run import Run, say
from entrepot.testing.hostile import KONVO, SHAPES, array
from entrepot.testing.server import Server

NUMBER = 0
TARGET_MILLISECONDS = 100.0
TARGET_MEGABYTES = 100.0
TRIES = 3


def measure(run: Run) -> None:
    """On each engine: every body by itself."""
    for engine in run.options.engines:
        with run.server(engine, "api") as server:
            hostile(run, server, engine)


def hostile(run: Run, server: Server, engine: str) -> None:
    """Rows for one server."""
    assert server.process is not None
    bodies = {"a plain body": lambda: array(b'"abcdefghijklmnopqrst"', 340_000)}
    bodies |= {name: shape.make for name, shape in (KONVO | SHAPES).items()}
    pid = server.process.pid
    grown: dict[str, float] = {}
    for name, make in bodies.items():
        say(f"hostile, {engine}: {name}")
        before = process.memory_from_now(pid)
        waits = [longest_wait(server, fresh(make(), turn)) for turn in range(TRIES)]
        row(run, engine, name, min(waits), "ms", TARGET_MILLISECONDS)
        grown[name] = (process.most_memory(pid) - before) / 1e6
    most = max(grown, key=lambda name: grown[name])
    row(run, engine, f"memory taken at most, by: {most}", grown[most], "MB", TARGET_MEGABYTES)


def row(run: Run, engine: str, what: str, rate: float, unit: str, at_most: float) -> None:
    """One figure."""
    run.rows.append(
        Row(
            what=what, engine=engine, role="api", workers=1, concurrency=1, rate=rate, unit=unit,
            at_most=at_most,
        )
    )  # fmt: skip


def fresh(body: bytes, turn: int) -> bytes:
    """The same body with other orders, where it has any."""
    return body.replace(b'"id": "o', b'"id": "t%d-o' % turn)


def longest_wait(server: Server, body: bytes) -> float:
    """Milliseconds that a request for `/health/live` took at most while the body was answered."""
    waits: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as asking:
            while not ended.is_set():
                began = time.perf_counter()
                asking.request("GET", "/health/live")
                asking.getresponse().read()
                waits.append((time.perf_counter() - began) * 1e3)

    beside = threading.Thread(target=ask)
    beside.start()
    try:
        headers = konvo(server.credentials, 1).headers | {"Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)) as sending:
            sending.request("POST", "/orders", body, headers)
            sending.getresponse().read()
    finally:
        ended.set()
        beside.join()
    return max(waits)
