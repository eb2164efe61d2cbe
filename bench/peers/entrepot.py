"""Entrepot beside the peers: Synq's POST, counted when the book says `confirmed`."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import entrepot as product
from bench import book, wrk
from bench.peers import driver, figures, peer, processes
from bench.peers.driver import Failed
from bench.peers.figures import Load, Shop
from bench.peers.peer import Setting, say
from bench.peers.processes import Broke
from entrepot.testing.server import Server

SETTLE_MOST = 180.0
WRK_MARGIN = 60.0
POLL_SECONDS = 0.005
CLIENTS = Path(__file__).with_name("clients.lua")
PLACED = "placed as fast as accepted"
WAITS = "each client waits for its own"
_ORDERS = "/api/v1/oms/orders"
_DECIDED = ("confirmed", "failed")
_KINDS = ("order.placed", "order.confirmed")
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Entrepot:
    """`entrepot serve` in one set-up, with its pipeline and its sandbox payment provider."""

    setting: Setting
    engine: str
    workers: int

    @property
    def name(self) -> str:
        """As the table has it."""
        processes_ = "1 process" if self.workers == 1 else f"{self.workers} workers"
        return f"Entrepot, {self.engine}, {processes_}"


def measure(which: Entrepot) -> list[Shop]:
    """Two rows of one server: placing as fast as it accepts, and clients that wait."""
    version = f"entrepot {product.__version__}"
    rows = [
        Shop(name=f"{which.name}: {how}", version=version, how=how, ours=True, engine=which.engine)
        for how in (PLACED, WAITS)
    ]
    try:
        folder = which.setting.logs / f"entrepot-{next(_numbers)}"
        folder.mkdir()
        _measure(which, folder.resolve(), *rows)
    except Exception as failure:
        for row in rows:
            row.failed = f"{type(failure).__name__}: {failure}"[:600]
    return rows


def _measure(which: Entrepot, folder: Path, placing: Shop, waiting: Shop) -> None:
    setting = which.setting
    url = (
        setting.postgres.create()
        if which.engine == "PostgreSQL"
        else f"sqlite:///{folder / 'entrepot.db'}"
    )
    server = Server(url, folder, workers=which.workers)
    say(f"{which.name}: starting")
    with _running(server, placing) as goods:
        assert server.process is not None
        with processes.watched([server.process.pid]) as watch:
            loads = _Loads(which, server, folder, _facts(server, goods))
            for clients in setting.clients:
                say(f"{which.name}: {clients} clients")
                placing.loads.append(loads.placing(clients))
                waiting.loads.append(loads.waiting(clients))
            say(f"{which.name}: flash sale")
            placing.sale = waiting.sale = asyncio.run(_sale(server, goods))
        waiting.start_seconds, waiting.memory = placing.start_seconds, watch.most
        waiting.prepared_seconds, placing.memory = placing.prepared_seconds, watch.most
        code = server.terminate()
        assert code == 0, f"the server ended with {code}"
        server.verify()


@contextmanager
def _running(server: Server, shop: Shop) -> Iterator[dict[str, str]]:
    begun = time.monotonic()
    server.credentials = json.loads(server.command("demo", "--json"))
    made = subprocess.run(
        [sys.executable, "-m", "bench.peers.goods"], check=False, env=server.env,
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if made.returncode != 0:
        raise Broke(f"the goods: {made.stderr[-600:]}")
    goods: dict[str, str] = json.loads(made.stdout)
    shop.prepared_seconds = time.monotonic() - begun
    begun = time.monotonic()
    try:
        server.start()
        shop.start_seconds = time.monotonic() - begun
        told = server.credentials["synq"]
        with httpx.Client(base_url=server.url, headers=headers(told), timeout=60) as http:
            for one in json.loads(peer.goods()):
                body = {
                    "variant_id": goods[one["sku"]],
                    "location_id": told["location_id"],
                    "quantity_delta": one["stock"],
                }
                http.post("/api/v1/inventory/adjust", json=body).raise_for_status()
        yield goods
    finally:
        if server.process is not None:
            server.kill()


def headers(told: dict[str, str]) -> dict[str, str]:
    """What Synq's clients send with each request."""
    return {
        "Authorization": f"Bearer {told['token']}",
        "X-Tenant-ID": told["tenant_id"],
        "X-Org-ID": told["org_id"],
    }


def _facts(server: Server, goods: dict[str, str]) -> str:
    told = server.credentials["synq"]
    heads = {"Content-Type": "application/json"} | headers(told)
    return (
        f"return {{ seed = %d, skus = {peer.SKUS}, location = '{told['location_id']}',\n"
        f"headers = {_lua(heads)},\ngoods = {_lua(goods)} }}\n"
    )


def _lua(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"['{name}'] = '{value}'" for name, value in pairs.items()) + "}"


@dataclasses.dataclass(frozen=True)
class _Took:
    orders: int
    seconds: float
    p50: float
    p99: float


