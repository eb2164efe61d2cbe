"""Polinate's requests as the claims ask them, and its refusals."""

from __future__ import annotations

import httpx
from tests.contracts.facts import House
from tests.contracts.facts.house import polinate_id

from entrepot.testing.clients import Body, assert_envelope


def refused(answer: httpx.Response, status: int, code: str, field: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("polinate", answer, field)
    assert answer.json()["errorCode"] == code


def invalid(answer: httpx.Response, field: str) -> None:
    refused(answer, 400, "VALIDATION_ERROR", field)


def conflict(answer: httpx.Response, field: str = "") -> None:
    refused(answer, 409, "CONFLICT", field)


def making(house: House, line: Body | None = None, **changes: object) -> httpx.Response:
    """The answer to an order of one line, of which some members are other ones."""
    body = house.world.polinate_order([0])
    body["orderItems"][0] |= line or {}
    told = {name: value for name, value in (body | changes).items() if value is not ...}
    told_line = told["orderItems"][0] if told.get("orderItems") else {}
    for name in [name for name, value in told_line.items() if value is ...]:
        del told_line[name]
    return house.world.polinate.post(told)


def mirrored(house: House, **told: object) -> str:
    return polinate_id(house.world.konvo_created(**told)["id"])


def change(house: House, order_id: str, **members: object) -> httpx.Response:
    """The answer to a PATCH of these members of the order."""
    return house.world.polinate.patch(order_id, {"order": members})
