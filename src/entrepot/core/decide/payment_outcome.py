"""The case of an outcome of a payment, and the payment after it: shared by all outcomes."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import actor, events, references
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.moves import stand
from entrepot.core.decide.waiting import says
from entrepot.core.facets import Facets
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.order import Job, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import CaptureFound, FullPayment


class Case(NamedTuple):
    """An order, its payments, the one that the outcome is of, and the step's job."""

    order: Order
    funds: Funds
    payment: FullPayment
    job: Job

    def put(self, payment: FullPayment) -> Case:
        """With the payment as it moved on."""
        return Case(self.order, self.funds.put(payment), payment, self.job)

    @property
    def service(self) -> str:
        """The service that the payments are at."""
        return self.payment.payment.service


def given_up(payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    """The payment after a void: no money is held, and none can come any more. What was captured is
    no part of the void. What is held besides, because a capture failed after the void was written
    down, was let go with it.
    """
    void = payment.void(facts.now).moved("done", facts.now)
    moved = [void]
    if not payment.taken:
        moved.append(references.over(payment, "given_up", facts.now))
    changes.operations.put_all(moved)
    return rest_let_go(payment.put(*moved), None, facts, changes)


def declined(payment: FullPayment, told: str | None, facts: Facts, changes: Changes) -> FullPayment:
    """The payment, of which the service holds no money and will hold none. `told`: the service's
    reference of what was declined.
    """
    first = references.over(payment, "declined", facts.now, told)
    changes.operations.put(first)
    return without_void(payment.put(first), facts, changes)


def held_no_more(
    payment: FullPayment, found: tuple[CaptureFound, ...], facts: Facts, changes: Changes
) -> FullPayment:
    """The payment, of which somebody had these captures made at the service, and of which the rest
    was let go.
    """
    payment = capturing.found_there(payment, found, facts, changes)
    return rest_let_go(without_void(payment, facts, changes), None, facts, changes)


def rest_let_go(
    payment: FullPayment, reference: str | None, facts: Facts, changes: Changes
) -> FullPayment:
    """The payment, of which the service let go of all that is held and was not taken. `reference`:
    the service's own of the capture with which it did.
    """
    if not payment.held:
        return payment
    rest = payment.void(facts.now).moved("done", facts.now, reference)
    changes.operations.put(rest)
    return payment.put(rest)


def without_void(payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    """The payment, of which nothing is held that could be let go."""
    if (void := payment.open_void) is None:
        return payment
    void = void.moved("given_up", facts.now)
    changes.operations.put(void)
    return payment.put(void)


def paid_as(order: Order, funds: Funds) -> Order:
    """The order in the payment facet that its payments have now."""
    return stand(order, with_facet(order, funds))


def with_facet(order: Order, funds: Funds) -> Facets:
    """The facets of the order with the payment facet that its payments have now."""
    stage, payment, fulfilment, returns = order.facets
    return Facets(stage, funds.facet_after(payment), fulfilment, returns)


LET_GO = "the hold was let go before its end"


def short(order: Order, full: FullPayment, detail: str = "", became: str = LET_GO) -> Order:
    """The order, with a reason if it runs and money that is due of it is held no more. `became`:
    what became of the hold.
    """
    if order.is_off or full.payment.amount.units <= full.taken:
        return order
    why = f"{full.payment.service} holds no money of the order any more: {became}"
    return says(order, OrderReason.HOLD_LAPSES, f"{why}; {detail}" if detail else why)


def tell(
    case: Case, order: Order, type_: str, facts: Facts, changes: Changes,
    detail: dict[str, Any] | None = None, **moved: Any,
) -> Order:  # fmt: skip
    """The order with an event that its service made happen; `moved`: see `events.happened`."""
    order, told = events.happened(
        order, type_, facts, "pipeline", detail, actor.provider(case.service), **moved
    )
    changes.events.append(told)
    return order
