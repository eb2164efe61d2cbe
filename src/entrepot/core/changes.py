"""Rows of any kind that a decision wants written, on top of the rows that the batch knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, cast

from entrepot.core.kinds import (
    BY_NAME,
    CustomerName,
    K,
    Key,
    Kind,
    LineKey,
    Location,
    Name,
    OperationKey,
    OwnLine,
    PaymentKey,
    R,
    Shelf,
    TextKey,
    VariantName,
)
from entrepot.core.order import (
    Announced,
    Customer,
    Event,
    Job,
    Level,
    Order,
    Reservation,
    StockEntry,
    Variant,
)
from entrepot.core.payment import Operation, Payment

# Frozen, so that nobody adds to what all share.
_NONE: set[Any] = cast("set[Any]", frozenset())


class Known(Protocol):
    """Rows that the batch knows; a decision changes some of them. See core.facts."""

    def of(self, kind: Kind[K, R]) -> Mapping[K, R]:
        """The rows of a kind, as they now are."""
        ...


class Pending(Generic[K, R]):
    """The rows of one kind that a decision makes, changes or takes away.

    - `rows`: each row that is made or changed, by key, as the decision leaves the row.
    - `gone`: the keys of the rows that are taken away. No key is in both.
    """

    __slots__ = ("_key", "_known", "gone", "rows")

    def __init__(self, kind: Kind[K, R], known: Callable[[K], R | None]) -> None:
        self._key, self._known = kind.key, known
        self.rows: dict[K, R] = {}
        self.gone: set[K] = _NONE

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows) + len(self.gone)

    def get(self, key: K) -> R | None:
        """The row as the decision leaves the row, so far; None where there is none."""
        if key in self.gone:
            return None
        return self.rows.get(key) or self._known(key)

    def put(self, row: R) -> None:
        """Make a row, or change the row that has this key."""
        key = self._key(row)
        self.rows[key] = row
        if key in self.gone:
            self.gone.discard(key)

    def put_all(self, rows: Iterable[R]) -> None:
        """Make or change these rows. If two rows have one key, the last one stays."""
        key_of = self._key
        made = {key_of(row): row for row in rows}
        self.rows.update(made)
        if self.gone:
            self.gone.difference_update(made)

    def remove(self, key: K) -> None:
        """Take a row away."""
        self.rows.pop(key, None)
        self.gone = {*self.gone, key}


class Changes:
    """Changes of a decision, written all or none. Later commands of a batch see them.

    Each kind of row is an attribute, made when a decision asks for the attribute first: an order
    touches six kinds of fifteen. A kind without an attribute is reached by `of`.
    """

    __slots__ = ("entries", "events", "exact_stock", "facts", "pending", "reasons", *BY_NAME)

    announced: Pending[TextKey, Announced]
    customer_names: Pending[Name, CustomerName]
    customers: Pending[Key, Customer]
    jobs: Pending[Key, Job]
    levels: Pending[Shelf, Level]
    lines: Pending[LineKey, OwnLine]
    locations: Pending[Key, Location]
    operations: Pending[OperationKey, Operation]
    orders: Pending[Key, Order]
    payments: Pending[PaymentKey, Payment]
    reservations: Pending[LineKey, Reservation]
    variant_names: Pending[Name, VariantName]
    variants: Pending[Key, Variant]

    def __init__(self, facts: Known) -> None:
        self.facts = facts
        self.pending: dict[Kind[Any, Any], Pending[Any, Any]] = {}
        self.events: list[Event] = []
        self.entries: list[StockEntry] = []
        # Orders of which only what they say while they wait is new: no version, event or time.
        self.reasons: list[Order] = []
        self.exact_stock = False  # decided by the very numbers of a level: see Facts

    def of(self, kind: Kind[K, R]) -> Pending[K, R]:
        """The rows to write of any kind, whether there is an attribute for the kind or not."""
        found = self.pending.get(kind)
        if found is None:
            found = self.pending[kind] = Pending(kind, self.facts.of(kind).get)
        return found

    if not TYPE_CHECKING:  # a name that is none is an error of mypy's

        def __getattr__(self, name: str) -> Pending:
            """The rows to write of a kind that no decision has asked for yet."""
            if name not in BY_NAME:
                raise AttributeError(name)
            found = self.of(BY_NAME[name])
            setattr(self, name, found)
            return found
