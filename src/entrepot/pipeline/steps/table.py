"""The steps of the pipeline, a row for each kind of job. The names of the kinds are in `core`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from entrepot.core.commands import Command
from entrepot.core.decide.late_money import again_at
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob, FinishJob
from entrepot.core.facets import ENDED
from entrepot.core.funds import Funds
from entrepot.core.order import Job
from entrepot.core.references import is_payment
from entrepot.core.seen import Seen
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.steps import (
    BOOK,
    SERVICE,
    SOURCE,
    HeldJob,
    Step,
    Terms,
    hold_ends,
    park,
    wait_until,
)
from entrepot.pipeline.steps.authorise import authorise
from entrepot.pipeline.steps.fetch import fetch
from entrepot.pipeline.steps.hear import hear
from entrepot.pipeline.steps.look import look
from entrepot.pipeline.steps.operate import capture, refund
from entrepot.pipeline.steps.outside import Outside
from entrepot.pipeline.steps.push import push
from entrepot.pipeline.steps.void import void
from entrepot.providers.payment import PaymentProvider

# Steps by which money of a payment may go back, and the one that tells an operator to send it back.
_LETS_GO = frozenset({"authorise", "increase", "void", "refund", "look"})


def _with_service(
    ask: Callable[[HeldJob, PaymentProvider, Terms], Awaitable[Command]],
) -> Callable[[HeldJob, Outside, Terms], Awaitable[Command]]:
    """A step that asks the payment service of its order's payment."""

    async def perform(held: HeldJob, outside: Outside, terms: Terms) -> Command:
        if held.payment is None:
            if held.funds is not None:
                # What the step was made for is over.
                return FinishJob(held.job.org, held.job.id, held.job.fence)
            return await _nothing(held, outside, terms)
        service = held.payment.payment.service
        provider = await outside.service(held.job.org, service)
        if provider is None:
            return park(held, f"{service} has no account here any more", terms)
        held = await _with_other(held, outside, terms)
        rest = outside.rest(held.job.org, service)
        if rest:
            again = terms.now() + int(rest * MICROSECONDS)
            why = f"{service} fails, and is left alone"
            return wait_until(held, again, why, f"{why} until {moment(again)}")
        return await ask(held, provider, terms)

    return perform


async def _with_other(held: HeldJob, outside: Outside, terms: Terms) -> HeldJob:
    """The job with the other live order that its payment pays, where money may go now: the order is
    no longer placed, or its time is over. A refund of an order that runs was asked for by somebody.

    An order that ended reads this after its end was written down, also one whose time was over. So
    of two orders with one payment that end at once, the later one finds no other (docs/adr/0077).
    """
    payment = held.payment
    if payment is None or held.job.kind not in _LETS_GO:
        return held
    its = payment.payment
    if not is_payment(its.service, its.reference):
        return held
    ends = hold_ends(held, terms)
    if held.stage == "placed" and (ends is None or terms.now() < ends):
        return held
    if held.job.kind == "refund" and held.stage not in ENDED:
        return held
    claim = (its.org, its.provider.lower(), its.reference)
    other = await outside.pays_another(claim, its.order_id)
    return held if other is None else held._replace(pays_another=other)


_ask_for_money, _look_at_money = _with_service(authorise), _with_service(look)


async def _authorise(held: HeldJob, outside: Outside, terms: Terms) -> Command:
    """Ask for the money, and tell the book when the organization takes it."""
    command = await _ask_for_money(held, outside, terms)
    if isinstance(command, SettlePayment) and command.outcome == "authorized":
        capture = await outside.capture(held.job.org)
        return command if capture == command.capture else command._replace(capture=capture)
    return command


async def _look(held: HeldJob, outside: Outside, terms: Terms) -> Command:
    """Look at payments. A look that called an operator is made again by itself, and calls the
    operator until the service has answered.
    """
    command = await _look_at_money(held, outside, terms)
    if not isinstance(command, DeferJob):
        return command
    if held.job.state == "parked":
        told = held.job.last_error or command.error
        command = command._replace(parked=True, counted=False, error=told, waiting="")
    return command._replace(run_at=again_at(held.job, terms.now())) if command.parked else command


async def _nothing(held: HeldJob, _outside: Outside, terms: Terms) -> Command:
    return park(held, f"there is nothing to {held.job.kind}", terms)


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "reserve": Step(BOOK),
        "authorise": Step(SERVICE, _authorise, holds_stock=True),
        "increase": Step(SERVICE, _authorise),
        "void": Step(SERVICE, _with_service(void)),
        "capture": Step(SERVICE, _with_service(capture)),
        "refund": Step(SERVICE, _with_service(refund)),
        "look": Step(SERVICE, _look),
        "hear": Step(SERVICE, hear),
        "push": Step(SOURCE, push, of_request=False),
        "fetch": Step(SOURCE, fetch, of_request=False),
    }
)
# A kind of job that this version does not know.
_UNKNOWN = Step(SERVICE, _nothing)


def in_hand(
    job: Job,
    stage: str | None = None,
    funds: Funds | None = None,
    seen: Seen | None = None,
    held_until: int | None = None,
) -> HeldJob:
    """The job with its row of the table, and what is known of its order."""
    payment = None if funds is None else funds.for_step(job.kind)
    return HeldJob(job, STEPS.get(job.kind, _UNKNOWN), stage, payment, funds, seen, held_until)
