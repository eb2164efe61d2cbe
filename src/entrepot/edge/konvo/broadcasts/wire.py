"""Konvo's shapes of broadcasts, exactly. Sources in docs/dialects/konvo.md."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.edge.konvo.orders.wire import Number

Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Audience(msgspec.Struct, rename="camel"):
    """The audience that was meant. `segment` is `null` as a text where there is none."""

    id: Uuid
    name: str
    broadcast_id: Uuid
    lists: list[Any]
    segment: str
    recipient_count: str


class Flow(msgspec.Struct, rename="camel"):
    """The flow that ran."""

    id: Uuid
    name: str
    emoji: str
    flow_version_id: Uuid


class CountryCount(msgspec.Struct, rename="camel"):
    """How often something was clicked in a country."""

    count: int
    country_code: str
    resource_id: str


class ClickAnalytics(msgspec.Struct, rename="camel"):
    """The recorded clicks on something of the broadcast."""

    count: int
    unique_count: int
    country_count: list[CountryCount]
    send_count: int


class Cost(msgspec.Struct):
    """The cost of the broadcast, in minor units."""

    amount: Number
    currency: str


class Broadcast(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A broadcast; what nobody told is absent."""

    id: Uuid
    name: str
    status: str
    audience: Audience | UnsetType = UNSET
    flow: Flow | UnsetType = UNSET
    templates: str | UnsetType = UNSET
    scheduled: Time | UnsetType = UNSET
    created_at: Time
    updated_at: Time  # an addition of ours
    sent: int
    delivered: int
    failed: int
    opened: int
    click_analytics: ClickAnalytics
    cost: Cost | UnsetType = UNSET


class Broadcasts(msgspec.Struct):
    """The one envelope of every success."""

    count: int
    result: list[Broadcast]
