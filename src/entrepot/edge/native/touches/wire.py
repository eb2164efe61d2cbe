"""The native API's shapes of touches."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.edge.native.values import CustomerId, Id, Instant, seen
from entrepot.edge.native.wire import FreeObject, Page, PageQuery, Time, Uuid

Text = Annotated[str, Meta(max_length=500)]
Told = Annotated[str, seen(500)]
Origin = Literal["broadcast", "ai", "flow", "automation", "app"]
Kind = Literal["click", "open", "message"]


class TouchedContact(msgspec.Struct, forbid_unknown_fields=True):
    """The contact: by `id`, or by addresses. Addresses that nobody has make a new contact."""

    id: CustomerId | None = None
    email: Told | None = None
    phone: Told | None = None
    first_name: Told | None = None
    last_name: Told | None = None


class Click(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The members of a click."""

    ip_address: Text = ""
    device: Text = ""
    operating_system: Text = ""
    browser: Text = ""
    region: Text = ""
    city: Text = ""
    lat_long: Text = ""
    timezone: Text = ""


class RecordTouch(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/touches. Without `at` the touch happens now."""

    contact: TouchedContact
    kind: Kind
    origin: Origin
    origin_id: Id
    channel: Text = ""
    at: Instant | None = None
    external_user_id: Text | None = None
    resource_id: Annotated[str, Meta(max_length=100)] = ""
    country: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] = ""
    click: Click | None = None


class TouchQuery(PageQuery):
    """The query of GET /v1/touches."""


class Touch(msgspec.Struct):
    """A touch, as it was recorded."""

    id: Uuid
    contact_id: Uuid
    kind: Kind
    origin: Origin
    origin_id: Uuid
    channel: str
    at: Time
    recorded_at: Time
    external_user_id: str
    resource_id: str
    country: str
    click: FreeObject


class TouchPage(Page[Touch]):
    """A page of touches, those that were recorded last first."""
