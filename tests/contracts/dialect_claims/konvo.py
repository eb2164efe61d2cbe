"""Konvo's requests as the claims ask them, and its refusals."""

from __future__ import annotations

import httpx
from tests.contracts.facts import House

from entrepot.testing.clients import KONVO_ORDERS, Body, accepted, assert_envelope, konvo_order


def refused(answer: httpx.Response, field: str = "") -> Body:
    assert answer.status_code == 400, answer.text
    assert_envelope("konvo", answer, field)
    body: Body = answer.json()
    return body


def told(house: House, **changes: object) -> Body:
    return house.world.konvo_created(**changes)


def item(**changes: object) -> Body:
    line: Body = konvo_order()["items"][0]
    return line | changes


def customer(**changes: object) -> Body:
    who: Body = konvo_order()["customer"]
    return who | changes


def listed(house: House, **query: str | int) -> Body:
    body: Body = accepted(house.world.konvo.get(KONVO_ORDERS, **query), 200)
    return body


def mail(address: str) -> list[Body]:
    return [{"type": "email", "id": address}]
