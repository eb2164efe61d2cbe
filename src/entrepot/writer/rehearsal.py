"""A command carried out on paper: decided by the same rules against the book as it is, not kept.

Nothing is written: the facts of the rehearsal are read in a snapshot and dropped.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core import beside
from entrepot.core.beside import Beside
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Event, Job, Level, Order
from entrepot.core.payment import Operation, Payment
from entrepot.core.results import OrderResult
from entrepot.store.writing.working_set import load
from entrepot.writer.batch import add, judge
from entrepot.writer.envelope import Envelope, Outcome


class Moved(NamedTuple):
    """A stock level before and after; no level is there before the first stock comes."""

    before: Level | None
    after: Level


class Owed(NamedTuple):
    """An operation that a payment service would be asked for, with its payment."""

    payment: Payment
    operation: Operation


class Rehearsal(NamedTuple):
    """What would come of a command. `order` is the order after it and, of a new order, after its
    stock is reserved.
    """

    outcome: Outcome
    order: Order | None = None
    beside: Beside | None = None
    stock: tuple[Moved, ...] = ()
    money: tuple[Owed, ...] = ()
    events: tuple[Event, ...] = ()


def rehearse(conn: Connection, envelope: Envelope, facts: Facts) -> Rehearsal:
    """Decide the command against what the connection's snapshot has; nothing is written."""
    needs = Needs(reserving=True)
    add(envelope, needs)
    load(conn, needs, facts, lock=False)
    outcome = judge(envelope, facts, _first_step)
    if not isinstance(outcome.result, OrderResult):
        return Rehearsal(outcome)
    order = outcome.result.order
    key = (order.org, order.id)
    return Rehearsal(
        outcome, facts.orders[key], beside.known(key, facts), _stock(facts), _money(facts),
        tuple(facts.events),
    )  # fmt: skip


def _first_step(job: Job) -> ReserveStock:
    """The step that follows a placed order. Its key is never sent: the payment is not kept."""
    return ReserveStock(
        job.org, job.order_id or b"", job.id, job.fence, b"rehearsal", frozenset(), job.created_at
    )


def _stock(facts: Facts) -> tuple[Moved, ...]:
    levels = facts.levels
    return tuple([
        Moved(levels.base.get(key), levels.now[key]) for key in sorted(levels.new | levels.dirty)
    ])  # fmt: skip


def _money(facts: Facts) -> tuple[Owed, ...]:
    operations, payments = facts.operations, facts.payments
    return tuple([
        Owed(payments.now[key[:3]], operations.now[key])
        for key in sorted(operations.new | operations.dirty)
    ])  # fmt: skip
