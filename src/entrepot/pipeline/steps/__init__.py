"""The steps: each does one thing for one held job, and says by a command what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from entrepot.core import actor, refunds
from entrepot.core.commands import Command
from entrepot.core.decide.jobs import PUT_OFF_MAX
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob
from entrepot.core.funds import Funds
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.order import Job
from entrepot.core.payment import OPEN, CaptureFound, FullPayment, Operation
from entrepot.core.seen import Seen
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.retry import Policy, next_try
from entrepot.providers.payment import (
    Captured,
    Differs,
    NotSent,
    OperationRequest,
    PaymentRequest,
    Unknown,
)

if TYPE_CHECKING:
    from entrepot.pipeline.steps.outside import Outside

LET_GO_THERE = "let the money go there, or give it back, then resolve"
NOT_IN_TIME = "the payment was not authorised while the stock was held"
# States of an authorisation that holds no money and will hold none.
WITHOUT_MONEY = frozenset({"declined", "given_up"})
# A step that could not read the book is done again after this time, or up to twice it.
AWAY_SECONDS = 1.0


# The lanes of jobs: BOOK for the writer, SOURCE for sources of orders, SERVICE for payment
# services.
BOOK, SOURCE, SERVICE = "book", "source", "service"


class Step(NamedTuple):
    """How jobs of one kind are done: a row in pipeline.steps.table.STEPS."""

    lane: str  # BOOK, SOURCE or SERVICE
    # Performs the step and returns the command that tells its result. None: the book decides alone.
    perform: Callable[[HeldJob, Outside, Terms], Awaitable[Command]] | None = None
    holds_stock: bool = False  # a hold of the order's stock ends while the job waits
    of_request: bool = True  # its payload is the id of the request that placed its order


class HeldJob(NamedTuple):
    """A job under this process's lease, with what is known of its order."""

    job: Job
    step: Step
    stage: str | None = None
    payment: FullPayment | None = None  # the payment that the step is about
    funds: Funds | None = None  # all payments of the order
    seen: Seen | None = None  # the whole order, where this process has just written it
    held_until: int | None = None  # when the hold of the order's stock ends, if that was read
    # Another live order that the payment pays: read before money is let go.
    pays_another: bytes | None = None

    @property
    def actor(self) -> str:
        """The sender of this step's commands, as their events tell the sender."""
        return actor.step(self.job.kind)


class Terms(NamedTuple):
    """The terms of every step: the clock (microseconds UTC), chance, and how patient to be."""

    now: Callable[[], int]
    random01: Callable[[], float]
    policies: Mapping[str, Policy]
    hold_seconds: float = 86_400.0  # how long stock waits for a payment
    pending_seconds: float = 5.0  # how often a pending payment is asked for
    late_seconds: float = 120.0  # how long a call of a worker that lost its job may be on its way

    def poll_at(self) -> int:
        """When a provider is asked again for an outcome that it says later."""
        return self.now() + int(self.pending_seconds * MICROSECONDS)


def put_off(
    held: HeldJob, policy: str, error: str, terms: Terms, retry_after: float | None = None
) -> DeferJob:
    """A failed try: again later as the policy says, or parked with its order when it gives up.

    Never later than the hold of the order's stock ends.
    """
    tries_max = terms.policies[policy].tries_max
    wait = next_try(held.job.tries, terms.policies[policy], terms.random01(), retry_after)
    if wait is None and policy == "void":
        return hold_money(held, error, terms)
    if wait is None:
        return park(held, f"gave up after {held.job.tries + 1} tries: {error}", terms)
    now = terms.now()
    run_at, ends = now + int(wait * MICROSECONDS), hold_ends(held, terms)
    if ends is not None and ends > now:
        run_at = min(run_at, ends)
    step = policy if policy == "void" else held.job.kind
    turn = f"{step}, try {held.job.tries + 2} of {tries_max}, next {_time_of_day(run_at)}"
    return _defer(held, run_at, error)._replace(waiting=f"{turn}: {error}")


def unanswered(
    held: HeldJob, policy: str, error: str, answer: NotSent | Unknown, terms: Terms
) -> DeferJob:
    """A try without an outcome: again as the policy says, and no sooner than the service wants."""
    retry_after = answer.retry_after if isinstance(answer, NotSent) else None
    return put_off(held, policy, error, terms, retry_after)


def hold_money(held: HeldJob, error: str, terms: Terms) -> DeferJob:
    """The money of an ended order cannot be let go now: again every hour until it is. The order
    says so.
    """
    run_at = terms.now() + PUT_OFF_MAX
    waiting = f"void, try {held.job.tries + 2}, next {_time_of_day(run_at)}: {error}"
    deferred = _defer(held, run_at, error)
    return deferred._replace(waiting=waiting, money_held=True)


def wait_until(held: HeldJob, run_at: int, error: str, waiting: str = "") -> DeferJob:
    """The step again at `run_at`: its time has not come, and nothing failed."""
    return _defer(held, run_at, error)._replace(counted=False, waiting=waiting)


def unread(held: HeldJob, terms: Terms) -> DeferJob:
    """The book could not be read in the middle of the step: the step is no failure, and is done
    again soon. What the job and its order say of it stays.
    """
    wait = AWAY_SECONDS * (1 + terms.random01())
    return wait_until(held, terms.now() + int(wait * MICROSECONDS), held.job.last_error or "")


