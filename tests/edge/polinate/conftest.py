"""The Polinate dialect over a SQLite file of one test, behind the real application."""

import itertools
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import NamedTuple

import httpx
import pytest
from tests.quantities import much

from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.money import Amount
from entrepot.core.order import Variant
from entrepot.edge.admission import Admission
from entrepot.edge.app import build_app
from entrepot.edge.polinate.dialect import DIALECT
from entrepot.edge.services import Services
from entrepot.store import accounts
from entrepot.store.engines.opening import open_database
from entrepot.testing import furnishing
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

from .samples import MARCH_FIRST, Body

CREDENTIALS = {
    "polinate-editor": ("polinate", "EDITOR"),
    "polinate-viewer": ("polinate", "VIEWER"),
    "synq-editor": ("synq", "EDITOR"),
}
ORDERS = "/api/v1/orders"


class Book(NamedTuple):
    """A client of ours, our two variants (EUR 12.50, USD 3), and a neighbour without any."""

    http: httpx.AsyncClient
    services: Services
    ours: accounts.Organization
    theirs: accounts.Organization
    variants: tuple[str, str]

    @property
    def business(self) -> str:
        return f"bus_{self.ours.id.hex()}"

    def order(self, **changes: object) -> Body:
        """A body that makes an order of our first variant."""
        line = {"itemVariantId": self.variants[0], "quantity": 2}
        return {"expectedDeliveryAt": "2030-01-15T10:30:00.000Z", "orderItems": [line]} | changes

    async def created(self, **changes: object) -> Body:
        return decoded(await self.http.post(ORDERS, json=self.order(**changes)), 201)

    async def patched(self, order: Body, body: Body, status: int = 200) -> Body:
        return decoded(await self.http.patch(f"{ORDERS}/{order['id']}", json=body), status)

    async def shown(self, order: Body) -> Body:
        return decoded(await self.http.get(f"{ORDERS}/{order['id']}"), 200)


def decoded(answer: httpx.Response, status: int) -> Body:
    assert answer.status_code == status, answer.text
    body: Body = json.loads(answer.content)
    return body


@pytest.fixture
async def book(one_database: Callable[[], str]) -> AsyncIterator[Book]:
    database = open_database(one_database())
    ticks, numbers = itertools.count(MARCH_FIRST, 1_000_000), itertools.count(1)

    def new_id() -> bytes:
        return next(numbers).to_bytes(16, "big")

    ours, theirs = [
        await database.write(partial(accounts.create_organization, name=name, now=1, new_id=new_id))
        for name in ("ours", "theirs")
    ]
    for secret, (dialect, role) in CREDENTIALS.items():
        made = furnishing.NewCredential(ours.org, new_id(), secret, dialect, role, secret)
        await database.write(partial(furnishing.add_credential, made=made, now=1))
    variants, shelves = [], []
    for sku, currency, price in (("E", "EUR", Amount(1250, 2)), ("U", "USD", Amount(3, 0))):
        variant = Variant(
            ours.org, new_id(), new_id(), new_id(), sku, sku, currency, price,
            tracked=True, created_at=1,
        )  # fmt: skip
        await database.write(partial(furnishing.add_variant, org=ours, made=variant))
        variants.append(f"var_{variant.id.hex()}")
        shelves.append(AdjustStock(ours.org, variant.id, ours.default_location, much(1000), ""))
    writer = Writer(database, now=lambda: next(ticks), new_id=new_id)
    for shelf in shelves:
        await writer.submit(Envelope(shelf))
    admission = Admission(database, monotonic=lambda: 0.0, rate=None)
    services = Services(database, writer, admission)
    app = build_app(services, (DIALECT,), {}, lambda: "request-1")
    headers = {"X-Business-Id": f"bus_{ours.id.hex()}", "X-API-Key": "polinate-editor"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers=headers
    ) as http:
        yield Book(http, services, ours, theirs, (variants[0], variants[1]))
    await writer.drain()
    await database.close()
