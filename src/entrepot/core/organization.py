"""What an organization chose: its settings, a row an organization."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import lapsing as lapsing_rules
from entrepot.core.attributing import WINDOW_DAYS
from entrepot.core.kinds import Kind
from entrepot.core.merging import NEVER, SAME_DAY

# When the money of an order is taken, and the sentence that the documents say of it.
CAPTURES: dict[str, str] = {
    "manual": "Somebody takes the money, order by order.",
    "shipment": "The money of what left is taken when goods leave.",
    "confirmation": "All of the money is taken as soon as the order is confirmed.",
}
DEFAULT_CAPTURE = "manual"


class OrganizationSettings(NamedTuple):
    """The settings of an organization. One that chose nothing has no row."""

    org: int
    capture: str = DEFAULT_CAPTURE
    lapsing: str = lapsing_rules.DEFAULT_RULE  # what is done before a hold of money ends
    attribution_days: int = WINDOW_DAYS  # touches so many days before an order count
    # When an order gets its invoice: core.invoices. None: never, and it was never otherwise.
    invoices: str | None = None
    # Since when orders are merged (core.merging), in microseconds. None: they stay apart.
    merging_since: int | None = None

    @property
    def merging(self) -> str:
        """Whether orders are merged, as `core.merging.MERGING` says it."""
        return NEVER if self.merging_since is None else SAME_DAY


def _key(row: OrganizationSettings) -> tuple[int]:
    return (row.org,)


SETTINGS: Kind[tuple[int], OrganizationSettings] = Kind(
    "organization's settings", OrganizationSettings, _key
)
