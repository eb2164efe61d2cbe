"""The native API's shapes of broadcasts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.edge.native.values import Code, Id, Instant, Money, seen, seen_or_empty
from entrepot.edge.native.wire import Amount, FreeObject, Page, PageQuery, Time, Uuid

Name = Annotated[str, seen(500)]
Text = Annotated[str, Meta(max_length=500)]
Label = Annotated[str, seen_or_empty(500)]
Counter = Annotated[int, Meta(ge=0, le=10**12)]


class Audience(msgspec.Struct, forbid_unknown_fields=True):
    """The audience that was meant."""

    id: Id
    name: Label = ""
    lists: Annotated[list[Text], Meta(max_length=100)] = []
    segment: Text = ""
    recipient_count: Counter = 0


class Flow(msgspec.Struct, forbid_unknown_fields=True):
    """The flow that ran."""

    id: Id
    version_id: Id
    name: Label = ""
    emoji: Text = ""


class Cost(msgspec.Struct, forbid_unknown_fields=True):
    """The cost of a broadcast."""

    amount: Money
    currency: Code


class ChangeBroadcast(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/broadcasts/{id}: what is left out stays."""

    name: Name | None = None
    status: Text | None = None
    audience: Audience | None = None
    flow: Flow | None = None
    template: Text | None = None
    scheduled_at: Instant | None = None
    sent: Counter | None = None
    delivered: Counter | None = None
    failed: Counter | None = None
    opened: Counter | None = None
    cost: Cost | None = None


class RecordBroadcast(ChangeBroadcast, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /v1/broadcasts. Without `id` the broadcast gets one of ours."""

    name: Name
    id: Id | None = None


class BroadcastQuery(PageQuery):
    """The query of GET /v1/broadcasts."""


class ShownCost(msgspec.Struct):
    """The cost of a broadcast."""

    amount: Amount
    currency: str


class Broadcast(msgspec.Struct):
    """A broadcast, as its sender told it last."""

    id: Uuid
    name: str
    status: str
    audience: FreeObject
    flow: FreeObject
    template: str
    scheduled_at: Time | None
    sent: int
    delivered: int
    failed: int
    opened: int
    cost: ShownCost | None
    created_at: Time
    updated_at: Time


class BroadcastPage(Page[Broadcast]):
    """A page of broadcasts, in descending order of their ids."""
