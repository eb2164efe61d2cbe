"""Shapes that all nouns of the native API have in common."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from entrepot.edge.native.paging import LIMIT, Limit

T = TypeVar("T")
Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Amount = Annotated[
    str,
    Meta(description="An amount of the order's currency, with a point", examples=["12.50"]),
]  # fmt: skip
FreeObject = Annotated[Raw, Meta(extra_json_schema={"type": ["object", "null"]})]


class Fault(msgspec.Struct):
    """A fault of a request: a JSON pointer to the member of the body, or to the parameter."""

    pointer: str
    detail: str


class Problem(msgspec.Struct):
    """Every refusal's body, as RFC 9457 has it."""

    type: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[Fault] | UnsetType = UNSET
    current_version: Annotated[
        str | UnsetType, Meta(description="The order's ETag, where another version was meant")
    ] = UNSET
    candidates: Annotated[
        list[Uuid] | UnsetType, Meta(description="The orders that are called so")
    ] = UNSET


class PageQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a list that has no filter."""

    limit: Limit = LIMIT
    after: str | None = None


class Page(msgspec.Struct, Generic[T]):
    """A page of a list; `next` is the cursor of the page behind it, null on the last one."""

    data: list[T]
    next: str | None
