"""A shop with something to sell, and orders for it."""

from __future__ import annotations

from typing import Any, NamedTuple

import uuid_utils
from sqlalchemy import Connection
from tests.quantities import much

from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.order import Variant
from entrepot.store import accounts
from entrepot.store.accounts import Organization
from entrepot.testing import furnishing


def new_id() -> bytes:
    """A fresh UUIDv7."""
    return uuid_utils.uuid7().bytes


class Shop(NamedTuple):
    """An organization and the ids of its variants, each at 12.50 EUR."""

    organization: Organization
    variants: tuple[bytes, ...]

    @property
    def org(self) -> int:
        return self.organization.org

    def stocked(self, quantity: int, variant: int = 0) -> AdjustStock:
        """The command that puts so much of a variant on the shelf."""
        location = self.organization.default_location
        return AdjustStock(self.org, self.variants[variant], location, much(quantity), "opening")

    def order(self, reference: str | None = "", quantity: int = 1, **said: Any) -> PlaceOrder:
        """The command that orders the first variant; `reference` None orders without a payment,
        an empty one with a payment of its own.
        """
        line = DraftLine(
            "items[0]",
            VariantRef(variant_id=self.variants[0]),
            much(quantity),
            location_id=self.organization.default_location,
        )
        if reference is not None:
            reference = reference or f"card-{new_id().hex()}"
            said = {"payment_provider": "stripe", "payment_reference": reference, **said}
        return PlaceOrder(self.org, "native", "EUR", (line,), said=said)


def open_shop(conn: Connection, name: str = "Shop", variants: int = 1, now: int = 1) -> Shop:
    """Make an organization with variants, none of them in stock."""
    made = accounts.create_organization(conn, name, now, new_id)
    listed = []
    for number in range(variants):
        variant = Variant(
            org=made.org,
            id=new_id(),
            item_id=new_id(),
            entry_id=new_id(),
            sku=f"SKU-{number}",
            name=f"Thing {number}",
            currency="EUR",
            price=Amount(1250, 2),
            tracked=True,
            created_at=now,
        )
        furnishing.add_variant(conn, made, variant)
        listed.append(variant.id)
    return Shop(made, tuple(listed))
