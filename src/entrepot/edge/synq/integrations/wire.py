"""Synq's shapes of integrations, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.core.integrations import (
    CATEGORIES,
    EXTERNAL_ID_MAX,
    NAME_MAX,
    PROVIDER_MAX,
    PUSHES,
    STATES,
)
from entrepot.edge.synq.wire import Moment, Uuid

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
Object = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]
Category = Annotated[
    str, Meta(extra_json_schema={"enum": ["", *CATEGORIES], "default": CATEGORIES[0]})
]
Price = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": ["number", "null"], "minimum": 0})]
Count = Annotated[
    msgspec.Raw, Meta(extra_json_schema={"type": ["number", "null"], "exclusiveMinimum": 0})
]
Title = Annotated[str, Meta(max_length=1000)]
Status = Annotated[str, Meta(extra_json_schema={"enum": list(STATES)})]


class AuthUrl(msgspec.Struct):
    """The address at which somebody connects a shop, in a browser."""

    auth_url: Annotated[str, Meta(extra_json_schema={"format": "uri"})]


class Callback(msgspec.Struct):
    """The body of POST /api/v1/integrations/callback: a shop was connected."""

    connection_id: Name
    category: Category | None = None
    provider: Annotated[str, Meta(max_length=PROVIDER_MAX)] | None = None


class Called(msgspec.Struct):
    """The connection is made."""

    status: Literal["success"]
    message: str


class Connection(msgspec.Struct):
    """A connection. One that is not active brings no orders."""

    id: Uuid
    unified_connection_id: str
    provider: str
    status: Status
    created_at: Moment
    updated_at: Moment


class ConnectionList(msgspec.Struct):
    """All connections, oldest first."""

    connections: list[Connection]


class Push(msgspec.Struct):
    """The body of POST /unified/sync/push/product."""

    productId: Uuid  # noqa: N815 - as the API spells it
    action: Annotated[str, Meta(extra_json_schema={"enum": list(PUSHES)})]


class Queued(msgspec.Struct):
    """The connections are told a moment later."""

    status: Literal["queued"]


class Event(msgspec.Struct):
    """The body of POST /unified/webhook: what a connection tells."""

    connection_id: Name
    event: Annotated[str, Meta(min_length=1, max_length=100)]
    data: Object = msgspec.field(default_factory=msgspec.Raw)


class Named(msgspec.Struct):
    """What an event is about, as far as its id goes."""

    id: Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_MAX)]


class Line(msgspec.Struct):
    """A line of an order of a shop."""

    item_id: Annotated[str, Meta(max_length=1000)] | None = None
    sku: Annotated[str, Meta(max_length=255)] | None = None
    name: Title | None = None
    description: Title | None = None
    unit_amount: Price = msgspec.field(default_factory=msgspec.Raw)
    amount: Price = msgspec.field(default_factory=msgspec.Raw)
    quantity: Count = msgspec.field(default_factory=msgspec.Raw)


class Order(msgspec.Struct):
    """An order of a shop. What else it has is not read."""

    line_items: Annotated[list[Line], Meta(max_length=500)] | None = None
    currency: Annotated[str, Meta(max_length=3)] | None = None
