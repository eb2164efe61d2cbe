"""Medusa: its store API in its shortest form, five calls an order, one server process."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from bench.peers import driver, peer
from bench.peers.driver import Failed
from bench.peers.peer import Peer

_WHERE = {
    "first_name": "Ada",
    "last_name": "Byron",
    "address_1": "Ring 1",
    "city": "Vienna",
    "postal_code": "1010",
    "country_code": "at",
}
# How the cart says that there is none left, and how its completion does.
_STOCK = re.compile("required inventory|Not enough stock")


class _OutOfStock(Exception):
    pass


class Medusa(Peer):
    """@medusajs/medusa with its default modules, all in one process, and no admin UI."""

    name = "Medusa"
    version = "@medusajs/medusa 2.21.2"
    how = "1 process, default modules; store API, 5 calls an order"
    programs = (("node_modules/.bin/medusa", "start", "-H", "127.0.0.1"),)
    sold_statement = (
        "SELECT coalesce(sum(i.quantity), 0)::int FROM order_item i "
        "JOIN order_line_item l ON l.id = i.item_id "
        f"WHERE l.variant_sku = '{peer.FLASH}' AND i.deleted_at IS NULL"
    )

    def env(self) -> dict[str, str]:
        """Production, no telemetry."""
        return {
            "NODE_ENV": "production",
            "MEDUSA_DISABLE_TELEMETRY": "true",
            "PEER_DATABASE_URL": self.url,
            "PEER_GOODS": peer.goods(),
            "PORT": str(self.port),
        }

    def install(self) -> None:
        """Npm, with the peer dependencies of its admin UI left out."""
        peer.npm(self, "--legacy-peer-deps")

    def prepare(self) -> None:
        """Its migrations, then a seed of its own workflows."""
        self.run("node_modules/.bin/medusa", "db:migrate", "--execute-safe-links")
        self.run("node_modules/.bin/medusa", "exec", "./seed.js")

    def ready_path(self) -> str:
        """The health check that its documentation names."""
        return "/health"

    def is_ready(self, answer: httpx.Response) -> bool:
        """Nothing but 200."""
        return answer.status_code == 200

    async def introduce(self, http: httpx.AsyncClient) -> None:
        """Read the results of the seed: the key, the region, the shipping option, the variants."""
        assert str(http.base_url)
        self._told = json.loads((self.folder / "told.json").read_text())

    async def buy(self, http: httpx.AsyncClient, skus: list[str]) -> bool:
        """Cart with everything, shipping, payment collection, session, completion."""
        lines = [{"variant_id": self._told["variants"][name], "quantity": 1} for name in skus]
        try:
            made = await self._call(
                http, "/store/carts", region_id=self._told["region"], email=peer.email(),
                shipping_address=_WHERE, billing_address=_WHERE, items=lines,
            )  # fmt: skip
            cart = made["cart"]["id"]
            await self._call(
                http, f"/store/carts/{cart}/shipping-methods", option_id=self._told["shipping"]
            )
            opened = await self._call(http, "/store/payment-collections", cart_id=cart)
            payment = opened["payment_collection"]["id"]
            await self._call(
                http, f"/store/payment-collections/{payment}/payment-sessions",
                provider_id="pp_system_default",
            )  # fmt: skip
            done = await self._call(http, f"/store/carts/{cart}/complete")
        except _OutOfStock:
            return False
        if done["type"] != "order":
            raise Failed(f"not completed: {done.get('error')}")
        return True

    async def _call(self, http: httpx.AsyncClient, path: str, **body: Any) -> Any:
        answer = await driver.post(http, path, body, **{"x-publishable-api-key": self._told["key"]})
        if answer.status_code == 200:
            told = answer.json()
            if _STOCK.search(str(told.get("error", ""))):
                raise _OutOfStock
            return told
        if answer.status_code < 500 and _STOCK.search(answer.text):
            raise _OutOfStock
        raise Failed(f"{path} {answer.status_code}: {answer.text[:300]}")
