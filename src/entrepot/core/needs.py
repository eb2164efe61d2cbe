"""Which rows a command has to see before it can be decided. The store reads them in sets."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any

from entrepot.core import ids
from entrepot.core.claims import Claim, claim
from entrepot.core.commands import (
    AdjustStock,
    AmendOrder,
    Command,
    CustomerRef,
    DeferJob,
    DraftLine,
    FinishJob,
    MirrorOrders,
    NotifyOrder,
    PlaceOrder,
    ReserveStock,
    ResumeJob,
    ResumeOrder,
    SettlePayment,
)
from entrepot.core.decide.notify import fetch_job_id, named_in
from entrepot.core.kinds import K, Kind, R


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
    customers: set[tuple[int, bytes]] = field(default_factory=set)
    customer_names: set[tuple[int, str, str]] = field(default_factory=set)
    locations: set[tuple[int, bytes]] = field(default_factory=set)
    jobs: set[tuple[int, bytes]] = field(default_factory=set)
    shelves: set[tuple[int, bytes, bytes]] = field(default_factory=set)
    # Locations, None for the organization's default one, where the stock of every variant of it
    # that is wanted has to be seen: lines stand there that do not say both ids.
    places: set[tuple[int, bytes | None]] = field(default_factory=set)
    # What may be announced: known beforehand, or by the orders that these commands bring.
    announced: set[tuple[int, str]] = field(default_factory=set)
    bringing: list[Command] = field(default_factory=list)
    # Payment references that new orders come with.
    claims: set[Claim] = field(default_factory=set)
    # Orders whose stock, reservations and attempt have to be seen as well.
    whole: set[tuple[int, bytes]] = field(default_factory=set)
    # Orders whose jobs have to be seen: of any order, or of one that may be ended by a word.
    steps: set[tuple[int, bytes]] = field(default_factory=set)
    ending: set[tuple[int, bytes]] = field(default_factory=set)
    # Rows of kinds that have no set of their own here: see `of`.
    others: dict[Kind[Any, Any], set[Any]] = field(default_factory=dict)

    def of(self, kind: Kind[K, R]) -> set[K]:
        """The keys that are wanted of a kind without a set of its own; more can be added."""
        return self.others.setdefault(kind, set())

    def add(self, command: Command) -> None:
        """Add what this command has to see."""
        self.orgs.add(command.org)
        match command:
            case PlaceOrder():
                self.bringing.append(command)
                self._lines(command.org, command.lines, stock=self.reserving)
                self._customer(command.org, command.customer)
                if payment := claim(command.org, command.said):
                    self.claims.add(payment)
            case MirrorOrders():
                self._mirror(command)
            case ResumeOrder():
                self.orders.add((command.org, command.order_id))
                self.steps.add((command.org, command.order_id))
            case ResumeJob():
                self.jobs.add((command.org, command.job))
            case AmendOrder():
                self.bringing.append(command)
                self._whole(command.org, command.order_id)
                self.ending.add((command.org, command.order_id))
                self._lines(command.org, command.create_lines, stock=True)
            case NotifyOrder():
                self.texts.add((command.org, command.order_text, command.source))
                self.announced.add((command.org, command.order_text))
                self.jobs.add((command.org, fetch_job_id(command.org, command.order_text)))
            case AdjustStock():
                self.variants.add((command.org, command.variant_id))
                self.locations.add((command.org, command.location_id))
                self.shelves.add((command.org, command.variant_id, command.location_id))
            case ReserveStock() | SettlePayment():
                self._whole(command.org, command.order_id)
                self.jobs.add((command.org, command.job_id))
            case DeferJob() | FinishJob():
                self.jobs.add((command.org, command.job_id))
                if isinstance(command, DeferJob) and command.order_id:
                    self.orders.add((command.org, command.order_id))

    def announced_in(self, orgs: Container[int]) -> set[tuple[int, str]]:
        """What the commands may find announced, where something is announced at all."""
        wanted = set(self.announced)
        for command in self.bringing:
            if command.org in orgs:
                wanted.update((command.org, text) for text in named_in(command))
        return wanted

    def _whole(self, org: int, order_id: bytes) -> None:
        self.orders.add((org, order_id))
        self.whole.add((org, order_id))

    def _lines(self, org: int, lines: Iterable[DraftLine], *, stock: bool) -> None:
        for line in lines:
            ref = line.variant
            if ref.variant_id is not None:
                self.variants.add((org, ref.variant_id))
            if ref.entry_id is not None:
                self.entries.add((org, ref.entry_id))
            for kind, value in ref.names:
                self.variant_names.add((org, kind, value))
            if line.location_id is not None:
                self.locations.add((org, line.location_id))
            if not stock:
                continue
            if line.location_id is not None and ref.variant_id is not None:
                self.shelves.add((org, ref.variant_id, line.location_id))
            else:
                self.places.add((org, line.location_id))

    def _customer(self, org: int, customer: CustomerRef) -> None:
        if customer.customer_id is not None:
            self.customers.add((org, customer.customer_id))
        if customer.own is not None:
            self.customer_names.add((org, *customer.own))
        for kind, value in customer.identifiers:
            self.customer_names.add((org, kind, value))

    def _mirror(self, command: MirrorOrders) -> None:
        self.bringing.append(command)
        if command.job_id is not None:
            self.jobs.add((command.org, command.job_id))
        if command.announced is not None:
            self.announced.add((command.org, command.announced))
        for draft in command.drafts:
            self.senders.add((command.org, draft.sender_id, command.source))
            spelled = ids.any_spelling(draft.sender_id)
            if spelled is not None:
                self._whole(command.org, spelled)
                self.ending.add((command.org, spelled))
            self._lines(command.org, draft.lines, stock=False)
            self._customer(command.org, draft.customer)
