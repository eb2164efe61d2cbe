"""The native API's shapes of what stock is worth."""

from __future__ import annotations

from typing import Literal

import msgspec

from entrepot.edge import quantities
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.values import Id, VariantId
from entrepot.edge.native.wire import Amount, Uuid

By = Literal["shelf", "variant", "location", "organization"]


class ValuationQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/stock/valuation."""

    by: By = "shelf"
    variant_id: VariantId | None = None
    location_id: Id | None = None
    limit: Limit = 50
    after: str | None = None


class Valued(msgspec.Struct):
    """The worth of stock. `variant_id`, `location_id` and `quantity` are null where a row is of
    several. `average` is the value of a unit, rounded to four places; null where nothing is there.
    """

    variant_id: Uuid | None
    location_id: Uuid | None
    quantity: quantities.Shown | None
    value: Amount
    average: Amount | None
    currency: str | None


class Valuation(msgspec.Struct):
    """A page of values. `method` is the one in use, and `number` the last event of the log that is
    valued.
    """

    data: list[Valued]
    next: str | None
    method: Literal["WAC", "FIFO"]
    number: int
