"""The one row of each kind that a book of many rows is copied from, made through the API.

Every text that no two rows may share has `KEY` in it.
"""

from __future__ import annotations

from typing import Any

import httpx

from bench import book
from bench.requests import Credentials, polinate, synq
from entrepot.testing.server import Server, eventually

KEY = "key0000000"
#: A level of stock below it is low, and has a draft of a purchase.
THRESHOLD = 10
_READ = (
    "SELECT count(*) FROM sweeps AS s JOIN order_counters AS c ON c.org = s.org "
    "WHERE s.kind = 'contacts' AND s.reached_at >= c.events"
)
_WATCHED = (
    "SELECT count(*) FROM stock_settings AS s JOIN order_counters AS c ON c.org = s.org "
    "WHERE s.watched >= c.events"
)
_OVER = "SELECT count(*) FROM bulk_jobs WHERE state IN ('PENDING', 'PROCESSING')"


class Placed:
    """The server of a pattern, and how each of its APIs is called."""

    def __init__(self, server: Server, http: httpx.Client) -> None:
        told: Credentials = server.credentials
        self.server, self._http, self._told = server, http, told
        self._headers = {
            "synq": synq(told).headers,
            "polinate": polinate(told).headers,
            "native": {"Authorization": f"Bearer {told['native']['api_key']}"},
        }

    def send(self, dialect: str, method: str, path: str, body: Any) -> Any:
        """Call an operation; the answer. Raises AssertionError where it is no 2xx."""
        answer = self._http.request(method, path, json=body, headers=self._headers[dialect])
        assert answer.is_success, f"{method} {path}: {answer.text[:500]}"
        return answer.json() if answer.content else None

    def rest(self) -> None:
        """Wait until everybody has read the log, and no bulk job is left."""
        url = self.server.database_url

        def read() -> bool:
            counted = [book.rows(url, statement)[0][0] for statement in (_READ, _WATCHED, _OVER)]
            return counted == [1, 1, 0]

        eventually(read, "the pattern of rows has come to rest")


def prepare(placed: Placed) -> dict[str, str]:
    """Ids that all copies of the pattern share, by the names of their kinds."""
    placed.send(
        "synq", "PUT", "/api/v1/settings/tenant",
        {
            "inventory_allocation_model": "HARD", "auto_po_enabled": True,
            "default_low_stock_threshold": THRESHOLD, "costing_method": "WAC",
        },
    )  # fmt: skip
    hook = placed.send("native", "POST", "/v1/webhooks", {"url": "https://example.org/hook"})
    placed.send("native", "PATCH", f"/v1/webhooks/{hook['id']}", {"active": False})
    first = _variant(placed, "first-of-the-list")
    body = {"name": "List of all", "entries": [{"variant_id": first["id"], "price": "1.00"}]}
    listed = placed.send("native", "POST", "/v1/price-lists", body)
    placed.rest()
    return {"webhook": hook["id"], "list": listed["id"], "variant": first["id"]}


def _variant(placed: Placed, name: str) -> Any:
    body = {"sku": name, "name": name, "currency": "EUR", "price": "12.50", "tracked": False}
    return placed.send("native", "POST", "/v1/variants", body)


def make(placed: Placed, known: dict[str, str]) -> None:
    """One row of each kind, and wait until all of them are as they stay."""
    place = placed.send("native", "POST", "/v1/locations", {"name": f"Shelf {KEY}"})
    product = placed.send("native", "POST", "/v1/products", _product())
    [variant] = product["variants"]
    adjusted = {
        "variant_id": variant["id"], "location_id": place["id"], "reason": "Delivered",
        "delta": THRESHOLD - 1, "unit_cost": "5.00", "currency": "EUR",
    }  # fmt: skip
    placed.send("native", "POST", "/v1/stock/adjustments", adjusted)
    media = {"url": f"https://example.org/{KEY}.png", "product_id": product["id"]}
    placed.send("synq", "POST", "/api/v1/pim/media", media | {"sort_order": 7})
    entries = {"add": [{"variant_id": variant["id"], "price": "11.00"}]}
    placed.send("native", "PATCH", f"/v1/price-lists/{known['list']}", {"entries": entries})
    one = {"name": f"List {KEY}", "entries": [{"variant_id": known["variant"], "price": "9.00"}]}
    placed.send("native", "POST", "/v1/price-lists", one)
    placed.send("polinate", "POST", "/api/v1/buyers", _buyer())
    for noun in ("categories", "brands", "attributes", "attribute-groups", "templates"):
        placed.send("synq", "POST", f"/api/v1/pim/{noun}", {"name": f"Sorted {KEY}"})
    job = {"job_type": "BULK_DELETE", "payload": []}
    placed.send("synq", "POST", "/api/v1/pim/bulk-jobs", job)
    placed.rest()


def _product() -> dict[str, Any]:
    variant = {"sku": f"SKU-{KEY}", "currency": "EUR", "price": "12.50", "barcode": KEY}
    return {
        "name": f"Mug {KEY}", "handle": f"mug-{KEY}", "brand": "Stoneware",
        "properties": {"origin": "AT"}, "variants": [variant],
    }  # fmt: skip


def _buyer() -> dict[str, Any]:
    return {
        "buyer": {"name": f"Buyer {KEY}", "primaryEmail": f"{KEY}@example.org"},
        "locations": [{"label": "Office", "city": "Vienna", "country": "AT"}],
    }
