"""The result of a step, brought to the book. This module sends the step's command, sends it again
while the book is away, decides what a refusal means for the job, and finds the step that follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from entrepot.core.commands import Command
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob
from entrepot.core.decide.wake import WakeStep
from entrepot.core.notice import Topics
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import Result, StepResult
from entrepot.pipeline.holding import Holding
from entrepot.pipeline.retry import next_try
from entrepot.pipeline.steps import HeldJob, Terms, park, put_off, request_id
from entrepot.pipeline.steps.outside import SANDBOX
from entrepot.pipeline.steps.table import in_hand
from entrepot.store.engine import Unavailable
from entrepot.store.reading import notices
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

# The pipeline sends a command again after one of these.
TRIED_AGAIN = frozenset({Reason.UNAVAILABLE, Reason.OVERLOADED})
# Finds (reference, id) of kept notifications: a function of store.reading.notices.
Find: TypeAlias = Callable[..., list[tuple[str, str]]]


def awaited(held: HeldJob, command: DeferJob) -> set[str]:
    """The provider's references of what the job's payment waits for."""
    payment = held.payment
    operations = payment.operations if payment else ()
    known = {one.provider_reference for one in operations if one.state == "running"}
    if command.running is not None:
        known.add(command.running.provider_reference)
    return {one for one in known if one}


def taken_by(held: HeldJob, command: Command) -> set[str]:
    """The provider's references of money that was found taken: by the capture that was asked for,
    by somebody else, or before the provider was asked.
    """
    own = None
    if isinstance(command, SettleOperation):
        own = command.provider_reference if command.done and held.job.kind == "capture" else None
    elif isinstance(command, SettlePayment):
        own = command.provider_reference if command.outcome == "captured" else None
    else:
        return set()
    return {one for one in (own, *[found.reference for found in command.captures]) if one}


class Concluding:
    """The end of every step of one process; the next step of a job is held as the one before."""

    def __init__(self, writer: Writer, holding: Holding, terms: Terms) -> None:
        self._writer = writer
        self._holding = holding
        self._terms = terms
        self._reports = holding.reports

    async def conclude(
        self, held: HeldJob, command: Command, refusal: Refusal | None = None
    ) -> None:
        """Bring a step's command to the book. `refusal`: the book has refused it once already."""
        result: Result | Refusal = refusal or await self._submitted(held, command)
        tries = 0
        while isinstance(result, Refusal) and result.reason in TRIED_AGAIN:
            # The command is still right; the lease holds the job meanwhile.
            policy = self._terms.policies["book"]
            wait = next_try(tries, policy, self._terms.random01(), None)
            if wait is None or self._terms.now() > held.job.leased_until:
                self._reports.tell("pipeline.left_to_its_lease", held, why=result.reason.code)
                return
            await asyncio.sleep(wait)
            result, tries = await self._submitted(held, command, again=True), tries + 1
        if not isinstance(result, Refusal):
            self._taken(held, command, result)
            if isinstance(command, DeferJob) and held.payment is not None:
                await self._hear(held, command)
            elif taken := taken_by(held, command):
                await self._hear_disputes(held, taken)
        elif result.reason is Reason.STALE_LEASE:
            self._reports.tell_quietly("pipeline.lease_lost", held)
        elif isinstance(command, DeferJob):
            self._reports.tell("pipeline.left_to_its_lease", held, why=result.reason.code)
        elif result.reason is Reason.INTERNAL:
            await self.conclude(held, put_off(held, "unclassified", "internal", self._terms))
        else:
            await self.conclude(held, park(held, result.sentence, self._terms))

    async def _submitted(
        self, held: HeldJob, command: Command, *, again: bool = False
    ) -> Result | Refusal:
        settled = isinstance(command, SettlePayment) and command.outcome == "authorized"
        settled = settled and held.job.kind == "authorise"
        seen = held.seen if settled and not again else None
        envelope = Envelope(command, request_id(held), None, None, seen, held.actor)
        return (await self._writer.submit(envelope)).result

    async def _hear(self, held: HeldJob, command: DeferJob) -> None:
        """Wake the step for what a provider told while the step was tried.

        The reference that the provider names is written down only now, so that a notification of
        before has found nobody. It is kept, and heard once.
        """
        await self._wake(held, awaited(held, command), notices.unheard, Topics())

    async def _hear_disputes(self, held: HeldJob, taken: set[str]) -> None:
        """Have the payment looked at if a dispute of it was told before its capture was written
        down: a notification of a dispute finds its order by the capture.
        """
        await self._wake(held, taken, notices.of_disputes, Topics(dispute=True))

    async def _wake(self, held: HeldJob, references: set[str], find: Find, topics: Topics) -> None:
        """Wake the step once for each notification that `find` finds of these references.

        While the book is away nobody is woken: the step asks again by itself, and the next
        notification of a dispute has the payment looked at.
        """
        org, service = held.job.org, held.payment.payment.service if held.payment else ""
        if not references or service in ("", SANDBOX):
            return
        look = partial(find, org=org, service=service, references=references)
        found: list[tuple[str, str]] = []
        with suppress(Unavailable):
            found = await self._holding.database.read(look)
        for reference, event in found:
            wake = WakeStep(org, service, reference, event, topics)
            await self._writer.submit(Envelope(wake, actor=held.actor))

    def _taken(self, held: HeldJob, command: Command, result: Result) -> None:
        if isinstance(command, DeferJob) and isinstance(result, StepResult) and result.job:
            self._reports.tell_put_off(held, command, result.job)
        else:
            self._reports.tell_quietly("pipeline.went", held)
        self._follow(held, result)

    def went(self, held: HeldJob, result: Result) -> None:
        """Go on after a step that the book has decided alone."""
        self._reports.tell_quietly("pipeline.went", held)
        self._follow(held, result)

    def _follow(self, held: HeldJob, result: Result) -> None:
        """The job's next step, if it has one, without a look into the table."""
        if not isinstance(result, StepResult) or result.job is None:
            return
        job, funds = result.job, result.funds
        if job.leased_until == 0:
            # Later ones are found by looking into the table now and then.
            if job.state == "due":
                self._holding.wake_at(job.run_at)
            return
        if held.step.perform is None:
            self._holding.tell_sandbox(funds)
        stage = result.order.facets.stage if result.order else held.stage
        self._holding.add(in_hand(job, stage, funds))
