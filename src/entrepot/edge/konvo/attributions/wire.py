"""Konvo's shapes of attributions, exactly. Sources in docs/dialects/konvo.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.edge.konvo.orders.wire import Number

Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
ORIGINS = ("BROADCAST", "AI", "FLOW", "AUTOMATION", "APP")


class Attribution(msgspec.Struct, rename="camel", omit_defaults=True):
    """The credit of an order's total to an origin; what `fields` leaves out is absent."""

    id: Uuid | UnsetType = UNSET
    origin: Annotated[str, Meta(extra_json_schema={"enum": list(ORIGINS)})] | UnsetType = UNSET
    origin_id: Uuid | UnsetType = UNSET
    external_user_id: str | UnsetType = UNSET
    order_total: Number | UnsetType = UNSET
    type: Annotated[str, Meta(extra_json_schema={"enum": ["MAIN", "ASSIST"]})] | UnsetType = UNSET
    created_at: Time | UnsetType = UNSET
    # Additions of ours.
    order_id: Uuid | UnsetType = UNSET
    contact_id: Uuid | UnsetType = UNSET
    currency: str | UnsetType = UNSET


MEMBERS = tuple(field.encode_name for field in msgspec.structs.fields(Attribution))


class Attributions(msgspec.Struct):
    """The one envelope of every success."""

    count: int
    result: list[Attribution]
