"""Synq's shapes of media, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.media import LINK_MAX, ORDER_MAX, TEXT_MAX
from entrepot.edge.synq.wire import Moment, Uuid


class AddMedium(msgspec.Struct):
    """The body of POST /api/v1/pim/media. A product or a variant is named, or both."""

    url: Annotated[str, Meta(max_length=LINK_MAX)]
    product_id: Uuid | None = None
    variant_id: Uuid | None = None
    alt_text: Annotated[str, Meta(max_length=TEXT_MAX)] | None = None
    sort_order: Annotated[int, Meta(ge=0, le=ORDER_MAX)] | None = None


class Medium(msgspec.Struct):
    """A medium of a product or a variant."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    product_id: Uuid | None
    variant_id: Uuid | None
    url: str
    alt_text: str | None
    sort_order: int
    created_at: Moment
    updated_at: Moment
