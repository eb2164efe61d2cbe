"""The rows that a command has to see before it is decided. The store reads them in sets."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from entrepot.core import ids
from entrepot.core.claims import Claim
from entrepot.core.commands import CustomerRef, DraftLine
from entrepot.core.kinds import K, Kind, R

# The members by which an order that is brought may have been announced.
_NAMES = ("external_id", "external_reference", "external_name")


class PricedLines(NamedTuple):
    """Lines of a customer: of the one that is named, or of the order with this id."""

    org: int
    lines: tuple[DraftLine, ...]
    customer: CustomerRef | None = None
    order_id: bytes | None = None


@dataclass(slots=True)
class Needs:
    """Keys, each led by its organization. `reserving`: placed orders get their stock at once."""

    reserving: bool = False

    orgs: set[int] = field(default_factory=set)
    answers: set[tuple[int, str]] = field(default_factory=set)
    orders: set[tuple[int, bytes]] = field(default_factory=set)
    senders: set[tuple[int, str, str]] = field(default_factory=set)
    texts: set[tuple[int, str, str]] = field(default_factory=set)  # with the dialect that asks
    variants: set[tuple[int, bytes]] = field(default_factory=set)
    entries: set[tuple[int, bytes]] = field(default_factory=set)
    variant_names: set[tuple[int, str, str]] = field(default_factory=set)
    # SKUs that are looked for where the name of a variant is not known.
    skus: dict[tuple[int, str, str], tuple[str, ...]] = field(default_factory=dict)
    customers: set[tuple[int, bytes]] = field(default_factory=set)
    customer_names: set[tuple[int, str, str]] = field(default_factory=set)
    locations: set[tuple[int, bytes]] = field(default_factory=set)
    jobs: set[tuple[int, bytes]] = field(default_factory=set)
    shelves: set[tuple[int, bytes, bytes]] = field(default_factory=set)
    # Locations (None: the organization's default one) at which the stock of every wanted variant of
    # the organization is read: a line there lacks the id of its variant or of its location.
    stocked_locations: set[tuple[int, bytes | None]] = field(default_factory=set)
    # Orders that may be announced: names known beforehand, and the names of orders that are
    # brought.
    announced: set[tuple[int, str]] = field(default_factory=set)
    brought: list[tuple[int, Mapping[str, Any], str | None]] = field(default_factory=list)
    # Orders by the id of one of their shipments, and of one of their returns.
    shipments: set[tuple[int, bytes]] = field(default_factory=set)
    returns: set[tuple[int, bytes]] = field(default_factory=set)
    # Payments without an outcome, by service and the provider's reference.
    running: set[tuple[int, str, str]] = field(default_factory=set)
    # Payments that came to nothing, by the same names; asked where no running one has the name.
    without_money: set[tuple[int, str, str]] = field(default_factory=set)
    # Captures and refunds that are done, by the same names.
    moved: set[tuple[int, str, str]] = field(default_factory=set)
    # References of payments with which live orders stand.
    standing: set[tuple[int, str, str]] = field(default_factory=set)
    # Organizations whose shelves are read of which more is reserved than there is.
    oversold: set[int] = field(default_factory=set)
    # Names of connections of which it is read which organization has each.
    connections: set[str] = field(default_factory=set)
    # Organizations of which all rows of a kind are read: there are few of the kind.
    all_of: dict[Kind[Any, Any], set[int]] = field(default_factory=dict)
    # Buyers whose contacts and locations are read, and organizations of which the partnerships are
    # read of customers who are found by a name.
    buyers: set[tuple[int, bytes]] = field(default_factory=set)
    partnered: set[int] = field(default_factory=set)
    # Lines that may take the prices of their customers' lists.
    priced: list[PricedLines] = field(default_factory=list)
    # Price lists that customers may get before their lines are priced.
    assigned: dict[tuple[int, bytes], set[bytes]] = field(default_factory=dict)
    # Payment references that new orders come with.
    claims: set[Claim] = field(default_factory=set)
    # Those of them whose orders are read as well.
    whose_claims: set[Claim] = field(default_factory=set)
    # References of further payments, by the order that they pay.
    paying: dict[tuple[int, bytes], str] = field(default_factory=dict)
    # Orders whose stock, reservations and payment have to be seen as well.
    whole: set[tuple[int, bytes]] = field(default_factory=set)
    # Orders whose jobs have to be seen: of any order, or of one that may be ended by a word.
    steps: set[tuple[int, bytes]] = field(default_factory=set)
    ending: set[tuple[int, bytes]] = field(default_factory=set)
    # Orders that may end or whose goods may leave: if they are paid, their jobs have to be seen.
    moving: set[tuple[int, bytes]] = field(default_factory=set)
    # Products, each read with all its variants; and variants whose product is read so.
    products: set[tuple[int, bytes]] = field(default_factory=set)
    whose_products: set[tuple[int, bytes]] = field(default_factory=set)
    # Rows of kinds that have no set of their own here: see `of`.
    others: dict[Kind[Any, Any], set[Any]] = field(default_factory=dict)

    def of(self, kind: Kind[K, R]) -> set[K]:
        """The keys that are wanted of a kind without a set of its own; more can be added."""
        return self.others.setdefault(kind, set())

    def bring(self, org: int, said: Mapping[str, Any], sender_id: str | None = None) -> None:
        """An order is brought of which this is said; it may have been announced before."""
        self.brought.append((org, said, sender_id))

    def announced_in(self, orgs: Container[int]) -> set[tuple[int, str]]:
        """The names that may be announced, of organizations that have announced orders at all."""
        wanted = set(self.announced)
        for org, said, sender_id in self.brought:
            if org in orgs:
                names = (sender_id, *[said.get(member) for member in _NAMES])
                wanted.update((org, name) for name in names if name)
        return wanted

    def whole_order(self, org: int, order_id: bytes) -> None:
        """An order with its lines, and where Entrepot runs it with its stock and payment."""
        self.orders.add((org, order_id))
        self.whole.add((org, order_id))

    def of_lines(self, org: int, lines: Iterable[DraftLine], *, stock: bool) -> None:
        """The goods of lines; with `stock` also the levels that the lines would take from."""
        for line in lines:
            ref = line.variant
            if ref.variant_id is not None:
                self.variants.add((org, ref.variant_id))
            if ref.entry_id is not None:
                self.entries.add((org, ref.entry_id))
            for kind, value in ref.names:
                self.variant_names.add((org, kind, value))
                if ref.skus:
                    self.skus[org, kind, value] = ref.skus
            for kind, value in ref.older:
                self.variant_names.add((org, kind, value))
            if line.location_id is not None:
                self.locations.add((org, line.location_id))
            if not stock:
                continue
            if line.location_id is not None and ref.variant_id is not None:
                self.shelves.add((org, ref.variant_id, line.location_id))
            else:
                self.stocked_locations.add((org, line.location_id))

    def of_customer(self, org: int, customer: CustomerRef) -> None:
        """The rows by which this customer can be found."""
        if customer.customer_id is not None:
            self.customers.add((org, customer.customer_id))
        if customer.own is not None:
            self.customer_names.add((org, *customer.own))
            if (shown := ids.spelled(customer.own[1])) is not None:
                self.customers.add((org, shown))
        for kind, value in customer.identifiers:
            self.customer_names.add((org, kind, value))
