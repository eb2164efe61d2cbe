"""Sending events to a webhook: who sends them, and what became of them."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.subscribe import event_of, found
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, WebhookResult
from entrepot.core.webhooks import (
    ACTIVE,
    DELIVERED,
    DELIVERIES,
    DISABLED,
    FAILING,
    GIVE_UP_AFTER,
    WEBHOOKS,
    Delivery,
    Webhook,
    delivery_id,
)

_ERROR_MAX = 200


class ClaimWebhook(NamedTuple):
    """Pipeline: send the events of this webhook, until the lease ends."""

    org: int
    webhook_id: bytes
    version: int  # as it was read
    leased_until: int


class Sent(NamedTuple):
    """An event that was sent. `status` is the answer's; `error` says why it counts as none."""

    number: int
    type: str
    status: int | None
    error: str | None


class SettleDeliveries(NamedTuple):
    """Pipeline: what became of what was sent. `retry_at`: when the next try is, if one failed.

    `again`: events that were sent once more, `missing`: those that could not be, since they are in
    the archive. `more`: the sender goes on under its lease.
    """

    org: int
    webhook_id: bytes
    version: int
    reached: int
    sent: tuple[Sent, ...]
    again: tuple[Sent, ...] = ()
    retry_at: int | None = None
    gone: bool = False  # the receiver says that it wants nothing more, for ever
    more: bool = False
    untried: bool = False  # nothing new was sent: the next try is when it was to be
    missing: tuple[int, ...] = ()


def wants_to_claim(command: ClaimWebhook, needs: Needs) -> None:
    """The webhook."""
    needs.of(WEBHOOKS).add((command.org, command.webhook_id))


def claim(command: ClaimWebhook, facts: Facts) -> Decision:
    """Take the webhook. Refused: one that another process took or that somebody changed."""
    known = _held(command.org, command.webhook_id, command.version, facts)
    if known.is_held(facts.now) or (known.waits(facts.now) and not known.again):
        raise refuse(Reason.STALE_LEASE)
    changes = Changes(facts)
    taken = known._replace(version=known.version + 1, leased_until=command.leased_until)
    changes.of(WEBHOOKS).put(taken)
    return Decision(changes, WebhookResult(taken))


def wants_to_settle(command: SettleDeliveries, needs: Needs) -> None:
    """The webhook, and what became of the same events before."""
    needs.of(WEBHOOKS).add((command.org, command.webhook_id))
    needs.of(DELIVERIES).update(
        (command.org, command.webhook_id, one.number) for one in (*command.sent, *command.again)
    )


def settle(command: SettleDeliveries, facts: Facts) -> Decision:
    """Write the deliveries, and where the webhook goes on.

    One that has failed for `GIVE_UP_AFTER` is disabled, and the log says so. Refused: a webhook
    that another process took, or that somebody changed.
    """
    known = _held(command.org, command.webhook_id, command.version, facts)
    changes = Changes(facts)
    for one in (*command.again, *command.sent):
        _keep(one, known, facts, changes)
    over = (*[one.number for one in command.again], *command.missing)
    repeated = {str(number) for number in over}
    failed = command.retry_at is not None
    webhook = known._replace(
        version=known.version + 1,
        reached=max(known.reached, command.reached),
        again=" ".join([one for one in known.again.split() if one not in repeated]),
        leased_until=known.leased_until if command.more and not failed else 0,
        updated_at=facts.now,
    )
    if not command.untried:
        webhook = webhook._replace(
            tries=known.tries + 1 if failed else 0,
            failing_since=(known.failing_since or facts.now) if failed else None,
            next_at=command.retry_at or 0,
        )
    since = webhook.failing_since
    if command.gone or (since is not None and facts.now - since >= GIVE_UP_AFTER):
        webhook = webhook._replace(state=DISABLED, leased_until=0)
        changes.events.append(event_of(webhook, events.WEBHOOK_DISABLED, "pipeline", facts))
    changes.of(WEBHOOKS).put(webhook)
    return Decision(changes, WebhookResult(webhook))


def _keep(one: Sent, webhook: Webhook, facts: Facts, changes: Changes) -> None:
    key = (webhook.org, webhook.id, one.number)
    known = changes.of(DELIVERIES).get(key)
    told = Delivery(
        *key, delivery_id(webhook.id, one.number), one.type,
        DELIVERED if one.error is None else FAILING, known.tries + 1 if known else 1, one.status,
        None if one.error is None else one.error[:_ERROR_MAX],
        known.created_at if known else facts.now, facts.now,
    )  # fmt: skip
    changes.of(DELIVERIES).put(told)


def _held(org: int, webhook_id: bytes, version: int, facts: Facts) -> Webhook:
    known = found(org, webhook_id, facts)
    if known.version != version or known.state != ACTIVE:
        raise refuse(Reason.STALE_LEASE)
    return known
