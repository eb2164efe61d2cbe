"""Processor time of an order without sockets: one process, requests by hand into its protocol.

`python -m bench.in_process synq --rounds 300` prints microseconds an order, of the server's thread.
It repeats to one or two percent where a load over sockets scatters by ten. Run by turns in two
checkouts it compares them. Under `valgrind --tool=callgrind` the difference of two numbers of
rounds is the instructions an order takes, which no other work on the machine changes.
With `--read` each request after the first rounds reads one of their orders by its id.
With `--calls` it prints how many functions an order calls, of Python's and built in, instead.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from bench.requests import CUSTOMER, KEY, RISING, Request, konvo, polinate, synq
from entrepot import serving, settings

CONNECTIONS = 32
# Every customer of Konvo's has come by then.
WARM_ROUNDS = 34
REQUESTS = {
    "synq": synq,
    "polinate": polinate,
    "konvo": lambda told: konvo(told, 1),
    "array": lambda told: konvo(told, 100),
}


class Wire(asyncio.Transport):
    """One connection's other end, which keeps what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[bytes] = []
        self.answered: asyncio.Future[None] | None = None

    def write(self, data: Any) -> None:
        """Keep an answer."""
        self.answers.append(bytes(data))
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(None)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Two addresses."""
        return ("127.0.0.1", 8080) if name in ("peername", "sockname") else default

    def is_closing(self) -> bool:
        """Never."""
        return False

    def pause_reading(self) -> None:
        """Nothing comes by itself."""

    def resume_reading(self) -> None:
        """Nothing comes by itself."""


def sent(request: Request, number: int, chance: random.Random) -> bytes:
    """The bytes of one request; its orders are no other's."""
    orders = []
    for at in range(request.orders):
        key = f"{chance.getrandbits(31):08x}-{number}-{at}"
        body = request.order.replace(RISING, f"{number:09x}").replace(KEY, key)
        orders.append(body.replace(CUSTOMER, str((number + at) % 1000)))
    body = f"[{','.join(orders)}]" if request.array else orders[0]
    headers = {"Host": "127.0.0.1:8080", "Content-Type": "application/json", **request.headers}
    if request.key_header:
        headers[request.key_header] = key
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {request.path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def reading(request: Request, order_id: str) -> bytes:
    """The bytes of a request that reads one order."""
    headers = {"Host": "127.0.0.1:8080", "Accept": "*/*", **request.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {request.path}/{order_id} HTTP/1.1\r\n{head}\r\n".encode()


def order_of(answer: bytes) -> str:
    """The id of the order that an answer shows or names."""
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    told = told["result"][0] if "result" in told else told
    found: str = told.get("order_id") or told["id"]
    return found


async def measured(
    request: Request, rounds: int, *, read: bool, profile: cProfile.Profile | None = None
) -> list[float]:
    """Microseconds an order, of each round. `profile` counts what is called in these."""
    config = serving.server_config("127.0.0.1", 8080, settings.load())
    config.load()
    lifespan = LifespanOn(config)
    await lifespan.startup()
    ends, state = [], ServerState()
    for _ in range(CONNECTIONS if request.orders == 1 else 1):
        made: Any = config.http_protocol_class
        protocol, wire = made(config=config, server_state=state, app_state={}), Wire()
        protocol.connection_made(wire)
        ends.append((protocol, wire))
    chance, found = random.Random(1), []
    ids: list[str] = []
    for number in range(WARM_ROUNDS + rounds):
        if read and number > WARM_ROUNDS // 2:
            bodies = [reading(request, chance.choice(ids)) for _ in ends]
        else:
            bodies = [sent(request, number * len(ends) + at, chance) for at in range(len(ends))]
        for _, wire in ends:
            wire.answers.clear()
            wire.answered = asyncio.get_running_loop().create_future()
        profiled = profile if number >= WARM_ROUNDS else None
        begun = time.thread_time()
        if profiled is not None:
            profiled.enable()
        for (protocol, _), data in zip(ends, bodies, strict=True):
            protocol.data_received(data)
        for _, wire in ends:
            assert wire.answered is not None
            await wire.answered
        if profiled is not None:
            profiled.disable()
        found.append((time.thread_time() - begun) * 1e6 / (len(ends) * request.orders))
        for _, wire in ends:
            assert wire.answers[0].startswith(b"HTTP/1.1 20"), wire.answers[0][:500]
        if read and number <= WARM_ROUNDS // 2:
            ids += [order_of(wire.answers[0]) for _, wire in ends]
    await lifespan.shutdown()
    return sorted(found[WARM_ROUNDS:])


def calls(profile: cProfile.Profile, orders: int) -> str:
    """The calls of an order. Functions of one name and place are counted apart."""
    python = built_in = 0
    for entry in profile.getstats():
        if isinstance(entry.code, str):
            built_in += entry.callcount
        elif not entry.code.co_filename.endswith("in_process.py"):
            python += entry.callcount
    python, built_in = python / orders, built_in / orders
    return f"{python + built_in:.0f} calls an order: {python:.0f} Python's, {built_in:.0f} built in"


def main() -> None:
    """Print the least, the tenth percentile and the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("request", choices=REQUESTS)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--read", action="store_true", help="read orders by id")
    parser.add_argument("--calls", action="store_true", help="count calls of functions")
    chosen = parser.parse_args()
    profile = cProfile.Profile() if chosen.calls else None
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ENTREPOT_DATABASE_URL"] = f"sqlite:///{folder}/book.db"
        os.environ["ENTREPOT_ROLE"] = "api"
        os.environ["ENTREPOT_LOG_LEVEL"] = "error"
        command = [str(Path(sys.executable).with_name("entrepot")), "demo", "--json"]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        request = REQUESTS[chosen.request](told)
        found = uvloop.run(measured(request, chosen.rounds, read=chosen.read, profile=profile))
    if profile is not None:
        ends = CONNECTIONS if request.orders == 1 else 1
        print(f"{chosen.request}: {calls(profile, chosen.rounds * ends * request.orders)}")
        return
    least, tenth, median = found[0], found[len(found) // 10], found[len(found) // 2]
    print(f"{chosen.request}: {least:.1f} us an order at least, {tenth:.1f}, {median:.1f} median")


if __name__ == "__main__":
    main()
