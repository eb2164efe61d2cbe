"""The rows that a batch of commands knows: read once, changed by each decision, written once.

Later commands of a batch see the earlier ones' effects here. Each kind of row has its `Rows`, which
name the rows that the store has to write. Nothing is written for a command that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Generic, TypeVar, cast

from entrepot.core import billing, claiming, kinds
from entrepot.core.changes import Changes, Pending
from entrepot.core.claims import Claim, is_live
from entrepot.core.funds import Funds, funds_of
from entrepot.core.invoices import INVOICES, Billed
from entrepot.core.kinds import (
    K,
    Key,
    Kind,
    R,
    Shelf,
)
from entrepot.core.order import (
    Event,
    Job,
    Level,
    Order,
    StockEntry,
    StoredAnswer,
)
from entrepot.core.organization import SETTINGS, OwnChanges
from entrepot.core.rows import Grouped, Rows
from entrepot.core.seen import OrgFacts, Seen

T = TypeVar("T")


class _Asked(Generic[T]):
    """An attribute of `Facts` that is made when somebody asks for it first. A batch asks for a part
    of all that a batch can know.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    def __set_name__(self, _owner: type[Facts], name: str) -> None:
        self._name = name

    def __get__(self, facts: Facts, _owner: type[Facts]) -> T:
        found = self._make()
        setattr(facts, self._name, found)
        return found


class _OfKind(Generic[K, R]):
    """The same of the rows of a kind, which have a place in `Facts.made` then."""

    def __init__(self, kind: Kind[K, R]) -> None:
        self._kind = kind

    def __set_name__(self, _owner: type[Facts], name: str) -> None:
        self._name = name

    def __get__(self, facts: Facts, _owner: type[Facts]) -> Rows[K, R]:
        found: Rows[K, R] = facts.made[self._kind]
        setattr(facts, self._name, found)
        return found


class _Groups(_OfKind[K, R]):
    """The same of a kind whose rows are asked for by what they belong to."""

    def __get__(self, facts: Facts, owner: type[Facts]) -> Grouped[Any, K, R]:
        return cast("Grouped[Any, K, R]", super().__get__(facts, owner))


class _RowsOf(dict[Kind[Any, Any], Rows[Any, Any]]):
    """The rows of each kind, made when somebody asks for them first."""

    __slots__ = ()

    def __missing__(self, kind: Kind[Any, Any]) -> Rows[Any, Any]:
        found = self[kind] = Grouped(kind) if kind.group else Rows(kind)
        return found


