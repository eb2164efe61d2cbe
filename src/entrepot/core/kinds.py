"""The kinds of rows that decisions read and change: of each, its key and its guard.

A kind stands here once. Its table, its columns and its conversion stand together in store/schema,
as a `Kept` of this kind. Loading, absorbing and writing go by both and know no kind by name.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from entrepot.core.claims import Claim, PaymentClaim
from entrepot.core.order import (
    Announced,
    Customer,
    Job,
    Level,
    Line,
    Order,
    Reservation,
    StoredAnswer,
    Variant,
)
from entrepot.core.payment import Operation, Payment

K = TypeVar("K", bound=tuple[Any, ...])
R = TypeVar("R", bound=tuple[Any, ...])

Key = tuple[int, bytes]  # organization, id
Name = tuple[int, str, str]  # organization, kind, value
LineKey = tuple[int, bytes, bytes]  # organization, order, line
Shelf = tuple[int, bytes, bytes]  # organization, variant, location
PaymentKey = tuple[int, bytes, int]  # organization, order, number
OperationKey = tuple[int, bytes, int, int]  # organization, order, payment, number
TextKey = tuple[int, str]  # organization, text


class OwnLine(NamedTuple):
    """A line with the order that has the line."""

    org: int
    order_id: bytes
    line: Line


class VariantName(NamedTuple):
    """A sender's name for a variant. The name stays with the variant that had the name first."""

    org: int
    kind: str
    value: str
    variant_id: bytes


class CustomerName(NamedTuple):
    """A sender's name for a customer, or an address of the customer."""

    org: int
    kind: str
    value: str
    customer_id: bytes


class Location(NamedTuple):
    """A place that has stock."""

    org: int
    id: bytes
    name: str


class Kind(Generic[K, R]):
    """A kind of row. Two kinds are equal only if they are the same object.

    `key` gives the key of a row. `guard` names the member that changes with every write of a row,
    or all members that a write may change: a write that finds another value is a conflict. A kind
    without a guard is written without one.
    `group` gives what a row belongs to, where rows are asked for by that.
    """

    __slots__ = ("group", "guard", "key", "name", "row")

    def __init__(
        self,
        name: str,
        row: type[R],
        key: Callable[[R], K],
        guard: str | tuple[str, ...] = (),
        group: Callable[[R], Any] | None = None,
    ) -> None:
        self.name, self.row, self.key, self.group = name, row, key, group
        self.guard = (guard,) if isinstance(guard, str) else guard
        positions(row, *self.guard)

    def __repr__(self) -> str:
        return f"<kind {self.name}>"


def positions(row: type[Any], *members: str) -> tuple[int, ...]:
    """The positions of members in a row. Raises TypeError for a member that the row lacks."""
    fields: tuple[str, ...] = row._fields
    if unknown := [name for name in members if name not in fields]:
        raise TypeError(f"{row.__name__} has no member {', '.join(unknown)}")
    return tuple([fields.index(name) for name in members])


def by(row: type[Any], *members: str) -> Callable[[Any], Any]:
    """The key that these members are: a tuple, as a dictionary takes it."""
    return itemgetter(*positions(row, *members))


def _line_key(own: OwnLine) -> LineKey:
    return own.org, own.order_id, own.line.id


ORDERS: Kind[Key, Order] = Kind("order", Order, by(Order, "org", "id"), guard="version")
LINES: Kind[LineKey, OwnLine] = Kind("line", OwnLine, _line_key)
# A variant has no version. One process may change a variant's name while another counts its stock.
VARIANTS: Kind[Key, Variant] = Kind(
    "variant", Variant, by(Variant, "org", "id"),
    guard=("sku", "name", "currency", "price", "tracked", "deleted_at"),
)  # fmt: skip
VARIANT_NAMES: Kind[Name, VariantName] = Kind(
    "variant's name", VariantName, by(VariantName, "org", "kind", "value")
)
CUSTOMERS: Kind[Key, Customer] = Kind(
    "customer", Customer, by(Customer, "org", "id"), guard="updated_at"
)
CUSTOMER_NAMES: Kind[Name, CustomerName] = Kind(
    "customer's name", CustomerName, by(CustomerName, "org", "kind", "value")
)
LOCATIONS: Kind[Key, Location] = Kind("location", Location, by(Location, "org", "id"))
LEVELS: Kind[Shelf, Level] = Kind(
    "stock level", Level, by(Level, "org", "variant_id", "location_id"), guard="version"
)
RESERVATIONS: Kind[LineKey, Reservation] = Kind(
    "reservation",
    Reservation,
    by(Reservation, "org", "order_id", "line_id"),
    guard="shipped",
    group=by(Reservation, "org", "order_id"),
)
PAYMENTS: Kind[PaymentKey, Payment] = Kind(
    "payment",
    Payment,
    by(Payment, "org", "order_id", "number"),
    group=by(Payment, "org", "order_id"),
)
OPERATIONS: Kind[OperationKey, Operation] = Kind(
    "payment operation",
    Operation,
    by(Operation, "org", "order_id", "payment", "number"),
    group=by(Operation, "org", "order_id"),
)
# The guard is the order that is paid, and whether others share the reference: a claim that passed
# to another order is another claim, and one that is shared outlives its order.
CLAIMS: Kind[Claim, PaymentClaim] = Kind(
    "payment claim", PaymentClaim, by(PaymentClaim, "org", "provider", "reference"),
    guard=("order_id", "shared"),
)  # fmt: skip
JOBS: Kind[Key, Job] = Kind("job", Job, by(Job, "org", "id"), guard="fence")
ANNOUNCED: Kind[TextKey, Announced] = Kind(
    "announced order", Announced, by(Announced, "org", "text")
)
ANSWERS: Kind[TextKey, StoredAnswer] = Kind("answer", StoredAnswer, by(StoredAnswer, "org", "key"))
