"""What a batch of commands may know: read once, changed by each decision, written once.

Later commands of a batch see the earlier ones' effects here. `new`, `dirty` and `gone` name the
rows that the store has to write; nothing is written for a command that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from entrepot.core.claims import Claim, claim_of, is_live
from entrepot.core.order import (
    Announced,
    Attempt,
    Changes,
    Customer,
    Event,
    Job,
    Level,
    Line,
    Order,
    Reservation,
    StockEntry,
    StoredAnswer,
    Variant,
)

Key = tuple[int, bytes]
# Orders of which nothing is written but what they say while they wait.
REASONS = "reasons"
Name = tuple[int, str, str]


class OrgFacts(NamedTuple):
    """What decisions need to know of an organization."""

    org: int
    guest_id: bytes  # the customer that stands behind orders without one
    default_location: bytes
    default_list: bytes
    hard: bool  # HARD allocation: never reserve more than there is
    has_source: bool  # an order source is configured
    announced: bool = False  # orders are announced that nobody has told yet


class Seen(NamedTuple):
    """An order as a batch of this process left it, with what hangs on it and the job that is held.

    Whoever comes back with it spares the book a look. It may be out of date: the guards of what is
    written then say so, and the batch runs again with what the book says.
    """

    org: OrgFacts
    order: Order
    reservations: dict[bytes, Reservation]
    attempt: Attempt | None
    job: Job


@dataclass(slots=True)
class Dirt:
    """The keys of one table's rows that changed: made, changed, taken away."""

    new: set[Any] = field(default_factory=set)
    dirty: set[Any] = field(default_factory=set)
    gone: set[Any] = field(default_factory=set)


