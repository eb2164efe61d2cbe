"""The native API's shapes of purchase orders."""

from __future__ import annotations

from typing import Literal

import msgspec

from entrepot.edge import quantities
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.wire import Page, Time, Uuid


class PurchaseQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/purchase-orders."""

    limit: Limit = 50
    after: str | None = None


class PurchaseOrder(msgspec.Struct):
    """A draft of a purchase order: so much of the variant would fill the shelf at the location."""

    id: Uuid
    state: Literal["draft"]
    variant_id: Uuid
    location_id: Uuid
    quantity: quantities.Shown
    created_at: Time


class PurchasePage(Page[PurchaseOrder]):
    """A page of drafts, by variant and location."""