def park(held: HeldJob, error: str, terms: Terms) -> DeferJob:
    """Leave the job and its order to the operator, who sees `error`.

    A step that holds stock comes again by itself when the hold ends.
    """
    run_at = now = terms.now()
    if held.step.holds_stock:
        ends = hold_ends(held, terms) or now
        run_at = ends if ends > now else now + int(terms.hold_seconds * MICROSECONDS)
    return _defer(held, run_at, error)._replace(parked=True)


def unless_lapsed(held: HeldJob, command: Command, terms: Terms) -> Command:
    """The step's command; but where it would go on waiting although the hold of the stock has
    ended, the command that gives the stock back and leaves the payment to be voided.
    """
    if not isinstance(command, DeferJob):
        return command
    ends = hold_ends(held, terms)
    if ends is None or terms.now() < ends:
        return command
    return settled(held, "lapsed", NOT_IN_TIME)


def settled(
    held: HeldJob, outcome: str, detail: str, provider_reference: str | None = None,
    captures: tuple[CaptureFound, ...] = (),
) -> SettlePayment:  # fmt: skip
    """The command that records what came of the held job's payment, with the captures that its
    service told of.
    """
    job = held.job
    assert job.order_id is not None, "a payment belongs to an order"
    number = 1 if held.payment is None else held.payment.payment.number
    return SettlePayment(
        job.org, job.order_id, job.id, job.fence, outcome, detail, provider_reference,
        payment=number, captures=captures,
    )  # fmt: skip


def taken_in_part(payment: FullPayment, answer: Captured) -> bool:
    """Whether the captures that a service tells of took another amount than it was asked to hold:
    somebody had a part taken there, and the rest let go.
    """
    told = sum([one.units for one in answer.captures])
    return bool(answer.captures) and told != payment.authorisation.units


def its_money_stays(held: HeldJob, payment: FullPayment) -> str | None:
    """A sentence of a payment whose money another live order has; None where no other has it."""
    if held.pays_another is None:
        return None
    other = dashed(held.pays_another)
    return f"{payment.payment.reference} pays order {other}, and its money stays"


def hold_ends(held: HeldJob, terms: Terms) -> int | None:
    """When the hold of the order's stock ends; None where the step holds no stock.

    Never later than a hold that began now: a clock that stood ahead has made no longer one.
    """
    payment = held.payment
    if not held.step.holds_stock or payment is None or held.stage != "placed":
        return None
    if payment.authorisation.state not in OPEN or payment.open_void is not None:
        return None
    hold = int(terms.hold_seconds * MICROSECONDS)
    ends = held.held_until
    if ends is None and held.seen is not None:
        claims = held.seen.reservations
        ends = min((one.held_until for one in claims if one.state == "held"), default=None)
    if ends is None:
        ends = payment.payment.created_at + hold
    return min(ends, terms.now() + hold)


def _time_of_day(at: int) -> str:
    """A time within the next hour or so."""
    return moment(at).partition("T")[2]


def _defer(held: HeldJob, run_at: int, error: str) -> DeferJob:
    job = held.job
    return DeferJob(
        job.org, job.id, job.fence, run_at, error, order_id=job.order_id, stage=held.stage
    )


def request_id(held: HeldJob) -> str | None:
    """The id of the request that placed the job's order; None where the job is of no request."""
    return held.job.payload if held.step.of_request else None


def request_of(held: FullPayment) -> PaymentRequest:
    """The payment as it was committed before the first byte left, under its authorisation's key."""
    payment, first = held.payment, held.authorisation
    return PaymentRequest(
        first.key, dashed(payment.order_id), payment.reference, first.units, payment.amount.scale,
        payment.currency, payment.number, first.created_at,
    )  # fmt: skip


def operation_request(
    held: FullPayment, operation: Operation, *, several: bool = True
) -> OperationRequest:
    """The capture, void or refund as it was committed before the first byte left.

    `several`: whether the service captures more than once. A capture is final if the service does
    not, or if nothing is left behind it.
    """
    assert operation.kind != "authorise", "an authorisation is asked for by the payment's request"
    of: Operation | None = held.authorisation
    if operation.kind == "refund":
        of = refunds.capture_of(held, operation)
    return OperationRequest(
        key=operation.key,
        payment=request_of(held),
        of=None if of is None else of.provider_reference,
        units=operation.units,
        final=operation.kind != "capture" or not several or held.is_last(operation),
        kind=operation.kind,  # type: ignore[arg-type]  # one of core.payment.KINDS
    )


def both_amounts(held: FullPayment, answer: Differs, remedy: str) -> str:
    """What the provider's object is of, what the order is of, and what a person does about it."""
    payment = held.payment
    theirs = f"{Amount(answer.units, answer.scale).text()} {answer.currency}"
    ours = f"{Amount(held.authorisation.units, payment.amount.scale).text()} {payment.currency}"
    of = "the order" if payment.number == 1 else "what the order costs more"
    if held.is_renewal:
        of = "what the order has to pay"
    return f"{payment.service}: the payment is of {theirs}, and {of} of {ours}: {remedy}"


def blindly(operation: Operation, resend_seconds: float, now: int) -> bool:
    """Whether the request may be sent without asking first what became of an earlier one.

    The service keeps the key of a request for so long. Later, the same key would be a new request.
    """
    age = now - operation.created_at
    return operation.state == "prepared" and 0 <= age < resend_seconds * MICROSECONDS
