"""Offered more than can be done: what is accepted, what refused, how long the accepted wait.

An open load: requests are sent when they are due, whatever became of those before, and a latency
counts from when the request was due. wrk's script keeps the timetable, for all connections at once;
a request that is due while every connection waits for an answer is sent by the next that is free,
and its delay counts. There are twice as many connections as orders are accepted in a second, which
is twice as many as the server lets wait by default, so that it is the server that refuses.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import secrets
import subprocess
from pathlib import Path

from bench import book, process, wrk
from bench.requests import KEY, RISING, Request, synq
from bench.rows import Row
from bench.run import Run, say, settle
from entrepot.testing.server import Server

NUMBER = 0
TARGET = 0.8
TIMES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
QUICK_TIMES = (0.5, 1.0, 4.0)
CAPACITY_AT = 128
SECONDS = 10
WARM_SECONDS = 3
CONNECTIONS = (256, 9_500)  # fewer than the server keeps by default

_SCRIPT = """
local ffi = require("ffi")
ffi.cdef[[typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *);]]
local moment = ffi.new("moment")
local parts, keys = {%(parts)s}, {%(keys)s}
local run, rate, from, till = "-%(run)s-", %(rate)f, %(from)d, %(till)d
local begun, handed, sent = 0, 0, 0
good, bad, all_good, broken, silent = {}, {}, 0, 0, 0
math.randomseed(%(seed)d)

local function now()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.s) + tonumber(moment.ns) / 1e9
end

delay = function()
  if handed == 0 then begun = now() end
  handed = handed + 1
  local wait = begun + handed / rate - now()
  return wait > 0 and math.floor(wait * 1000) or 0
end

