"""Konvo's shapes of clicks, exactly: the one noun in snake_case."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Click(msgspec.Struct):
    """A click; a text that nobody told is empty."""

    id: Uuid
    workspace_id: Uuid
    contact_id: Uuid
    external_user_id: str
    channel: str
    resource_id: str
    ip_address: str
    device: str
    operating_system: str
    browser: str
    country: str
    region: str
    city: str
    lat_long: str
    timezone: str
    created_at: Time


class Clicks(msgspec.Struct):
    """The one envelope of every success."""

    count: int
    result: list[Click]
