"""Rows of any kind that a decision wants written, on top of the rows that the batch knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol

from entrepot.core import kinds
from entrepot.core.kinds import K, Kind, R
from entrepot.core.order import Event, Order, StockEntry
from entrepot.core.organization import OwnChanges
from entrepot.core.rows import Rows


class Known(Protocol):
    """Rows that the batch knows; a decision changes some of them. See core.facts."""

    @property
    def made(self) -> dict[Kind[Any, Any], Rows[Any, Any]]:
        """The rows of each kind, as they now are."""
        ...


class Pending(Generic[K, R]):
    """The rows of one kind that a decision makes, changes or takes away.

    `rows` has each of them by key, as the decision leaves the row: None for a row that is taken
    away.
    """

    __slots__ = ("known", "rows")
    known: Rows[K, R]
    rows: dict[K, R | None]

    def __iter__(self) -> Iterator[R]:
        return iter([row for row in self.rows.values() if row is not None])

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: K) -> R | None:
        """The row as the decision leaves the row, so far; None where there is none."""
        rows = self.rows
        return rows[key] if key in rows else self.known.get(key)

    def put(self, row: R) -> None:
        """Make a row, or change the row that has this key."""
        self.rows[self.known.key_of(row)] = row

    def put_all(self, rows: Iterable[R]) -> None:
        """Make or change these rows. If two rows have one key, the last one stays."""
        key_of = self.known.key_of
        self.rows.update([(key_of(row), row) for row in rows])

    def remove(self, key: K) -> None:
        """Take a row away."""
        self.rows[key] = None


class OfKind(Generic[K, R]):
    """An attribute of `Changes`: what is to be written of one kind. It takes its own place in the
    changes when it is first asked for, so that it is asked once.

    The place is made here and not by a constructor: every order asks for several kinds.
    """

    def __init__(self, kind: Kind[K, R]) -> None:
        self.kind = kind

    def __set_name__(self, _owner: type[Changes], name: str) -> None:
        self._name = name

    def __get__(self, changes: Changes, _owner: type[Changes]) -> Pending[K, R]:
        kind = self.kind
        found: Pending[K, R] = Pending()
        found.known, found.rows = changes.known.made[kind], {}
        changes.pending[kind] = found
        setattr(changes, self._name, found)
        return found


class Changes:
    """Changes of a decision, written all or none. Later commands of a batch see them.

    Each kind of row is an attribute. An order touches six kinds of fifteen, so that an attribute is
    made when a decision asks for it first. A kind without an attribute is reached by `of`.
    """

    announced = OfKind(kinds.ANNOUNCED)
    customer_names = OfKind(kinds.CUSTOMER_NAMES)
    customers = OfKind(kinds.CUSTOMERS)
    jobs = OfKind(kinds.JOBS)
    levels = OfKind(kinds.LEVELS)
    lines = OfKind(kinds.LINES)
    locations = OfKind(kinds.LOCATIONS)
    operations = OfKind(kinds.OPERATIONS)
    orders = OfKind(kinds.ORDERS)
    payments = OfKind(kinds.PAYMENTS)
    reservations = OfKind(kinds.RESERVATIONS)
    variant_names = OfKind(kinds.VARIANT_NAMES)
    variants = OfKind(kinds.VARIANTS)

    def __init__(self, known: Known) -> None:
        self.known = known
        self.pending: dict[Kind[Any, Any], Pending[Any, Any]] = {}
        self.events: list[Event] = []
        self.entries: list[StockEntry] = []
        # Orders of which only what they say while they wait is new: no version, event or time.
        self.reasons: list[Order] = []
        # Changes of organizations' own rows.
        self.organizations: dict[int, OwnChanges] = {}
        self.exact_stock = False  # decided by the very numbers of a level: see Facts

    def of(self, kind: Kind[K, R]) -> Pending[K, R]:
        """The rows to write of any kind, whether there is an attribute for the kind or not."""
        found = self.pending.get(kind)
        if found is None and kind in _ATTRIBUTES:
            found = getattr(self, _ATTRIBUTES[kind])
        elif found is None:
            found = self.pending[kind] = Pending()
            found.known, found.rows = self.known.made[kind], {}
        return found


# The kinds that have an attribute of `Changes`, which makes their place.
_ATTRIBUTES = {one.kind: name for name, one in vars(Changes).items() if isinstance(one, OfKind)}
