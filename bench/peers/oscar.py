"""django-oscar: it has no HTTP API, so a view of ours around its own OrderCreator, one call."""

from __future__ import annotations

import json
import sys
from urllib.parse import urlsplit

import httpx

from bench.peers import driver, peer
from bench.peers.driver import Failed
from bench.peers.peer import Peer

_BIN = "venv/bin"


class Oscar(Peer):
    """django-oscar behind gunicorn with two sync workers."""

    name = "django-oscar"
    version = "django-oscar 4.2"
    how = "gunicorn, 2 sync workers; one view around its OrderCreator, 1 call an order"
    sold_statement = (
        f"SELECT coalesce(sum(quantity), 0) FROM order_line WHERE partner_sku = '{peer.FLASH}'"
    )

    @property
    def programs(self) -> tuple[tuple[str, ...], ...]:  # type: ignore[override]
        """Gunicorn without its control socket, which would be of no use here."""
        address = ("-b", f"127.0.0.1:{self.port}")
        options = ("-w", "2", "--no-control-socket", "--log-level", "warning")
        return ((f"{_BIN}/gunicorn", "shop.wsgi:application", *address, *options),)

    def env(self) -> dict[str, str]:
        """The environment: the address of its database."""
        there = urlsplit(self.url)
        database = {
            "NAME": there.path[1:],
            "USER": there.username,
            "PASSWORD": there.password,
            "HOST": there.hostname,
            "PORT": there.port,
        }
        return {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": ".",
            "PYTHONWARNINGS": "ignore",
            "PEER_DATABASE": json.dumps(database),
            "PEER_GOODS": peer.goods(),
        }

    def install(self) -> None:
        """A virtual environment of its own."""
        self.run(sys.executable, "-m", "venv", "venv")
        self.run(f"{_BIN}/python", "-m", "pip", "install", "--quiet", "-r", "requirements.txt")

    def prepare(self) -> None:
        """Its migrations; the checks would ask for the pages' middleware, which serves no page."""
        self.run(f"{_BIN}/django-admin", "migrate", "-v0", "--skip-checks")
        self.run(f"{_BIN}/python", "-m", "shop.seed")

    def is_ready(self, answer: httpx.Response) -> bool:
        """There is nothing at the root, and Django says so."""
        return answer.status_code == 404

    async def introduce(self, http: httpx.AsyncClient) -> None:
        """Nothing: it is asked by SKU."""

    async def buy(self, http: httpx.AsyncClient, skus: list[str]) -> bool:
        """One call."""
        lines = [{"sku": name, "quantity": 1} for name in skus]
        answer = await driver.post(http, "/order", {"email": peer.email(), "lines": lines})
        if answer.status_code not in (201, 409):
            raise Failed(f"{answer.status_code}: {answer.text[:300]}")
        return answer.status_code == 201
