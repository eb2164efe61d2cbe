"""The native API's shapes of settings."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.attributing import WINDOW_DAYS_MAX
from entrepot.core.invoices import NEVER, WHEN
from entrepot.core.lapsing import RULES
from entrepot.core.merging import MERGING
from entrepot.core.organization import CAPTURES, OrganizationSettings

Capture = Annotated[str, Meta(extra_json_schema={"enum": list(CAPTURES)})]
Lapsing = Annotated[str, Meta(extra_json_schema={"enum": list(RULES)})]
Merging = Annotated[str, Meta(extra_json_schema={"enum": list(MERGING)})]
Invoices = Annotated[str, Meta(extra_json_schema={"enum": list(WHEN)})]

Days = Annotated[int, Meta(ge=1, le=WINDOW_DAYS_MAX)]


class ChangeSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/settings: what is left out stays."""

    capture: Capture | None = None
    lapsing: Lapsing | None = None
    attribution_days: Days | None = None
    invoices: Invoices | None = None
    merging: Merging | None = None


class Settings(msgspec.Struct):
    """The settings of the organization. `capture`: when the money of its orders is taken.
    `lapsing`: what is done before a payment service's hold of the money ends.
    `attribution_days`: an order is credited to touches so many days before it.
    `invoices`: when an order gets its invoice.
    `merging`: whether orders of one buyer for one day become one order.
    """

    capture: Capture
    lapsing: Lapsing
    attribution_days: int
    invoices: Invoices
    merging: Merging


def settings(chosen: OrganizationSettings) -> Settings:
    """The settings as the API tells them."""
    invoices = chosen.invoices or NEVER
    return Settings(
        chosen.capture, chosen.lapsing, chosen.attribution_days, invoices, chosen.merging
    )
