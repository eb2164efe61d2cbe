"""The native API's shapes of webhooks and deliveries."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.events import ALL_TYPES
from entrepot.core.webhooks import FORMATS, TYPES_MAX, URL_MAX
from entrepot.edge.native.values import seen
from entrepot.edge.native.wire import Page, PageQuery, Time, Uuid

Url = Annotated[str, seen(URL_MAX, format="uri")]
# The decision looks at a type: a webhook keeps what was stored before anybody did.
Type = Annotated[str, Meta(max_length=100, extra_json_schema={"enum": sorted(ALL_TYPES)})]
Types = Annotated[list[Type], Meta(max_length=TYPES_MAX)]
Format = Literal["native", "domain_event"]
assert FORMATS == ("native", "domain_event")


class MakeWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/webhooks. Without `types` all events are sent."""

    url: Url
    types: Types = []
    format: Format = "native"


class ChangeWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/webhooks/{id}: what is left out stays.

    `active` false pauses the webhook; true has it tried at once.
    """

    url: Url | None = None
    types: Types | None = None
    format: Format | None = None
    active: bool | None = None


class WebhookQuery(PageQuery):
    """The query of a list of webhooks, or of deliveries."""


class Webhook(msgspec.Struct):
    """A webhook. `secret` is there in the answer that makes the secret, and never again."""

    id: Uuid
    url: str
    types: list[str]
    format: Format
    state: Literal["active", "paused", "disabled", "removed"]
    failing_since: Time | None
    next_try_at: Time | None
    created_at: Time
    secret: str | None | UnsetType = UNSET


class Delivery(msgspec.Struct):
    """The delivery of an event. `status` is the receiver's answer, if there was one."""

    id: Uuid
    number: int
    type: str
    state: Literal["delivered", "failing"]
    tries: int
    status: int | None
    error: str | None
    created_at: Time
    updated_at: Time


class WebhookPage(Page[Webhook]):
    """A page of webhooks, in the order of their ids."""


class DeliveryPage(Page[Delivery]):
    """A page of deliveries, newest event first."""
