"""The native API's shapes of settings."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.lapsing import RULES
from entrepot.core.organization import CAPTURES, OrganizationSettings

Capture = Annotated[str, Meta(extra_json_schema={"enum": list(CAPTURES)})]
Lapsing = Annotated[str, Meta(extra_json_schema={"enum": list(RULES)})]


class ChangeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/settings: what is left out stays."""

    capture: Capture | None = None
    lapsing: Lapsing | None = None


class Settings(msgspec.Struct):
    """The settings of the organization. `capture`: when the money of its orders is taken.
    `lapsing`: what is done before a payment service's hold of the money ends.
    """

    capture: Capture
    lapsing: Lapsing


def settings(chosen: OrganizationSettings) -> Settings:
    """The settings as the API tells them."""
    return Settings(chosen.capture, chosen.lapsing)
