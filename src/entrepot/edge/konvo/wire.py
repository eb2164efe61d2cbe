"""The shapes that all nouns of Konvo have in common."""

from __future__ import annotations

from typing import Annotated

import msgspec


class Error(msgspec.Struct):
    """Every refusal's body; `error` is the HTTP status."""

    error: Annotated[int, msgspec.Meta(extra_json_schema={"format": "int32"})]
    message: str