class Facts:
    """The working set of one batch. `now` is microseconds UTC, given from outside."""

    # --- a kind of row each
    orders = _OfKind(kinds.ORDERS)
    lines = _OfKind(kinds.LINES)
    variants = _OfKind(kinds.VARIANTS)
    variant_names = _OfKind(kinds.VARIANT_NAMES)
    customers = _OfKind(kinds.CUSTOMERS)
    customer_names = _OfKind(kinds.CUSTOMER_NAMES)
    locations = _OfKind(kinds.LOCATIONS)
    levels = _OfKind(kinds.LEVELS)
    reservations = _Groups(kinds.RESERVATIONS)
    payments = _Groups(kinds.PAYMENTS)
    operations = _Groups(kinds.OPERATIONS)
    claims = _OfKind(kinds.CLAIMS)
    jobs = _OfKind(kinds.JOBS)
    announced = _OfKind(kinds.ANNOUNCED)
    answers = _OfKind(kinds.ANSWERS)
    # --- what is special
    # Orders by what a sender calls them (and what kind of sender); by any text; entries' variants.
    by_sender: _Asked[dict[tuple[int, str, str], bytes]] = _Asked(dict)
    by_text: _Asked[dict[tuple[int, str], bytes]] = _Asked(dict)
    by_entry: _Asked[dict[Key, bytes]] = _Asked(dict)
    # The price lists of entries that are not on the default list.
    list_of_entry: _Asked[dict[Key, bytes]] = _Asked(dict)
    # Orders by service and reference: of a payment without an outcome, one without money, a capture
    # or a refund that is done, and one with which the order came.
    by_reference: _Asked[dict[tuple[int, str, str], bytes]] = _Asked(dict)
    without_money: _Asked[dict[tuple[int, str, str], bytes]] = _Asked(dict)
    moved: _Asked[dict[tuple[int, str, str], bytes]] = _Asked(dict)
    standing: _Asked[dict[tuple[int, str, str], bytes]] = _Asked(dict)
    # Shipments by their ids, and returns by theirs.
    by_shipment: _Asked[dict[Key, tuple[int, bytes, int]]] = _Asked(dict)
    by_return: _Asked[dict[Key, tuple[int, bytes, int]]] = _Asked(dict)
    # Payment services at which an organization that was read has an account.
    accounts: _Asked[dict[int, frozenset[str]]] = _Asked(dict)
    # The organizations that have connections of these names, of the names that were asked for.
    connected: _Asked[dict[str, int]] = _Asked(dict)
    # Organizations whose settings were read: one without a row chose nothing.
    chosen: _Asked[set[int]] = _Asked(set)
    # Shelves of which more is reserved than there is, of organizations that were asked about.
    oversold: _Asked[dict[int, list[Level]]] = _Asked(dict)
    # New orders whose payment reference paid another one already.
    sharing: _Asked[list[Order]] = _Asked(list)
    # Live orders with the reference of a claim that is shared.
    paying: _Asked[dict[Claim, list[bytes]]] = _Asked(dict)
    # Claims that are taken to be there, without having been read.
    unread_claims: _Asked[set[Claim]] = _Asked(set)
    # Jobs that a decision may leave to the process that holds them: their leases must not change.
    held: _Asked[set[Key]] = _Asked(set)
    shelves: _Asked[set[Shelf]] = _Asked(set)  # whose levels were read
    # Orders as their first step left them, with what hangs on them; some may have moved on.
    left: _Asked[dict[Key, Seen]] = _Asked(dict)
    # ---
    request: str | None = None  # the id of the request whose command is being decided
    actor = ""  # who sent that command; see core.actor
    # Whether a decision went by the very numbers of a level, and not just by there being enough.
    exact_stock = False
    # Whether the commit's time is not the time that decisions gave to all orders; answers show
    # another one then.
    redated = False
    # Whether an answer shows the number of its order, which the commit gives to a new order.
    numbered = False

    def __init__(
        self,
        now: int,
        new_id: Callable[[], bytes],
        *,
        leased_until: int = 0,
        holder: int | None = None,
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        """`leased_until`: a new job is born leased until then; 0 leaves it to whoever claims it.
        `holder`: the process that such a lease is of. `breathe` is called between parts of long
        work, so that whoever runs the work may let others run.
        """
        self.now, self.new_id, self.breathe = now, new_id, breathe
        self.leased_until, self.holder = leased_until, holder
        self.orgs: dict[int, OrgFacts] = {}
        # The rows of every kind that somebody asked for.
        self.made: dict[Kind[Any, Any], Rows[Any, Any]] = _RowsOf()
        self.events: list[Event] = []
        self.entries: list[StockEntry] = []
        # Organizations that have invoices, or will have some.
        self.invoicing: set[int] = set()
        self.organizations: dict[int, OwnChanges] = {}  # of their own rows
        # Orders of which nothing is written but what they say while they wait.
        self.reasons: set[Key] = set()
        # When what is written of an organization's orders is committed: later than all that was
        # committed before. Known once the book has been asked; decisions go by `now`.
        self.committed: dict[int, int] = {}

    def of(self, kind: Kind[K, R]) -> Rows[K, R]:
        """The rows of any kind, whether there is an attribute for them or not."""
        return self.made[kind]

    def group(self, kind: Kind[K, R], of: Any) -> Collection[R]:
        """The rows of a kind that belong to something, such as the shipments of an order."""
        return cast("Grouped[Any, K, R]", self.of(kind)).of(of)

    def has_location(self, org: int, location_id: bytes) -> bool:
        """Whether the organization has this location."""
        known = location_id == self.orgs[org].default_location
        return known or (org, location_id) in self.locations

    def funds_of(self, order: Key) -> Funds | None:
        """The order's payments with their operations; None where it has none."""
        return funds_of(self.payments.of(order), self.operations.of(order))

    def know(self, org: OrgFacts) -> None:
        """Know an organization."""
        self.orgs[org.org] = org
        if org.invoices is not None:
            self.invoicing.add(org.org)

    def adopt(self, seen: Seen) -> None:
        """Know an order without having read it; what is read afterwards takes its place."""
        order = seen.order
        key = (order.org, order.id)
        self.know(seen.org)
        self.orders.know(order)
        if seen.invoice is not None:
            self.of(INVOICES).know(seen.invoice)
        self.reservations.know_group(key, seen.reservations)
        if seen.funds is not None:
            full = seen.funds.payments
            self.payments.know_group(key, [one.payment for one in full])
            self.operations.know_group(key, [part for one in full for part in one.operations])
        self.jobs.know(seen.job)

    def seen(self, job: Job) -> Seen | None:
        """The rows known here of a job's order; None for a job without an order."""
        key = (job.org, job.order_id or b"")
        order = self.orders.get(key)
        if order is None:
            return None
        left = self.left.get(key)
        if left is not None and left.job is job and left.order.version == order.version:
            # Its number and its time are the commit's.
            return Seen(left.org, order, left.reservations, left.funds, job)
        reservations = tuple(self.reservations.of(key))
        billed = self.group(INVOICES, key) if order.org in self.invoicing else ()
        invoice = next(iter(billed), None)
        return Seen(self.orgs[order.org], order, reservations, self.funds_of(key), job, invoice)

    def absorb(self, changes: Changes) -> None:
        """Take a decision's changes over: later commands see them, the store writes them."""
        pending, told = changes.pending, changes.events
        moved = self._moved(changes) if self.invoicing and told else ()
        if kinds.ORDERS in pending:
            self._follow_orders(pending[kinds.ORDERS].rows)
        if changes.known is self and len(told) <= _LONG:
            for its in pending.values():
                if rows := its.rows:  # a kind may only have been looked at
                    its.known.take(rows)
        else:
            for kind, its in pending.items():
                if its.rows:
                    self.of(kind).take(its.rows)
                    self.breathe()
        if not _FOLLOWED.isdisjoint(pending):
            self._follow_names(pending)
        if changes.reasons:
            self._follow_reasons(changes.reasons)
        self.events += told
        if changes.entries:
            self.entries += changes.entries
        if changes.exact_stock:
            self.exact_stock = True
        if moved or changes.organizations or SETTINGS in pending:
            self._follow_organizations(changes, moved)

    def _follow_reasons(self, reasons: list[Order]) -> None:
        """Orders of which only what they say is new."""
        for order in reasons:
            key = (order.org, order.id)
            self.orders.now[key] = order
            self.reasons.add(key)

    def _follow_names(self, pending: dict[Kind[Any, Any], Pending[Any, Any]]) -> None:
        """The entries of variants, and organizations for which orders are announced."""
        if kinds.VARIANTS in pending:
            for variant in pending[kinds.VARIANTS]:
                self.by_entry[variant.org, variant.entry_id] = variant.id
        if kinds.ANNOUNCED in pending:
            for one in pending[kinds.ANNOUNCED]:
                self.orgs[one.org] = self.orgs[one.org]._replace(announced=True)

    def _follow_organizations(
        self, changes: Changes, moved: Iterable[tuple[Billed, Order]]
    ) -> None:
        """What organizations choose from now on, and the invoices of orders that moved."""
        if changes.organizations:
            self._change_own_rows(changes.organizations)
        if SETTINGS in changes.pending:
            for chosen in changes.of(SETTINGS):
                self.know(self.orgs[chosen.org]._replace(invoices=chosen.invoices))
        for before, after in moved:
            billing.bill(before, after, changes.events[-1].source, self)

    def _moved(self, changes: Changes) -> list[tuple[Billed, Order]]:
        """The orders of organizations with invoices that a decision moves, before and after."""
        return billing.moved(changes.orders, self) if kinds.ORDERS in changes.pending else []

    def _change_own_rows(self, told: dict[int, OwnChanges]) -> None:
        """Organizations' own rows; of another allocation, the levels are written all at once."""
        for org, change in told.items():
            self.organizations[org] = self.organizations.get(org, change).then(change)
            self.orgs[org] = self.orgs[org]._replace(**change.known())
        for key, level in self.levels.now.items():
            if level.org in told and (hard := told[level.org].hard) is not None:
                self.levels.now[key] = level._replace(soft=not hard)

    def _follow_orders(self, orders: dict[Key, Order | None]) -> None:
        """Claims and senders' names of orders: both follow from the orders alone."""
        known = self.orders.now
        for key, order in orders.items():
            assert order is not None, "an order is never taken away"
            before = known.get(key)
            if before is None:
                claiming.claims(order, self)
                if order.sender_id is not None:
                    self.by_sender[order.org, order.sender_id, order.origin] = order.id
            elif not is_live(order) and is_live(before):
                claiming.lets_go(order, self)
            elif is_live(order) and not is_live(before):
                claiming.takes_again(order, self)

    def remember(self, answer: StoredAnswer) -> None:
        """Keep the answer given under an idempotency key."""
        self.answers.put(answer)


# Events of one decision, from which on others have their turn between its kinds of rows.
_LONG = 100
# Kinds from which something follows beside their rows.
_FOLLOWED = frozenset({kinds.VARIANTS, kinds.ANNOUNCED})
