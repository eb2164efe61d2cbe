"""The load generator: wrk with one thread, and a script that makes each request a new one.

Keys come in no order, as clients' keys do: ascending ones would spare the unique index most work.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.requests import CUSTOMER, KEY, RISING, Request

TIMEOUT = "30s"
DAY = 86_400
POLL_SECONDS = 0.25
LAST_SECONDS = 2.0
STALLED_SECONDS = 60.0
NOTHING = "nothing was answered"
_numbers = itertools.count(1)
_HOLE = re.compile(f"({KEY}|{CUSTOMER}|{RISING})")

_SCRIPT = """
local parts, keys, customers = {%(parts)s}, {%(keys)s}, {%(customers)s}
local rising, begun = {%(rising)s}, os.time()
local array, key_header, run = %(array)d, "%(key_header)s", "-%(run)s-"
local placed, orders = 0, {}
math.randomseed(%(seed)d)
wrk.method = "POST"
wrk.path = "%(path)s"
%(headers)s

local function order()
  placed = placed + 1
  local key = string.format("%%08x", math.random(0, 2147483647)) .. run .. placed
  for _, at in ipairs(keys) do parts[at] = key end
  for _, at in ipairs(customers) do parts[at] = placed %% 1000 end
  for _, at in ipairs(rising) do parts[at] = string.format("%%x%%07x", begun, placed) end
  if key_header ~= "" then wrk.headers[key_header] = key end
  return table.concat(parts)
end

request = function()
  if array == 0 then return wrk.format(nil, nil, nil, order()) end
  for at = 1, array do orders[at] = order() end
  return wrk.format(nil, nil, nil, "[" .. table.concat(orders, ",") .. "]")
end

%(bound)s
"""

# The end of every script: the figures, as JSON, into a file.
DONE = """
done = function(summary, latency, _)
  local e, out = summary.errors, io.open("%(out)s", "w")
  out:write(string.format(
    '{"requests":%%d,"microseconds":%%d,"p50":%%d,"p99":%%d,'
      .. '"refused":%%d,"broken":%%d,"late":%%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write, e.timeout))
  out:close()
end
"""


# wrk ends by the clock only: beyond so many requests, each connection waits a day for its next.
_BOUND = """
local sent = 0
delay = function()
  sent = sent + 1
  return sent > %d and 86400000 or 0
end
"""


class NoLoadGenerator(Exception):
    """wrk is not there and cannot be installed from here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """Results of one run of wrk; `rate` is requests a second, latencies are milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: str = ""

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds if self.seconds else 0.0


def ensure() -> str:
    """The version of wrk, installed at need. Raises NoLoadGenerator with a sentence to show."""
    if shutil.which("wrk") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise NoLoadGenerator(
                "The load generator wrk is not on the path. Install it (Debian, Ubuntu: "
                "`apt-get install wrk`) and run this again."
            )
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=False)
        if shutil.which("wrk") is None:
            raise NoLoadGenerator("`apt-get install wrk` failed; install wrk and run this again.")
    told = subprocess.run(["wrk", "--version"], check=False, capture_output=True, text=True).stdout
    return " ".join(told.split()[:2])


def script(request: Request, out: Path, requests: int = 0) -> str:
    """The Lua script that sends this request, each with keys of its own, and writes its figures.

    It sends `requests` of them and no more, or as many as it can.
    """
    parts = _HOLE.split(request.order)
    lua = [f"[==[{part}]==]" for part in parts]
    places = {
        hole: ", ".join(str(at) for at, part in enumerate(parts, 1) if part == hole)
        for hole in (KEY, CUSTOMER, RISING)
    }
    headers = {"Content-Type": "application/json", **request.headers}
    return (_SCRIPT + DONE) % {
        "parts": ", ".join(lua),
        "keys": places[KEY],
        "customers": places[CUSTOMER],
        "rising": places[RISING],
        "array": request.array,
        "key_header": request.key_header,
        "run": secrets.token_hex(4),
        "seed": secrets.randbits(31),
        "path": request.path,
        "headers": "\n".join(f'wrk.headers["{k}"] = "{v}"' for k, v in headers.items()),
        "out": out,
        "bound": _BOUND % requests if requests else "",
    }


def run(request: Request, url: str, concurrency: int, seconds: int, folder: Path) -> Load:
    """Send `request` over so many connections for so long, each as fast as it is answered."""
    return drive(partial(script, request), url, concurrency, seconds, folder)


def drive(
    scripted: Callable[[Path], str], url: str, concurrency: int, seconds: int, folder: Path
) -> Load:
    """The same with another script: `scripted` makes it, given the file that DONE writes to."""
    number = next(_numbers)
    lua, out = folder / f"{number}.lua", folder / f"{number}.json"
    lua.write_text(scripted(out))
    command = [*_command(concurrency, seconds), "-s", str(lua), url]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    return _told(out, ended.stderr or ended.stdout)


def send(
    request: Request,
    url: str,
    concurrency: int,
    requests: int,
    arrived: Callable[[], int],
    folder: Path,
) -> Load:
    """Send exactly so many, as fast as they are answered, and stop when all have arrived.

    `arrived` counts them where they are kept. The time until the end is noticed is part of the
    load's `seconds`, so that its rate means nothing: the book's own times say how long it took.
    """
    number = next(_numbers)
    lua, out = folder / f"{number}.lua", folder / f"{number}.json"
    lua.write_text(script(request, out, requests))
    command = [*_command(concurrency, DAY), "-s", str(lua), url]
    with (folder / f"{number}.log").open("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            there = _wait(process, requests, arrived)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        log.seek(0)
        load = _told(out, log.read())
    if load.failed:
        return load
    for count, what in ((there, "arrived"), (load.requests, "were answered")):
        if count != requests:
            return dataclasses.replace(load, failed=f"{count} of {requests} requests {what}")
    return load


def _wait(process: subprocess.Popen[bytes], requests: int, arrived: Callable[[], int]) -> int:
    count, seen, moved = 0, -1, time.monotonic()
    while process.poll() is None and time.monotonic() < moved + STALLED_SECONDS:
        begun = time.monotonic()
        count = arrived()
        if count >= requests:
            break
        if count != seen:
            seen, moved = count, time.monotonic()
        # Counting a large book takes a while, and takes it from the server.
        time.sleep(max(POLL_SECONDS, 10 * (time.monotonic() - begun)))
    time.sleep(LAST_SECONDS)  # for the answers to the last of them
    return count


def _command(concurrency: int, seconds: int) -> list[str]:
    return ["wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "--timeout", TIMEOUT]


def _told(out: Path, said: str) -> Load:
    if not out.exists():
        return Load(0, 0.0, 0.0, 0.0, f"wrk: {said.strip()[-200:]}")
    told = json.loads(out.read_text())
    faults = {
        "answers were not 2xx": told["refused"],
        "connections broke": told["broken"],
        f"requests took over {TIMEOUT}": told["late"],
    }
    failed = "; ".join(f"{count} {what}" for what, count in faults.items() if count)
    return Load(
        requests=told["requests"],
        seconds=told["microseconds"] / 1e6,
        p50=told["p50"] / 1e3,
        p99=told["p99"] / 1e3,
        failed=failed or ("" if told["requests"] else NOTHING),
    )
