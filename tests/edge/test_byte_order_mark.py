"""A byte order mark before a body is passed over for every operation, however often it is read."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from entrepot.edge.access import NOBODY, Everybody, Principal, Signature
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Call
from entrepot.edge.dialects import ALL
from entrepot.edge.konvo.orders import read as konvo
from entrepot.edge.polinate.orders import read as polinate
from entrepot.edge.strict_json import unmarked
from entrepot.edge.synq.orders import read as synq
from entrepot.writer.envelope import Answer

MARK = b"\xef\xbb\xbf"
ORDER = b"""{"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi_1",
"items": [{"product_title": "Mug", "quantity": 1, "unit_price": 1}], "total": 1, "more": null}"""
CREATED = b"""{"currency": "EUR", "expectedDeliveryAt": "2030-01-01T00:00:00Z", "more": 1,
"orderItems": [{"itemVariantId": "var_01981e6a7c0070008000000000000001", "quantity": 1}]}"""

KONVO = b"""[{"id": "1", "friendlyName": "#1", "orderTotal": 1, "currency": "EUR", "items": [],
"customer": {"id": "c", "firstName": "A", "lastName": "B"}, "metadata": null}]"""


async def echo(call: Call) -> Answer:
    """In place of every handler."""
    return Answer(200, call.body)


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        pytest.param(dialect, operation, id=f"{dialect.name}-{operation.operation_id}")
        for dialect in ALL
        for operation in dialect.operations
        if operation.body is not None
    ],
)
async def test_a_handler_sees_no_mark(dialect: Any, operation: Any) -> None:
    open_to_all = replace(operation, handler=echo, access=Everybody())
    seen: list[bytes] = []

    async def verify(_headers: Any, body: bytes, _services: Any) -> Principal:
        seen.append(body)
        return NOBODY

    ways = [open_to_all]
    if isinstance(operation.access, Signature):
        ways.append(replace(open_to_all, access=Signature(verify)))
    for one in ways:
        admission = SimpleNamespace(seconds_to_wait=lambda _: 0.0)
        services: Any = SimpleNamespace(admission=admission, writer=SimpleNamespace(news=None))
        app = build_app(services, [replace(dialect, operations=(one,))], {}, lambda: "request-1")
        path = operation.path.replace("{", "").replace("}", "")
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            for sent, shown in ((MARK + b"[]", b"[]"), (b"[]", b"[]"), (2 * MARK, 2 * MARK)):
                headers = {"content-type": "application/json"}
                answer = await client.request(one.method, path, content=sent, headers=headers)
                assert answer.content == shown
    assert seen == ([MARK + b"[]", b"[]", 2 * MARK] if len(ways) > 1 else []), "as it was signed"


def test_a_body_that_is_read_again_is_the_same_body() -> None:
    principal = Principal(7, b"o" * 16, b"t" * 16, "EDITOR")
    assert synq.create_order(unmarked(MARK + ORDER), principal).command.currency == "USD"
    assert konvo.orders(unmarked(MARK + KONVO))[0].id == "1"
    assert polinate.posted(unmarked(MARK + CREATED)) == polinate.posted(CREATED)
