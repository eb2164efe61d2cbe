"""What an organization chose: its settings, a row an organization."""

from __future__ import annotations

from typing import Any, NamedTuple

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


class OrderSource(NamedTuple):
    """Where orders that are only notified are fetched from. `url` is None for nowhere.

    `url` is a template with `{orderId}`, and `header` one header that is sent along, a secret.
    """

    url: str | None
    header: str | None = None


class OwnChanges(NamedTuple):
    """Changes of an organization's own row. None leaves a column as it is.

    `hard`: its allocation, which its stock levels have as well.
    """

    hard: bool | None = None
    source: OrderSource | None = None
    payment_secret: bytes | None = None

    def then(self, later: OwnChanges) -> OwnChanges:
        """These changes, and later ones after them."""
        both = zip(self, later, strict=True)
        return OwnChanges._make([was if is_ is None else is_ for was, is_ in both])

    def known(self) -> dict[str, Any]:
        """The members of core.facts.OrgFacts that change."""
        source = None if self.source is None else self.source.url is not None
        told = {"hard": self.hard, "has_source": source, "payment_secret": self.payment_secret}
        return {name: value for name, value in told.items() if value is not None}
