"""Events are sent to webhooks, in the order of the log, each webhook by itself.

A webhook belongs to one process at a time, under a lease. Each has a task of its own, so that a
slow receiver delays no other. An event that is not taken is sent again, later and later; those
behind it wait, so that a receiver gets them in order.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from entrepot.core import actor
from entrepot.core.decide.deliver_events import ClaimWebhook, Sent, SettleDeliveries
from entrepot.core.order import Event
from entrepot.core.results import WebhookResult
from entrepot.core.shown import MICROSECONDS
from entrepot.core.webhooks import DISABLED, Webhook
from entrepot.pipeline.walking import Gait, Walking
from entrepot.store.engine import Database, Unavailable
from entrepot.store.keeping import deliveries as keeping
from entrepot.store.reading import webhooks
from entrepot.store.reading.webhooks import ToSend
from entrepot.telemetry import log, metrics
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

LOOK_SECONDS = 0.5
# A round looks at organizations that wrote something since so long before the round before: a
# commit may be seen a while after its time. One round in a minute looks at all.
SLACK_SECONDS, LOOK_AT_ALL_SECONDS = 10.0, 60.0
WEBHOOKS_AT_ONCE = 256
EVENTS_AT_ONCE = 50
# A sender tells what became of its events after so many seconds, whatever is left.
TURN_SECONDS = 2.0
LEASE_SECONDS = 60.0
# Messages that are under way when the process ends have so many seconds.
LAST_SECONDS = 5.0
FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS = 2.0, 3_600.0


class Outcome(Protocol):
    """What a receiver answered; see outbox.sending.Result."""

    @property
    def status(self) -> int | None:
        """The status of the answer, if there was one."""

    @property
    def error(self) -> str | None:
        """Why the message is to be sent again; None where it was taken."""

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more."""

    @property
    def retry_after(self) -> float:
        """The seconds for which the receiver wants to be left alone; 0 where it does not say."""


# Sends an event to a webhook.
Send = Callable[[Webhook, Event, ToSend], Awaitable[Outcome]]


