"""A peer of the comparison, and the steps that are the same for all peers."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import secrets
import shutil
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import httpx

from bench import book
from bench.peers import driver, processes
from bench.peers.driver import Plan
from bench.peers.figures import Shop
from bench.peers.processes import Broke, Program
from entrepot.testing.postgres import Postgres

TEMPLATES = Path(__file__).with_name("templates")
SKUS = 200
PLENTY = 10_000_000
FLASH = "FLASH"
FLASH_STOCK = 100
FLASH_BUYERS = 300
FLASH_AT_ONCE = 32
_INSTALLED = ".installed"


@dataclasses.dataclass(frozen=True)
class Setting:
    """Values shared in one run: folders, the one PostgreSQL, how much to measure."""

    scratch: Path
    logs: Path
    postgres: Postgres
    plan: Plan
    clients: tuple[int, ...]
    limit: float

    def postmaster(self) -> int:
        """The first process of the PostgreSQL server."""
        return int((self.postgres.data / "postmaster.pid").read_text().split()[0])


class Peer(ABC):
    """A peer: how it is installed, prepared, started, and bought from."""

    name: str
    version: str
    how: str
    sold_statement: str
    programs: tuple[tuple[str, ...], ...]

    def __init__(self, setting: Setting, url: str, port: int) -> None:
        self.setting, self.url, self.port = setting, url, port
        self.key = self.name.split()[0].lower().replace("django-", "")
        self.folder = setting.scratch / self.key
        self.log = setting.logs / f"{self.key}.log"
        self.base = f"http://127.0.0.1:{port}"
        self.random = Random(32)
        self.deadline = time.monotonic() + setting.limit

    @abstractmethod
    def install(self) -> None:
        """Put the pinned packages into the folder."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the schema and the goods in the empty database."""

    @abstractmethod
    async def introduce(self, http: httpx.AsyncClient) -> None:
        """Learn what a client of the shop knows before it buys: ids, keys."""

    @abstractmethod
    async def buy(self, http: httpx.AsyncClient, skus: list[str]) -> bool:
        """One complete, paid order of one unit each; False when refused for want of stock."""

    @abstractmethod
    def env(self) -> dict[str, str]:
        """The environment of its programs."""

    def ready_path(self) -> str:
        """A path that answers as soon as the shop does."""
        return "/"

    def is_ready(self, answer: httpx.Response) -> bool:
        """Whether this is the answer of a shop that is up."""
        return answer.status_code < 500

    def run(self, *command: str) -> None:
        """Run one of its programs within what is left of the time limit."""
        left = self.deadline - time.monotonic()
        processes.run([*command], self.folder, self.env(), self.log, left)

    async def buy_any(self, http: httpx.AsyncClient) -> bool:
        """An order of two SKUs of which there is plenty."""
        drawn = self.random.sample(range(SKUS), 2)
        return await self.buy(http, [sku(number) for number in drawn])

    async def buy_flash(self, http: httpx.AsyncClient) -> bool:
        """An order of one unit of what is on sale."""
        return await self.buy(http, [FLASH])

    def sold(self) -> int:
        """Units of the flash sale that are on paid orders, by the shop's own tables."""
        return int(book.rows(self.url, self.sold_statement)[0][0])


def sku(number: int) -> str:
    """The name of one of the goods."""
    return f"SKU-{number:03}"


def goods() -> str:
    """The goods of every shop, as JSON for its seeding."""
    plenty = [{"sku": sku(number), "stock": PLENTY} for number in range(SKUS)]
    return json.dumps([*plenty, {"sku": FLASH, "stock": FLASH_STOCK}])


def email() -> str:
    """A guest whom no shop has seen before."""
    return f"guest-{secrets.token_hex(8)}@example.org"


def measure(peer: Peer) -> Shop:
    """Install, prepare, start, load and stop one peer. A fault is told in `failed`."""
    shop = Shop(name=peer.name, version=peer.version, how=peer.how)
    try:
        shop.installed_seconds = _install(peer)
        say(f"{peer.name}: schema and goods")
        shop.prepared_seconds = _timed(peer.prepare)
        with _running(peer, shop) as pids, processes.watched(pids) as watch:
            try:
                asyncio.run(_load(peer, shop, pids))
            finally:
                shop.memory = watch.most
    except Exception as failure:
        shop.failed = f"{type(failure).__name__}: {failure}"[:600]
    return shop


def _install(peer: Peer) -> float | None:
    # Done before with the same templates: nothing to time.
    templates = TEMPLATES / peer.key
    told = "\n".join(
        path.read_text()
        for path in (templates / "package.json", templates / "requirements.txt")
        if path.exists()
    )
    stamp = peer.folder / _INSTALLED
    done = stamp.exists() and stamp.read_text() == told
    if not done:
        shutil.rmtree(peer.folder, ignore_errors=True)
    shutil.copytree(
        templates, peer.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    if done:
        return None
    say(f"{peer.name}: installing into {peer.folder}")
    seconds = _timed(peer.install)
    stamp.write_text(told)
    return seconds


def _timed(work: Callable[[], None]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


@contextmanager
def _running(peer: Peer, shop: Shop) -> Iterator[list[int]]:
    say(f"{peer.name}: starting")
    with ExitStack() as stack:
        begun, programs = time.monotonic(), []
        for command in peer.programs:
            started = Program([*command], peer.folder, peer.env(), peer.log)
            programs.append(stack.enter_context(started))
        left = peer.deadline - begun
        url = peer.base + peer.ready_path()
        processes.first_answer(url, programs, left, peer.is_ready)
        shop.start_seconds = time.monotonic() - begun
        yield [program.pid for program in programs]
        for program in programs:
            program.check()


async def _load(peer: Peer, shop: Shop, pids: list[int]) -> None:
    async with driver.client(peer.base) as http:
        await peer.introduce(http)
        if not await peer.buy_any(http):
            raise Broke("the first order was refused")
    postmaster = peer.setting.postmaster()

    def cores() -> tuple[float, ...]:
        return processes.processor_seconds(pids), processes.processor_seconds([postmaster])

    for clients in peer.setting.clients:
        say(f"{peer.name}: {clients} clients")
        load = await driver.load(peer.base, peer.buy_any, clients, peer.setting.plan, cores)
        shop.loads.append(load)
    say(f"{peer.name}: flash sale")
    shop.sale = await driver.sale(
        peer.base, peer.buy_flash, FLASH_BUYERS, FLASH_AT_ONCE, FLASH_STOCK, peer.sold
    )


def npm(peer: Peer, *options: str) -> None:
    """Install the template's package.json: exact versions, no lock file, no scripts."""
    peer.run(
        "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts",
        "--omit=dev", "--loglevel=error", *options,
    )  # fmt: skip


def say(what: str) -> None:
    """Tell whoever waits what is going on, apart from the table."""
    print(f"bench: {what}", file=sys.stderr, flush=True)