request = function()
  sent = sent + 1
  local key = string.format("%%08x", math.random(0, 2147483647)) .. run .. sent
  for _, at in ipairs(keys) do parts[at] = key end
  local body = table.concat(parts)
  return string.format("%(head)s", sent, #body, body)
end

response = function(status, headers, _)
  local at = now() - begun
  local ok = status >= 200 and status < 300
  if ok then all_good = all_good + 1 end
  if at < from or at >= till then return end
  local late = at - tonumber(string.sub(headers["x-request-id"], 6)) / rate
  if ok then good[#good + 1] = late
  elseif status == 503 or status == 429 then
    bad[#bad + 1] = late
    if not headers["retry-after"] then silent = silent + 1 end
  else broken = broken + 1 end
end

local threads = {}
setup = function(thread) threads[1] = thread end

done = function(summary, _, _)
  local thread, e = threads[1], summary.errors
  local function figures(name)
    local all = thread:get(name)
    table.sort(all)
    local function at(share) return (all[math.max(1, math.ceil(#all * share))] or 0) * 1e3 end
    return string.format('"%%s":%%d,"%%s_p50":%%f,"%%s_p99":%%f,',
      name, #all, name, at(0.5), name, at(0.99))
  end
  local out = io.open("%(out)s", "w")
  out:write("{" .. figures("good") .. figures("bad") .. string.format(
    '"all_good":%%d,"broken":%%d,"silent":%%d,"cut":%%d}', thread:get("all_good"),
    thread:get("broken"), thread:get("silent"), e.connect + e.read + e.write))
  out:close()
end
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """Results of one load in the seconds that count; latencies in milliseconds.

    `good` were accepted, `bad` refused with 503 or 429, `silent` of them without Retry-After,
    `broken` answered anything else, `cut` connections lost. `all_good` counts the whole load.
    """

    good: int
    good_p50: float
    good_p99: float
    bad: int
    bad_p50: float
    bad_p99: float
    all_good: int
    broken: int
    silent: int
    cut: int

    @property
    def failed(self) -> str:
        """A fault that must not happen under any load; empty if there was none."""
        faults = {
            "answers were neither 2xx nor a refusal": self.broken,
            "refusals did not say when to come again": self.silent,
            "connections broke": self.cut,
        }
        return "; ".join(f"{count} {what}" for what, count in faults.items() if count)


def measure(run: Run) -> None:
    """On each engine: the capacity, then the same requests from half of it to four times."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for engine in run.options.engines:
        with run.server(engine, "api") as server:
            first = len(run.rows)
            request = synq(server.credentials)
            warm = run.warm_up(request, server.url, CAPACITY_AT)
            capacity = run.load(request, server.url, CAPACITY_AT, warm, run.options.seconds)
            for times in QUICK_TIMES if run.options.quick else TIMES:
                run.rows.append(offered(run, server, engine, request, times, capacity.rate))
            rows = run.rows[first:]
            peak = max(row.rate for row in rows)
            for row in rows:
                row.ratio, row.of = row.rate / peak if peak else None, "the best of these"
            rows[-1].at_least = TARGET


def offered(
    run: Run, server: Server, engine: str, request: Request, times: float, capacity: float
) -> Row:
    """One row: so many times the capacity, for ten seconds after a few that do not count."""
    rate = times * capacity
    say(f"overload, {engine}: {rate:,.0f} requests/s offered")
    unrest = settle(server)
    seconds = 3 if run.options.quick else SECONDS
    connections = round(min(max(2 * capacity, CONNECTIONS[0]), CONNECTIONS[1]))
    assert server.process is not None
    before = book.orders(server.database_url)
    used = process.processor_seconds(server.process.pid)
    seen = drive(run, request, server.url, connections, rate, seconds)
    used = process.processor_seconds(server.process.pid) - used
    unrest = unrest or settle(server)
    kept = book.orders(server.database_url) - before
    lost = "" if seen.all_good <= kept <= seen.all_good + connections else (
        f"{seen.all_good} orders were acknowledged, the book holds {kept}"
    )  # fmt: skip
    goodput, refused = seen.good / seconds, seen.bad / seconds
    return Row(
        what=f"{times:g} times capacity: {rate:,.0f} requests/s offered",
        engine=engine,
        role="api",
        workers=1,
        concurrency=connections,
        rate=goodput,
        p50=seen.good_p50,
        p99=seen.good_p99,
        note=f"{refused:,.0f}/s refused, p99 {seen.bad_p99:,.0f} ms; the server used "
        f"{used / (seconds + WARM_SECONDS):.2f} of a processor",
        failed=seen.failed or unrest or lost,
    )


def drive(
    run: Run, request: Request, url: str, connections: int, rate: float, seconds: int
) -> Seen:
    """Offer `rate` requests a second, and see what became of them."""
    stem = run.folder / f"overload-{secrets.token_hex(4)}"
    lua, out = stem.with_suffix(".lua"), stem.with_suffix(".json")
    lua.write_text(script(request, out, rate, seconds))
    lasting = WARM_SECONDS + seconds + 1
    command = ["wrk", "-t1", f"-c{connections}", f"-d{lasting}s", "--timeout", wrk.TIMEOUT]
    ended = subprocess.run(
        [*command, "-s", str(lua), url], check=False, capture_output=True, text=True
    )
    if not out.exists():
        raise RuntimeError(f"wrk: {(ended.stderr or ended.stdout).strip()[-200:]}")
    return Seen(**json.loads(out.read_text()))


def script(request: Request, out: Path, rate: float, seconds: int) -> str:
    """The Lua script that keeps the timetable and writes what became of it."""
    parts = request.order.replace(RISING, "").split(KEY)
    lua = [piece for part in parts for piece in (f"[==[{part}]==]", '""')][:-1]
    headers = {"Host": "localhost", "Content-Type": "application/json", **request.headers}
    head = f"POST {request.path} HTTP/1.1\\r\\n"
    head += "".join(f"{name}: {value}\\r\\n" for name, value in headers.items())
    head += "X-Request-Id: slot-%08d\\r\\nContent-Length: %d\\r\\n\\r\\n%s"
    return _SCRIPT % {
        "parts": ", ".join(lua),
        "keys": ", ".join(str(2 * at) for at in range(1, len(parts))),
        "run": secrets.token_hex(4),
        "seed": secrets.randbits(31),
        "rate": rate,
        "from": WARM_SECONDS,
        "till": WARM_SECONDS + seconds,
        "head": head,
        "out": out,
    }
