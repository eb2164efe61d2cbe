"""Synq's shapes of a tenant's settings, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.stock_settings import THRESHOLD_MAX
from entrepot.edge.synq.wire import Moment, Uuid

Threshold = Annotated[
    msgspec.Raw,
    Meta(extra_json_schema={"type": ["integer", "null"], "minimum": 0, "maximum": THRESHOLD_MAX}),
]
_MODEL = Meta(
    extra_json_schema={"examples": ["HARD"], "description": "`HARD` or `SOFT`, in any case"}
)
_COSTING = Meta(
    extra_json_schema={"examples": ["WAC"], "description": "`WAC` or `FIFO`, in any case"}
)


class ChangeSettings(msgspec.Struct):
    """The body of PUT /api/v1/settings/tenant. All four settings are replaced."""

    inventory_allocation_model: Annotated[str, _MODEL] | None = None
    auto_po_enabled: bool | None = None
    default_low_stock_threshold: Threshold = msgspec.field(default_factory=msgspec.Raw)
    costing_method: Annotated[str, _COSTING] | None = None


class Settings(msgspec.Struct):
    """The settings of the organization."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    inventory_allocation_model: str
    auto_po_enabled: bool
    default_low_stock_threshold: int
    costing_method: str
    created_at: Moment
    updated_at: Moment
    updated_by: Uuid | UnsetType = UNSET
