"""Partnerships: what ties a customer to the organization, and whether the customer may order.

The id of a partnership is the customer's. A customer who came with an order has no row: the
partnership is active, until somebody says something else of it.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.order import Customer

ACTIVE = "active"
# The statuses. Only an active partnership accepts orders.
STATUSES = (
    ACTIVE, "declined", "pending", "review", "paused", "suspended", "expired", "terminated",
)  # fmt: skip


class Partnership(NamedTuple):
    """A partnership. The organization is its owner. Times are microseconds UTC.

    `version` counts the events of the customer: every change of the customer's buyer, contacts and
    locations is a version of the partnership, so that its guard is the guard of all of them.
    """

    org: int
    id: bytes  # the customer's
    status: str
    list_id: bytes | None  # the assigned item list; None: the organization's default one
    created_at: int
    updated_at: int
    version: int


PARTNERSHIPS: Kind[Key, Partnership] = Kind(
    "partnership", Partnership, by(Partnership, "org", "id"), guard="version"
)


def untold(customer: Customer) -> Partnership:
    """The partnership of a customer of whose partnership nothing was said yet."""
    return Partnership(
        customer.org, customer.id, ACTIVE, None, customer.created_at, customer.created_at, 0
    )
