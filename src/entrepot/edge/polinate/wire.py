"""The shapes that all nouns of Polinate have in common."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class StandardError(msgspec.Struct, rename="camel"):
    """Every refusal's body; `fieldErrors` only where fields are to blame."""

    error_code: str
    message: str
    request_id: str
    field_errors: dict[str, str] | UnsetType = UNSET
