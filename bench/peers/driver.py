"""Buyers in a closed loop: each begins the next order when the last one is complete."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import httpx

from bench.peers import figures
from bench.peers.figures import Load, Sale, Span

FAILURE_PAUSE = 0.05
WARM_UP_MOST = 40.0
WINDOW_MOST = 60.0
DRAIN_MOST = 120.0
SALE_MOST = 240.0
REQUEST_MOST = 90.0
ROUNDS = 2.5

Buy = Callable[[httpx.AsyncClient], Awaitable[bool]]


class Failed(Exception):
    """An order did not come about, and not because it was refused for want of stock."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """Seconds of warm-up, which are thrown away, and of the window that counts."""

    warm_up: float = 4.0
    seconds: float = 12.0


@dataclasses.dataclass
class _Run:
    spans: list[Span] = dataclasses.field(default_factory=list)
    failures: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    waiting: set[int] = dataclasses.field(default_factory=set)
    warm: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    over: bool = False


async def load(
    base: str, buy: Buy, clients: int, plan: Plan, cores: Callable[[], tuple[float, ...]]
) -> Load:
    """Load a shop; `cores` tells processor seconds used so far, by the shop and by PostgreSQL.

    The window opens when the warm-up is over and each client has had an order, and is open for
    longer than planned where orders take longer; both are bounded. Nothing that began in it is cut
    off, so that long orders are not left out.
    """
    run = _Run(waiting=set(range(clients)))
    async with AsyncExitStack() as stack:
        tasks = [
            asyncio.create_task(
                _buyer(await stack.enter_async_context(client(base)), buy, run, number)
            )
            for number in range(clients)
        ]
        try:
            typical = await _warm_up(run, plan)
            used, begun = (*cores(), time.process_time()), time.monotonic()
            await asyncio.sleep(min(max(plan.seconds, ROUNDS * typical), WINDOW_MOST))
            after, ended = (*cores(), time.process_time()), time.monotonic()
            run.over = True
            await asyncio.wait(tasks, timeout=DRAIN_MOST)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    took = figures.milliseconds(run.spans, begun, ended)
    failures = [said for at, said in run.failures if begun <= at <= ended]
    shop, postgres, driver = (
        (late - early) / (ended - begun) for early, late in zip(used, after, strict=True)
    )
    return Load(
        clients=clients, rate=figures.rate(run.spans, begun, ended), orders=len(took),
        p50=figures.percentile(took, 50), p99=figures.percentile(took, 99), seconds=ended - begun,
        errors=len(failures), first_error=failures[0][:300] if failures else "",
        shop_cores=shop, postgres_cores=postgres, driver_cores=driver,
    )  # fmt: skip


async def _warm_up(run: _Run, plan: Plan) -> float:
    # Seconds that an order takes: the median; where none was complete in all this time, this time.
    begun = time.monotonic()
    await asyncio.sleep(plan.warm_up)
    with suppress(TimeoutError):
        await asyncio.wait_for(run.warm.wait(), max(WARM_UP_MOST - plan.warm_up, 0))
    took = [last - first for first, last in run.spans] or [time.monotonic() - begun]
    return figures.percentile(took, 50)


async def _buyer(http: httpx.AsyncClient, buy: Buy, run: _Run, number: int) -> None:
    while not run.over:
        begun = time.monotonic()
        wrong = "refused, though there is stock"
        try:
            if await buy(http):
                wrong = ""
        except (Failed, httpx.HTTPError) as failure:
            wrong = f"{type(failure).__name__}: {failure}"
        if wrong:
            run.failures.append((time.monotonic(), wrong))
            await asyncio.sleep(FAILURE_PAUSE)
        else:
            run.spans.append((begun, time.monotonic()))
        run.waiting.discard(number)
        if not run.waiting:
            run.warm.set()


async def sale(
    base: str, buy: Buy, buyers: int, at_once: int, stock: int, sold: Callable[[], int]
) -> Sale:
    """A flash sale: `buyers` want one unit each, so many at once; `sold` asks the shop's books."""
    numbers, refused, failures = iter(range(buyers)), 0, []

    async def worker(http: httpx.AsyncClient) -> None:
        nonlocal refused
        for _ in numbers:
            try:
                bought = await buy(http)
            except (Failed, httpx.HTTPError) as failure:
                failures.append(f"{type(failure).__name__}: {failure}")
            else:
                refused += not bought  # after the wait: others count meanwhile

    begun = time.monotonic()
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(base)) for _ in range(at_once)]
        try:
            async with asyncio.timeout(SALE_MOST):
                await asyncio.gather(*(worker(http) for http in clients))
        except TimeoutError:
            failures.append(f"stopped after {SALE_MOST:.0f} s, before everybody was served")
    seconds = time.monotonic() - begun
    return Sale(
        stock=stock, buyers=buyers, sold=await asyncio.to_thread(sold), refused=refused,
        errors=len(failures), seconds=seconds,
        first_error=failures[0][:300] if failures else "",
    )  # fmt: skip


def client(base: str) -> httpx.AsyncClient:
    """One buyer's connection."""
    return httpx.AsyncClient(
        base_url=base, verify=False, trust_env=False, timeout=REQUEST_MOST,
        limits=httpx.Limits(max_connections=1),
    )  # fmt: skip


async def post(http: httpx.AsyncClient, path: str, body: Any, **headers: str) -> httpx.Response:
    """POST JSON as a buyer whom the shop has not seen before: without cookies."""
    http.cookies.clear()
    return await http.post(path, json=body, headers=headers)
