"""The few real orders that a filled book is copied from, placed through a server's own API.

Each carries a key of its own, `NAME.format(place)`, wherever its dialect lets a sender say one, and
Polinate's a property `sale.batch` of `BATCH`; a copy has its own key and batch in their places.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx

from bench import book
from bench.requests import CUSTOMER, KEY, RISING, Credentials, Request, konvo, polinate, synq
from entrepot.testing.server import Server, eventually

NAME = "pattern-{:02d}-key"
BATCH = "pattern-batch"
# The telephone of the one shape that has one; a copy has its own.
PHONE = "5550000000"
# Polinate's properties: a batch, which few orders share, and a mark, which one shape has.
BATCH_PATH, MARK_PATH = "sale.batch", "sale.campaign"


class Shape(NamedTuple):
    """An order of the pattern: how it is placed, what it is told then, and of 100 how many."""

    dialect: str
    weight: int
    body: dict[str, Any]  # beside what bench.requests says, or in place of it
    told: tuple[dict[str, str], ...] = ()  # by Polinate's words, one PATCH each


_WITH_TELEPHONE = {
    "id": f"customer-{KEY}", "firstName": "Ada", "lastName": "Byron",
    "userIds": [
        {"type": "email", "id": f"ada-{KEY}@example.org"},
        {"type": "phone", "id": f"+43{PHONE}"},
    ],
}  # fmt: skip
SHAPES = (
    Shape("synq", 26, {}),
    Shape("synq", 20, {}, ({"status": "PACKED"}, {"status": "DELIVERED"})),
    Shape("synq", 2, {"payment_reference": f"declined-{KEY}"}),
    Shape("polinate", 10, {"properties": {"sale": {"batch": BATCH, "rep": "Ada Byron"}}}),
    Shape("polinate", 5, {"properties": {"sale": {"batch": BATCH, "campaign": "spring"}}}),
    Shape("polinate", 2, {"properties": {"sale": {"batch": BATCH}}}, ({"phase": "CANCELLED"},)),
    Shape("konvo", 20, {"status": "completed", "shipmentStatus": "delivered"}),
    Shape("konvo", 10, {"status": "shipped", "shipmentStatus": "in_transit"}),
    Shape("konvo", 5, {"status": "open", "externalId": f"shop-{KEY}", "customer": _WITH_TELEPHONE}),
)
# The place of the shape whose invoice has a property.
BILLED = 1


def place(server: Server) -> None:
    """Place one order of each shape and wait until all of them are where they stay.

    The server has to run the pipeline. Raises AssertionError when one gets somewhere else.
    """
    with httpx.Client(base_url=server.url, timeout=30) as http:
        _choose(http, server.credentials, {"invoices": "confirmation"})
        placed = [_place(http, server.credentials, at) for at in range(len(SHAPES))]
        _come_to_rest(server)
        for shape, order in zip(SHAPES, placed, strict=True):
            for change in shape.told:
                _tell(http, server.credentials, order, change)
        _bill(http, server.credentials, placed[BILLED])
    _come_to_rest(server)
    found = book.rows(server.database_url, "SELECT count(*) FROM orders WHERE parked")
    assert found == [(0,)], "an order of the pattern is parked"


def _choose(http: httpx.Client, told: Credentials, settings: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {told['native']['api_key']}"}
    answer = http.patch("/v1/settings", json=settings, headers=headers)
    assert answer.is_success, answer.text[:500]


def _bill(http: httpx.Client, told: Credentials, order: str) -> None:
    """An accounting system says where it keeps an order's invoice."""
    headers = {"Authorization": f"Bearer {told['native']['api_key']}"}
    found: Any = http.get("/v1/invoices", headers=headers).raise_for_status().json()
    [invoice] = [one["id"] for one in found["data"] if one["order_id"] == order]
    body = {"properties": {"invoiceArtefact": "kept"}}
    path = f"/api/v1/invoices/inv_{invoice.replace('-', '')}"
    answer = http.patch(path, json=body, headers=polinate(told).headers)
    assert answer.is_success, answer.text[:500]


def _come_to_rest(server: Server) -> None:
    # Every order was answered, and so is in the book with its steps.
    eventually(lambda: book.idle(server.database_url), "the pattern's orders have come to rest")


def _request(told: Credentials, dialect: str) -> Request:
    if dialect == "konvo":
        return konvo(told, 1)
    return synq(told) if dialect == "synq" else polinate(told)


def _place(http: httpx.Client, told: Credentials, at: int) -> str:
    """Place one; its id, in its dialect's spelling."""
    shape, key = SHAPES[at], NAME.format(at)
    request = _request(told, shape.dialect)
    text = json.dumps(json.loads(request.order) | shape.body)
    filled = text.replace(RISING, "").replace(KEY, key).replace(CUSTOMER, key)
    body: Any = json.loads(filled)
    headers = dict(request.headers)
    if request.key_header:
        headers[request.key_header] = key
    answer = http.post(request.path, json=[body] if request.array else body, headers=headers)
    assert answer.is_success, answer.text[:500]
    said: Any = answer.json()
    if shape.dialect == "konvo":
        return str(said["result"][0]["id"])
    return str(said["order_id" if shape.dialect == "synq" else "id"])


def _tell(http: httpx.Client, told: Credentials, order: str, change: dict[str, str]) -> None:
    request = polinate(told)
    path = f"{request.path}/{order}"
    answer = http.patch(path, json={"order": change}, headers=request.headers)
    assert answer.is_success, f"{change}: {answer.text[:500]}"
