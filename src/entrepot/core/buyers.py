"""Buyers: customers whom the organization made itself, with their contacts and locations.

A buyer is what the organization wrote of a customer. What other senders tell of the same customer
stands with the customer alone.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.order import Customer
from entrepot.core.partnerships import Partnership

EMAIL, PHONE = "email", "phone"
CONTACT_KINDS = (EMAIL, PHONE)
# As many contacts of a kind, and as many locations, as a buyer can have.
PARTS_MAX = 100
LOCATION_ACTIVE = "ACTIVE"

PartKey = tuple[int, bytes, bytes]  # organization, customer, part


class Buyer(NamedTuple):
    """A buyer. Times are microseconds UTC."""

    org: int
    id: bytes  # the customer's
    name: str
    legal_name: str | None
    properties: str  # JSON text of an object
    info: str  # JSON text of an object: what the organization notes of the buyer
    created_at: int
    updated_at: int


class BuyerContact(NamedTuple):
    """A mailbox or a telephone of a buyer, as it was told."""

    org: int
    customer_id: bytes
    id: bytes
    kind: str
    value: str
    compared: str  # the value as it is compared with others: a mailbox folded, a number's digits
    contact_name: str | None  # who answers there
    is_primary: bool
    sequence: int  # its place among the others of its kind, as somebody chose it
    created_at: int
    updated_at: int


class BuyerLocation(NamedTuple):
    """A place of a buyer, such as a warehouse; every member is as it was told."""

    org: int
    customer_id: bytes
    id: bytes
    label: str | None
    type: str | None
    status: str
    line1: str | None
    line2: str | None
    city: str | None
    state: str | None
    postcode: str | None
    country: str | None
    created_at: int
    updated_at: int


class Partner(NamedTuple):
    """A customer, with the partnership and all that a buyer has; no buyer where nobody made one."""

    customer: Customer
    partnership: Partnership
    default_list: bytes  # the item list of customers to whom none is assigned
    buyer: Buyer | None = None
    contacts: tuple[BuyerContact, ...] = ()
    locations: tuple[BuyerLocation, ...] = ()

    @property
    def list_id(self) -> bytes:
        """The item list that applies to the customer."""
        return self.partnership.list_id or self.default_list

    def primary(self, kind: str) -> str | None:
        """The primary mailbox or telephone; of a customer who is no buyer the only known one."""
        if self.buyer is None:
            return self.customer.email if kind == EMAIL else self.customer.phone
        return next((one.value for one in self.of(kind) if one.is_primary), None)

    def of(self, kind: str) -> list[BuyerContact]:
        """The contacts of one kind, in their order."""
        found = [one for one in self.contacts if one.kind == kind]
        return sorted(found, key=lambda one: (one.sequence, one.id))

    @property
    def updated_at(self) -> int:
        """When anything of it was changed last."""
        return max(self.partnership.updated_at, self.customer.updated_at)

    @property
    def revision(self) -> str:
        """The text that differs in every state of what is shown of the customer."""
        return f"{self.partnership.version}-{self.customer.updated_at:x}"


BUYERS: Kind[Key, Buyer] = Kind("buyer", Buyer, by(Buyer, "org", "id"))
BUYER_CONTACTS: Kind[PartKey, BuyerContact] = Kind(
    "buyer's contact",
    BuyerContact,
    by(BuyerContact, "org", "customer_id", "id"),
    group=by(BuyerContact, "org", "customer_id"),
)
BUYER_LOCATIONS: Kind[PartKey, BuyerLocation] = Kind(
    "buyer's location",
    BuyerLocation,
    by(BuyerLocation, "org", "customer_id", "id"),
    group=by(BuyerLocation, "org", "customer_id"),
)
