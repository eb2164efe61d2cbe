"""The native API's shapes of settings."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.organization import CAPTURES

Capture = Annotated[str, Meta(extra_json_schema={"enum": list(CAPTURES)})]


class ChangeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/settings: what is left out stays."""

    capture: Capture | None = None


class Settings(msgspec.Struct):
    """The settings of the organization. `capture`: when the money of its orders is taken."""

    capture: Capture