@dataclass(slots=True)
class Facts:
    """The working set of one batch. `now` is microseconds UTC, given from outside."""

    now: int
    new_id: Callable[[], bytes]
    leased_until: int = 0  # a new job is born leased until then; 0 leaves it to whoever claims it
    holder: int | None = None  # the process that such a lease is of
    request: str | None = None  # the id of the request whose command is being decided
    actor: str = ""  # who sent that command; see core.actor
    # Called between parts of long work, so that whoever runs the work may let others run.
    breathe: Callable[[], None] = lambda: None
    orgs: dict[int, OrgFacts] = field(default_factory=dict)
    orders: dict[Key, Order] = field(default_factory=dict)
    # By what a sender calls it, and what kind of sender that is.
    by_sender: dict[tuple[int, str, str], bytes] = field(default_factory=dict)
    by_text: dict[tuple[int, str], bytes] = field(default_factory=dict)
    variants: dict[Key, Variant] = field(default_factory=dict)
    by_entry: dict[Key, bytes] = field(default_factory=dict)
    variant_names: dict[Name, bytes] = field(default_factory=dict)
    customers: dict[Key, Customer] = field(default_factory=dict)
    customer_names: dict[Name, bytes] = field(default_factory=dict)
    locations: set[Key] = field(default_factory=set)
    levels: dict[tuple[int, bytes, bytes], Level] = field(default_factory=dict)
    reservations: dict[Key, dict[bytes, Reservation]] = field(default_factory=dict)
    attempts: dict[Key, Attempt] = field(default_factory=dict)
    jobs: dict[Key, Job] = field(default_factory=dict)
    answers: dict[tuple[int, str], StoredAnswer] = field(default_factory=dict)
    # Rows, versions and fences as they were read, for the guarded updates.
    order_base: dict[Key, Order] = field(default_factory=dict)
    level_base: dict[tuple[int, bytes, bytes], Level] = field(default_factory=dict)
    job_base: dict[Key, int] = field(default_factory=dict)
    # Leases as they were read, of jobs that a decision may leave to their holder.
    lease_base: dict[Key, int] = field(default_factory=dict)
    shelves: set[tuple[int, bytes, bytes]] = field(default_factory=set)  # whose levels were read
    customer_base: dict[Key, int] = field(default_factory=dict)  # when it was last changed
    # Whether a decision went by the very numbers of a level, and not just by there being enough.
    exact_stock: bool = False
    # What has to be written.
    touched: dict[str, Dirt] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    entries: list[StockEntry] = field(default_factory=list)
    answers_new: list[StoredAnswer] = field(default_factory=list)
    # Orders that are announced: those that were read, and of what is written the new and the gone.
    announced: set[tuple[int, str]] = field(default_factory=set)
    announced_new: dict[tuple[int, str], Announced] = field(default_factory=dict)
    announced_gone: set[tuple[int, str]] = field(default_factory=set)
    # Which orders payment references pay: as known, as read, and of what is written the new and
    # the gone. New orders whose reference paid another one already are `sharing`.
    claims: dict[Claim, bytes] = field(default_factory=dict)
    claim_base: dict[Claim, bytes] = field(default_factory=dict)
    claims_new: dict[Claim, bytes] = field(default_factory=dict)
    claims_gone: set[tuple[Claim, bytes]] = field(default_factory=set)
    sharing: list[Order] = field(default_factory=list)
    lines: dict[tuple[int, bytes, bytes], Line] = field(default_factory=dict)
    # When what is written of an organization's orders is committed: later than all that was
    # committed before. Known once the book has been asked; decisions go by `now`.
    committed: dict[int, int] = field(default_factory=dict)
    # Whether that is not the time that decisions gave to all orders; answers show another one then.
    redated: bool = False

    def adopt(self, seen: Seen) -> None:
        """Know an order without having read it; what is read afterwards takes its place."""
        order, job = seen.order, seen.job
        key = (order.org, order.id)
        self.orgs[order.org] = seen.org
        self.orders[key] = self.order_base[key] = order
        self.reservations[key] = dict(seen.reservations)
        if seen.attempt is not None:
            self.attempts[key] = seen.attempt
        self.jobs[job.org, job.id] = job
        self.job_base[job.org, job.id] = job.fence

    def dated(self, order: Order) -> Order:
        """The order with the times that it is kept with: made or changed here, at the commit."""
        at, base = self.committed.get(order.org), self.order_base.get((order.org, order.id))
        if at is None:
            return order
        if base is None:
            same = order.created_at == order.updated_at == at
            return order if same else order.changed(created_at=at, updated_at=at)
        unchanged = (order.version, order.updated_at) == (base.version, base.updated_at)
        return order if unchanged or order.updated_at == at else order.changed(updated_at=at)

    def date(self, keys: Collection[Key]) -> None:
        """Have these orders, which were made or changed here, bear the time of the commit."""
        orders, committed, now = self.orders, self.committed, self.now
        # Where the commit has the time that decisions went by, only an order that was changed more
        # than once may bear another.
        self.redated = any(at != now for at in committed.values()) or any(
            orders[key].updated_at != now for key in keys
        )
        if self.redated:
            for key in keys:
                orders[key] = self.dated(orders[key])

    def seen(self, job: Job) -> Seen | None:
        """What is known here of a job's order; None for a job without one."""
        key = (job.org, job.order_id or b"")
        order = self.orders.get(key)
        if order is None:
            return None
        org, reservations = self.orgs[order.org], self.reservations.get(key, {})
        return Seen(org, order, reservations, self.attempts.get(key), job)

    def dirt(self, table: str) -> Dirt:
        """The changed keys of a table."""
        found = self.touched.get(table)
        if found is None:
            found = self.touched[table] = Dirt()
        return found

    def absorb(self, changes: Changes) -> None:
        """Take a decision's changes over: later commands see them, the store writes them."""
        self._absorb_orders(changes)
        self.breathe()
        self._absorb_catalogue(changes)
        self._absorb_stock(changes)
        self._absorb_pipeline(changes)
        self._absorb_announced(changes)

    def remember(self, answer: StoredAnswer) -> None:
        """Keep the answer given under an idempotency key."""
        self.answers[answer.org, answer.key] = answer
        self.answers_new.append(answer)

    def _absorb_orders(self, changes: Changes) -> None:
        if changes.orders_new:
            new = self.dirt("orders").new
            for order in changes.orders_new:
                key = (order.org, order.id)
                self.orders[key] = order
                new.add(key)
                self._make_claim(order)
                if order.sender_id is not None:
                    self.by_sender[order.org, order.sender_id, order.origin] = order.id
            self.breathe()
        for order in changes.orders:
            key = (order.org, order.id)
            if not is_live(order.facets) and is_live(self.orders[key].facets):
                self._let_claim_go(order)
            self.orders[key] = order
            self.dirt("orders").dirty.add(key)
        for order in changes.reasons:
            self.orders[order.org, order.id] = order
            self.dirt(REASONS).dirty.add((order.org, order.id))
        self._absorb_lines(changes)
        self.events.extend(changes.events)

    def _make_claim(self, order: Order) -> None:
        if order.shares_payment_of is not None:
            self.sharing.append(order)
        elif claim := claim_of(order):
            self.claims[claim] = self.claims_new[claim] = order.id

    def _let_claim_go(self, order: Order) -> None:
        """An order that ended claims nothing more. Whether it did need not have been read."""
        claim = claim_of(order)
        if claim is None or order.shares_payment_of is not None:
            return
        if self.claims.get(claim) == order.id:
            del self.claims[claim]
            if self.claims_new.pop(claim, None):
                return
        self.claims_gone.add((claim, order.id))

    def _absorb_lines(self, changes: Changes) -> None:
        if not (changes.lines_new or changes.lines or changes.lines_gone):
            return
        dirt = self.dirt("order_lines")
        for org, order_id, line in changes.lines_new:
            line_key = (org, order_id, line.id)
            self.lines[line_key] = line
            dirt.new.add(line_key)
        for org, order_id, line in changes.lines:
            self.lines[org, order_id, line.id] = line
            dirt.dirty.add((org, order_id, line.id))
        for org, order_id, line in changes.lines_gone:
            line_key = (org, order_id, line.id)
            if line_key in dirt.new:
                dirt.new.discard(line_key)
            else:
                dirt.gone.add(line_key)
            dirt.dirty.discard(line_key)

    def _absorb_catalogue(self, changes: Changes) -> None:
        for variant in changes.variants_new.values():
            key = (variant.org, variant.id)
            self.variants[key] = variant
            self.by_entry[variant.org, variant.entry_id] = variant.id
            self.dirt("variants").new.add(key)
        for variant in changes.variants:
            self.variants[variant.org, variant.id] = variant
            self.dirt("variants").dirty.add((variant.org, variant.id))
        self.breathe()
        for name, row in changes.variant_names.items():
            self.variant_names[name] = row
            self.dirt("variant_names").new.add(name)
        self.breathe()
        for place in changes.locations_new:
            self.locations.add(place)
            self.dirt("locations").new.add(place)
        for customer in changes.customers_new.values():
            self.customers[customer.org, customer.id] = customer
            self.dirt("customers").new.add((customer.org, customer.id))
        for customer in changes.customers.values():
            self.customers[customer.org, customer.id] = customer
            self.dirt("customers").dirty.add((customer.org, customer.id))
        for name, row in changes.customer_names.items():
            self.customer_names[name] = row
            self.dirt("customer_names").new.add(name)

    def _absorb_stock(self, changes: Changes) -> None:
        for key, level in changes.levels.items():
            dirt = self.dirt("stock_levels")
            (dirt.dirty if key in self.levels else dirt.new).add(key)
            self.levels[key] = level
        self.exact_stock = self.exact_stock or changes.exact_stock
        self.entries.extend(changes.entries)
        for reservation in changes.reservations:
            held = self.reservations.setdefault((reservation.org, reservation.order_id), {})
            dirt = self.dirt("reservations")
            row = (reservation.org, reservation.order_id, reservation.line_id)
            (dirt.dirty if reservation.line_id in held else dirt.new).add(row)
            held[reservation.line_id] = reservation

    def _absorb_announced(self, changes: Changes) -> None:
        for made in changes.announced_new:
            key = (made.org, made.text)
            self.announced.add(key)
            self.announced_new[key] = made
            self.orgs[made.org] = self.orgs[made.org]._replace(announced=True)
        for key in changes.announced_gone:
            self.announced.discard(key)
            if self.announced_new.pop(key, None) is None:
                self.announced_gone.add(key)

    def _absorb_pipeline(self, changes: Changes) -> None:
        for job in changes.jobs:
            key = (job.org, job.id)
            dirt = self.dirt("jobs")
            (dirt.dirty if key in self.jobs else dirt.new).add(key)
            self.jobs[key] = job
        for job in changes.jobs_done:
            key = (job.org, job.id)
            self.jobs.pop(key, None)
            dirt = self.dirt("jobs")
            if key in dirt.new:
                dirt.new.discard(key)
            else:
                dirt.gone.add(key)
            dirt.dirty.discard(key)
        for attempt in changes.attempts:
            key = (attempt.org, attempt.order_id)
            before = self.attempts.get(key)
            dirt = self.dirt("payment_attempts")
            row = (attempt.org, attempt.order_id, attempt.number)
            (dirt.dirty if before and before.number == attempt.number else dirt.new).add(row)
            self.attempts[key] = attempt
