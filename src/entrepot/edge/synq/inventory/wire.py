"""Synq's shapes of an inventory, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from entrepot.edge.synq.wire import Moment, Uuid

Int32 = Annotated[
    msgspec.Raw,
    msgspec.Meta(extra_json_schema={"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}),
]


class AdjustStock(msgspec.Struct):
    """The body of POST /api/v1/inventory/adjust."""

    variant_id: Uuid
    location_id: Uuid
    quantity_delta: Int32


class StockEntry(msgspec.Struct):
    """The ledger entry that an adjustment wrote."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    variant_id: Uuid
    location_id: Uuid
    quantity_delta: int
    transaction_type: Literal["adjustment"]
    notes: str
    created_at: Moment
