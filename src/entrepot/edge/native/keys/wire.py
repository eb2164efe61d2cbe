"""The native API's shapes of keys."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.scopes import MEANINGS
from entrepot.edge.native.values import Scope, seen
from entrepot.edge.native.wire import Page, PageQuery, Time, Uuid


class MakeKey(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/keys. A key gives no scope that it does not have itself."""

    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(MEANINGS))]
    name: Annotated[str, seen(100)] | None = None


class KeyQuery(PageQuery):
    """The query of GET /v1/keys."""


class Key(msgspec.Struct):
    """A key of the organization, of any dialect. A native key has `scopes`, others a `role`."""

    id: Uuid
    name: str
    dialect: str
    scopes: list[str] | None
    role: str | None
    created_at: Time
    revoked_at: Time | None
    secret: Annotated[
        str | None | UnsetType,
        Meta(description="In the answer that makes the key, once; null where it is repeated"),
    ] = UNSET


class KeyPage(Page[Key]):
    """A page of keys, in the order of their ids."""
