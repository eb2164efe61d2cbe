"""The shapes that all nouns of Synq have in common."""

from __future__ import annotations

from typing import Annotated

import msgspec

Uuid = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class Error(msgspec.Struct):
    """Every refusal's body."""

    error: str