class Deliveries(Walking):
    """The sending of one process. `close` ends what `send` holds; `random01` gives numbers from 0
    up to 1.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        send: Send,
        close: Callable[[], Awaitable[None]],
        *,
        now: Callable[[], int],
        random01: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(
            database, "deliveries", now=now, gait=Gait(LOOK_SECONDS, LEASE_SECONDS),
            monotonic=time.monotonic,
        )  # fmt: skip
        self._writer = writer
        self._send, self._close = send, close
        self._random01 = random01
        self._serving: dict[bytes, asyncio.Task[None]] = {}
        # What was written up to then is sent, or is being sent; and when all were looked at.
        self._since, self._looked_at_all = 0, 0

    async def run(self) -> None:
        """Send until `stop`. A message that is under way then has a few seconds to be taken; after
        that the next process sends it again.
        """
        await super().run()
        if self._serving:
            await asyncio.wait(self._serving.values(), timeout=LAST_SECONDS)
        for task in self._serving.values():
            task.cancel()
        await asyncio.gather(*self._serving.values(), return_exceptions=True)
        await self._close()

    async def round(self) -> int:
        """Begin with the webhooks to which something is to be sent; how many these are."""
        now = self._now()
        # A clock that stood ahead has come back where the last look is yet to come.
        if not 0 <= now - self._looked_at_all < int(LOOK_AT_ALL_SECONDS * MICROSECONDS):
            self._since, self._looked_at_all = 0, now
        look = partial(webhooks.due, now=now, since=self._since, limit=WEBHOOKS_AT_ONCE)
        all_found = await self._database.read_one(look)
        found = [one for one in all_found if one.id not in self._serving]
        free = WEBHOOKS_AT_ONCE - len(self._serving)
        if len(all_found) < WEBHOOKS_AT_ONCE and len(found) <= free:
            self._since = now - int(SLACK_SECONDS * MICROSECONDS)
        for webhook in found[:free]:
            task = asyncio.create_task(self._served(webhook), name="webhook")
            self._serving[webhook.id] = task
            task.add_done_callback(partial(self._done, webhook.id, self._since))
        return len(found)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._serving:
            await asyncio.gather(*self._serving.values())

    def _done(self, webhook_id: bytes, began: int, task: asyncio.Task[None]) -> None:
        self._serving.pop(webhook_id, None)
        # Its organization may have written more than the task read.
        self._since = min(self._since, began)
        error = None if task.cancelled() else task.exception()
        # The database tells of its outage itself.
        if error is not None and not isinstance(error, Unavailable):
            log.error("deliveries.failed", error=type(error).__name__)

    async def _served(self, webhook: Webhook) -> None:
        """Send to one webhook until nothing is left or an event is not taken."""
        claim = ClaimWebhook(webhook.org, webhook.id, webhook.version, self.lease())
        held = await self._written(claim)
        while held is not None and held.leased_until > self._now():
            read = partial(webhooks.to_send, org=held.org, webhook=held, limit=EVENTS_AT_ONCE)
            found = await self._database.read(read)
            command = await self._turn(held, found)
            settled = await self._written(command)
            if settled is None:
                return
            trim = partial(keeping.trim, org=held.org, webhook_id=held.id)
            await self._database.write(trim)
            if settled.state == DISABLED:
                metrics.webhooks_disabled.inc()
                log.warning("webhook.disabled", org=held.org, tries=settled.tries)
            held = settled if command.more and command.retry_at is None else None

    async def _turn(self, held: Webhook, found: ToSend) -> SettleDeliveries:
        """Send what is to be sent, for a while; what is to be written of it."""
        ends = self._monotonic() + TURN_SECONDS
        again, gone = await self._sent_again(held, found, ends)
        if gone:
            return SettleDeliveries(
                held.org, held.id, held.version, held.reached, (), again, gone=True, untried=True,
                missing=found.missing,
            )  # fmt: skip
        left = len(again) < len(found.again)
        sent: list[Sent] = []
        waits = held.waits(self._now()) or left
        reached = held.reached if found.events else found.number
        for event in () if waits else found.events:
            if held.wants(event.type):
                outcome = await self._send(held, event, found)
                sent.append(Sent(event.number, event.type, outcome.status, outcome.error))
                self._count(outcome)
                if outcome.error is not None:
                    wait = max(self._wait(held.tries), outcome.retry_after)
                    retry_at = self._now() + int(min(wait, LAST_WAIT_SECONDS) * MICROSECONDS)
                    return SettleDeliveries(
                        held.org, held.id, held.version, reached, tuple(sent), again, retry_at,
                        outcome.gone, missing=found.missing,
                    )  # fmt: skip
            reached = event.number
            if self._monotonic() > ends or self._stopped.is_set():
                break
        more = reached < found.number or len(found.events) == EVENTS_AT_ONCE
        more = (left or (more and not waits)) and not self._stopped.is_set()
        return SettleDeliveries(
            held.org, held.id, held.version, reached, tuple(sent), again,
            more=more, untried=waits, missing=found.missing,
        )  # fmt: skip

    async def _sent_again(
        self, held: Webhook, found: ToSend, ends: float
    ) -> tuple[tuple[Sent, ...], bool]:
        """What became of events that are sent once more, as many as the turn has time for: a
        receiver that never answers takes ten seconds for each. And whether it wants nothing more.
        """
        sent: list[Sent] = []
        for event in found.again:
            outcome = await self._send(held, event, found)
            self._count(outcome)
            sent.append(Sent(event.number, event.type, outcome.status, outcome.error))
            if outcome.gone:
                return tuple(sent), True
            if self._monotonic() > ends or self._stopped.is_set():
                break
        return tuple(sent), False

    def _count(self, outcome: Outcome) -> None:
        came = "delivered" if outcome.error is None else "failed"
        metrics.webhook_deliveries.labels(came).inc()

    def _wait(self, tries: int) -> float:
        """Seconds until the next try: twice as long each time, and not all at one moment."""
        longest: float = min(FIRST_WAIT_SECONDS * 2.0 ** min(tries, 30), LAST_WAIT_SECONDS)
        return longest * (0.5 + self._random01() / 2)

    async def _written(self, command: ClaimWebhook | SettleDeliveries) -> Webhook | None:
        """The webhook as it is then; None where somebody else has it or has changed it."""
        envelope = Envelope(command, actor=actor.step("webhooks"))
        result = (await self._writer.submit(envelope)).result
        return result.webhook if isinstance(result, WebhookResult) else None