class _Loads:
    """wrk against one server."""

    def __init__(self, which: Entrepot, server: Server, folder: Path, facts: str) -> None:
        self.plan, self.server, self.folder, self.facts = (
            which.setting.plan, server, folder, facts,
        )  # fmt: skip
        assert server.process is not None
        self.shop, self.postmaster = [server.process.pid], [which.setting.postmaster()]

    def placing(self, clients: int) -> Load:
        """Confirmed orders over the load and what it leaves to do; latencies placed to confirmed.

        Both by the times that the book's events bear.
        """
        url = self.server.database_url
        self._wrk("place", clients, self.plan.warm_up, threads=1)
        self._settle()
        before = [book.events(url, kind) for kind in _KINDS]
        used, begun = self._cores(), time.time_ns() // 1_000_000 * 1_000
        told = self._wrk("place", clients, self.plan.seconds, threads=1)
        cores = [late - early for early, late in zip(used, self._cores(), strict=True)]
        self._settle()
        placed, confirmed = (
            book.events(url, kind) - count for kind, count in zip(_KINDS, before, strict=True)
        )
        if placed != confirmed:
            raise Failed(f"{placed} orders were placed, {confirmed} confirmed")
        seconds = max(book.newest(url) - begun, 1) / 1e6
        took = _Took(confirmed, seconds, *book.placed_to_confirmed(url, begun))
        return _load(clients, took, told, cores)

    def waiting(self, clients: int) -> Load:
        """A closed loop over the whole order, as the peers' clients have it."""
        self._wrk("wait", clients, self.plan.warm_up, threads=clients)
        self._settle()
        used = self._cores()
        told = self._wrk("wait", clients, self.plan.seconds, threads=clients)
        cores = [late - early for early, late in zip(used, self._cores(), strict=True)]
        self._settle()
        each = told["took"]
        both = (figures.percentile(each, percent) for percent in (50, 99))
        return _load(clients, _Took(len(each), told["microseconds"] / 1e6, *both), told, cores)

    def _cores(self) -> tuple[float, float]:
        return (
            processes.processor_seconds(self.shop),
            processes.processor_seconds(self.postmaster),
        )

    def _wrk(self, mode: str, clients: int, seconds: float, *, threads: int) -> dict[str, Any]:
        number = next(_numbers)
        facts, out = self.folder / f"{number}.facts.lua", self.folder / f"{number}.json"
        facts.write_text(self.facts % secrets.randbits(30))
        command = [
            "wrk", f"-t{threads}", f"-c{clients}", f"-d{max(1, round(seconds))}s",
            "--timeout", wrk.TIMEOUT, "-s", str(CLIENTS), self.server.url,
            "--", mode, str(facts), str(out),
        ]  # fmt: skip
        log = self.folder / f"{number}.log"
        processes.run(command, self.folder, {}, log, seconds + WRK_MARGIN)
        if not out.exists():
            raise Broke(f"wrk: {log.read_text()[-600:]}")
        told: dict[str, Any] = json.loads(out.read_text())
        return told

    def _settle(self) -> None:
        deadline = time.monotonic() + SETTLE_MOST
        seen = -1
        while time.monotonic() < deadline:
            orders = book.orders(self.server.database_url)
            if orders == seen and book.idle(self.server.database_url):
                return
            seen = orders
            time.sleep(0.3)
        raise Broke(f"the server was still at work after {SETTLE_MOST:.0f} s")


def _load(clients: int, took: _Took, told: dict[str, Any], cores: list[float]) -> Load:
    loaded = told["microseconds"] / 1e6
    return Load(
        clients=clients, rate=took.orders / took.seconds, p50=took.p50, p99=took.p99,
        orders=took.orders, seconds=took.seconds, errors=told["errors"], first_error=told["first"],
        shop_cores=cores[0] / loaded, postgres_cores=cores[1] / loaded,
    )  # fmt: skip


async def _sale(server: Server, goods: dict[str, str]) -> figures.Sale:
    told = server.credentials["synq"]
    url = server.database_url

    async def buy(http: httpx.AsyncClient) -> bool:
        line = {
            "variant_id": goods[peer.FLASH],
            "location_id": told["location_id"],
            "sku": peer.FLASH,
            "product_title": "Stoneware mug",
            "unit_price": 12.50,
            "quantity": 1,
        }
        key = secrets.token_hex(16)
        body = {
            "idempotency_key": key,
            "payment_provider": "stripe",
            "payment_reference": f"pi_{key}",
            "currency": "USD",
            "items": [line],
        }
        answer = await driver.post(http, _ORDERS, body, **headers(told))
        if answer.status_code != 201:
            raise Failed(f"{answer.status_code}: {answer.text[:300]}")
        path = f"{_ORDERS}/{answer.json()['order_id']}"
        while (status := await _status(http, path, told)) not in _DECIDED:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return status == "confirmed"

    sold = await asyncio.to_thread(book.events, url, "order.confirmed")
    return await driver.sale(
        server.url, buy, peer.FLASH_BUYERS, peer.FLASH_AT_ONCE, peer.FLASH_STOCK,
        lambda: book.events(url, "order.confirmed") - sold,
    )  # fmt: skip


async def _status(http: httpx.AsyncClient, path: str, told: dict[str, str]) -> str:
    answer = await http.get(path, headers=headers(told))
    if answer.status_code != 200:
        raise Failed(f"{answer.status_code}: {answer.text[:300]}")
    return str(answer.json()["status"])
