"""Others run while a large body of Polinate's becomes a command, as while the body is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.util.concurrency import in_greenlet

from entrepot.edge.access import Principal
from entrepot.edge.dialect import READ_AT_ONCE_BYTES, Call
from entrepot.edge.polinate.buyers import routes as buyers
from entrepot.edge.polinate.items import routes as items
from entrepot.edge.polinate.orders import routes as orders
from entrepot.edge.polinate.orders import values
from entrepot.edge.polinate.pricing import routes as pricing

PRINCIPAL = Principal(7, b"o" * 16, b"t" * 16, "ADMIN")
KEY = {"idempotency-key": "a" * 64}
VARIANT = "01981e6a-7c00-7000-8000-000000000001"
LINE = {"itemVariantId": VARIANT, "quantity": 1, "price": "1.00"}
BODIES: dict[str, tuple[Any, Any]] = {
    "an order": (
        orders.post_order,
        lambda own: {
            "expectedDeliveryAt": "2030-01-15T10:30:00Z", "currency": "USD", "orderItems": [LINE],
            "properties": own,
        },
    ),
    "an item": (
        items.create_item, lambda own: {
            "item": {"name": "Mug", "properties": own},
            "variants": [{"sku": "MUG", "currency": "USD", "price": 1}],
        },
    ),
    "a buyer": (buyers.create_buyer, lambda own: {"buyer": {"name": "Ann", "properties": own}}),
    "a price list": (
        pricing.create_pricing, lambda own: {
            "itemList": {"name": "List", "properties": own},
            "entries": [{"itemVariantId": VARIANT}],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("handler", "body"), BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("large", [False, True])
async def test_a_large_body_becomes_a_command_in_slices(
    handler: Any, body: Any, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[bool] = []
    monkeypatch.setattr(
        values, "refuse_card_members", lambda *_: looked_at.append(bool(in_greenlet()))
    )
    own = {"note": "n" * (READ_AT_ONCE_BYTES if large else 1)}
    nothing: Any = None
    told = json.dumps(body(own)).encode()
    call = Call(nothing, "request-1", "POST", {}, b"", KEY, PRINCIPAL, told)
    with pytest.raises(AttributeError, match=r"writer|admission|services|sandbox"):
        await handler(call)  # there is nobody to whom the command could be given
    assert looked_at == [large]
