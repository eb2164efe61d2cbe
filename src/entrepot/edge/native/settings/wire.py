"""The native API's shapes of settings."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.core.attributing import WINDOW_DAYS_MAX
from entrepot.core.invoices import NEVER, WHEN
from entrepot.core.lapsing import RULES
from entrepot.core.merging import MERGING
from entrepot.core.organization import CAPTURES, OrganizationSettings
from entrepot.core.stock_settings import (
    ALLOCATIONS,
    COSTINGS,
    DEFAULT_COSTING,
    THRESHOLD_MAX,
    StockSettings,
)

Capture = Annotated[str, Meta(extra_json_schema={"enum": list(CAPTURES)})]
Lapsing = Annotated[str, Meta(extra_json_schema={"enum": list(RULES)})]
Merging = Annotated[str, Meta(extra_json_schema={"enum": list(MERGING)})]
Invoices = Annotated[str, Meta(extra_json_schema={"enum": list(WHEN)})]

Days = Annotated[int, Meta(ge=1, le=WINDOW_DAYS_MAX)]
Allocation = Annotated[str, Meta(extra_json_schema={"enum": list(ALLOCATIONS)})]
Costing = Annotated[str, Meta(extra_json_schema={"enum": list(COSTINGS)})]
Threshold = Annotated[int, Meta(ge=0, le=THRESHOLD_MAX)]


class ChangeStock(msgspec.Struct, forbid_unknown_fields=True):
    """How stock is run from now on: what is left out stays, or is as it is by default."""

    allocation: Literal["HARD", "SOFT"] | None = None
    low_stock_threshold: Threshold | None = None
    auto_po: bool | None = None
    costing: Literal["WAC", "FIFO"] | None = None


class Stock(msgspec.Struct):
    """How stock is run. `allocation`: HARD never promises more than there is, SOFT lets orders wait
    for goods to come. `low_stock_threshold`: stock is low where no more pieces are free; null:
    nobody ever chose it, and no stock is low. `auto_po`: low stock makes a draft of a purchase
    order. `costing`: stock is valued by the average (WAC), or first in, first out (FIFO).
    """

    allocation: Allocation
    low_stock_threshold: int | None
    auto_po: bool
    costing: Costing


class ChangeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/settings: what is left out stays."""

    capture: Capture | None = None
    lapsing: Lapsing | None = None
    attribution_days: Days | None = None
    invoices: Invoices | None = None
    merging: Merging | None = None
    stock: ChangeStock | None = None


class Settings(msgspec.Struct):
    """The settings of the organization. `capture`: when the money of its orders is taken.
    `lapsing`: what is done before a payment service's hold of the money ends.
    `attribution_days`: an order is credited to touches so many days before it.
    `invoices`: when an order gets its invoice.
    `merging`: whether orders of one buyer for one day become one order.
    `stock`: how stock is run.
    """

    capture: Capture
    lapsing: Lapsing
    attribution_days: int
    invoices: Invoices
    merging: Merging
    stock: Stock


def settings(chosen: OrganizationSettings, stock: StockSettings | None, *, hard: bool) -> Settings:
    """The settings as the API tells them."""
    invoices = chosen.invoices or NEVER
    allocation = "HARD" if hard else "SOFT"
    run = (
        Stock(allocation, None, False, DEFAULT_COSTING)
        if stock is None
        else Stock(allocation, stock.low_stock_threshold, stock.auto_po, stock.costing)
    )
    return Settings(
        chosen.capture, chosen.lapsing, chosen.attribution_days, invoices, chosen.merging, run
    )
