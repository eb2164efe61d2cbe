"""An integration service on a loopback port, which knows some connections."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from email.message import Message
from typing import Any, Self

import httpx
from tests.local_http import LocalHttp

KEY, SECRET, WORKSPACE = "ws-key", "the secret of the service", "ws-1"
HEADER = "X-Unified-Signature"


class IntegrationService:
    """The service, while it is entered.

    `platforms` has the platform of each connection. The others have that of `unknown`, if any.
    """

    def __init__(self, unknown: str | None = None) -> None:
        self._unknown = unknown
        self.platforms: dict[str, str] = {}
        # The statuses of the next pushes of a product, before each is taken.
        self.refusals: dict[str, list[int]] = {}
        self._http = LocalHttp(self._answer)
        self.env = {
            "ENTREPOT_INTEGRATION_URL": self._http.url,
            "ENTREPOT_INTEGRATION_KEY": KEY,
            "ENTREPOT_INTEGRATION_WORKSPACE": WORKSPACE,
            "ENTREPOT_INTEGRATION_SECRET": SECRET,
            "ENTREPOT_INTEGRATION_PRIVATE": "on",
        }

    @property
    def url(self) -> str:
        return self._http.url

    def _answer(self, path: str, headers: Message) -> tuple[int, bytes, dict[str, str]]:
        if headers["Authorization"] != f"Bearer {KEY}":
            return 401, b"{}", {}
        if "/item/" in path:
            refusals = self.refusals.get(path.rpartition("/")[2], [])
            return (refusals.pop(0) if refusals else 200), b"", {}
        found = self.platforms.get(path.removeprefix("/unified/connection/"), self._unknown)
        if found is None:
            return 404, b"{}", {}
        told = {"id": path.rpartition("/")[2], "integration_type": found, "workspace_id": WORKSPACE}
        return 200, json.dumps(told).encode(), {}

    def pushed(self, product_id: str) -> list[tuple[str, str, bytes]]:
        """What the service was told of a product: the method, the path and the body of each."""
        return [one for one in self._http.sent if one[1].endswith(f"/item/{product_id}")]

    def connection(self, platform: str = "shopify") -> str:
        """A new connection to a shop on this platform."""
        name = uuid.uuid4().hex[:24]
        self.platforms[name] = platform
        return name

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(self, *told: object) -> None:
        self._http.__exit__(*told)


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def tell(
    http: httpx.Client, event: dict[str, Any] | bytes, path: str = "/unified/webhook",
    signed: str | None = None,
) -> httpx.Response:  # fmt: skip
    """The answer to an event, signed as the service signs, or as `signed` says."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = {
        "Content-Type": "application/json",
        HEADER: (signature(body) if signed is None else signed).encode("latin-1"),
    }
    return http.post(path, content=body, headers=headers)


def order_event(connection: str, external_id: str, **data: Any) -> dict[str, Any]:
    """An event of a new order of one line."""
    line = {"name": "Mug", "unit_amount": 12.5, "quantity": 2}
    told = {"id": external_id, "currency": "EUR", "line_items": [line]} | data
    return {
        "connection_id": connection, "workspace_id": WORKSPACE, "event": "accounting.order.created",
        "data": told,
    }  # fmt: skip
