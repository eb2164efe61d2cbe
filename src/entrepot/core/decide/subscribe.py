"""Making, changing and removing webhooks, and asking for an event once more."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, Refusal, Refused, all_of, refuse
from entrepot.core.results import Decision, WebhookResult
from entrepot.core.webhooks import (
    ACTIVE,
    AGAIN_MAX,
    PAUSED,
    REMOVED,
    WEBHOOKS,
    WEBHOOKS_MAX,
    Webhook,
)


class MakeWebhook(NamedTuple):
    """Make a webhook. The secret is made outside of the core."""

    org: int
    source: str
    url: str
    types: tuple[str, ...]
    format: str
    secret: bytes


class ChangeWebhook(NamedTuple):
    """Change a webhook. None leaves a member as it is. One that is told to be `active`, or another
    address, is tried at once, and the three days until it is given up begin anew.
    """

    org: int
    source: str
    webhook_id: bytes
    url: str | None = None
    types: tuple[str, ...] | None = None
    format: str | None = None
    active: bool | None = None


class ChangeSecret(NamedTuple):
    """Sign with another secret from now on. `secret` is what the book keeps in the place of
    `replaces`.
    """

    org: int
    source: str
    webhook_id: bytes
    replaces: bytes
    secret: bytes


class RemoveWebhook(NamedTuple):
    """Send nothing more to a webhook, and show it no more."""

    org: int
    source: str
    webhook_id: bytes


class Redeliver(NamedTuple):
    """Send the event with this number once more."""

    org: int
    webhook_id: bytes
    number: int


def wants_all(command: MakeWebhook, needs: Needs) -> None:
    """All webhooks of the organization."""
    needs.all_of.setdefault(WEBHOOKS, set()).add(command.org)


def wants(command: ChangeWebhook | ChangeSecret | RemoveWebhook | Redeliver, needs: Needs) -> None:
    """The webhook."""
    needs.of(WEBHOOKS).add((command.org, command.webhook_id))


def make(command: MakeWebhook, facts: Facts) -> Decision:
    """Make the webhook, which gets what happens from now on. Refused: one too many, and a type that
    no event has.
    """
    org = command.org
    _look_at_types(command.types)
    live = [one for one in facts.of(WEBHOOKS).values() if one.org == org and one.state != REMOVED]
    if len(live) >= WEBHOOKS_MAX:
        sentence = f"an organization has at most {WEBHOOKS_MAX} webhooks"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, "url")
    made = Webhook(
        org, facts.new_id(), command.url, " ".join(command.types), command.format, ACTIVE,
        command.secret, 0, "", 0, None, 0, 0, 1, facts.now, facts.now,
    )  # fmt: skip
    return _told(made, events.WEBHOOK_MADE, command.source, facts)


def change(command: ChangeWebhook, facts: Facts) -> Decision:
    """Change the webhook. Refused: an unknown one, and a new type that no event has."""
    known = found(command.org, command.webhook_id, facts)
    told: dict[str, Any] = {
        name: value for name in ("url", "format") if (value := getattr(command, name)) is not None
    }
    if command.types is not None:
        _look_at_types(command.types, frozenset(known.types.split()))
        told["types"] = " ".join(command.types)
    if command.active is not None:
        told["state"] = ACTIVE if command.active else PAUSED
    if command.active or told.get("url", known.url) != known.url:
        told |= {"tries": 0, "failing_since": None, "next_at": 0}
    if all(getattr(known, name) == value for name, value in told.items()):
        return Decision(Changes(facts), WebhookResult(known))
    changed = known._replace(
        version=known.version + 1, leased_until=0, updated_at=facts.now, **told
    )
    return _told(changed, events.WEBHOOK_CHANGED, command.source, facts)


def _look_at_types(types: tuple[str, ...], kept: frozenset[str] = frozenset()) -> None:
    """Refuse types that no event has, unless the webhook has them from a time before this check."""
    faults = [
        Refusal(Reason.INVALID, why_not, f"types[{at}]")
        for at, type_ in enumerate(types)
        if type_ not in kept and (why_not := events.no_such_type(type_)) is not None
    ]
    if faults:
        raise Refused(all_of(faults))


def change_secret(command: ChangeSecret, facts: Facts) -> Decision:
    """Keep the secret. Refused: an unknown webhook, and one whose secret somebody else changed
    meanwhile: nobody would know that one.
    """
    known = found(command.org, command.webhook_id, facts)
    if known.secret != command.replaces:
        raise refuse(Reason.ILLEGAL_MOVE, "the secret was changed meanwhile; ask for another one")
    changed = known._replace(
        secret=command.secret, version=known.version + 1, leased_until=0, updated_at=facts.now
    )
    return _told(changed, events.WEBHOOK_CHANGED, command.source, facts)


def remove(command: RemoveWebhook, facts: Facts) -> Decision:
    """Remove the webhook. The row stays for the events that tell of it, without its secret."""
    known = found(command.org, command.webhook_id, facts)
    gone = known._replace(
        state=REMOVED, secret=b"", again="", version=known.version + 1, leased_until=0,
        updated_at=facts.now,
    )  # fmt: skip
    return _told(gone, events.WEBHOOK_REMOVED, command.source, facts)


def redeliver(command: Redeliver, facts: Facts) -> Decision:
    """Have the event sent again, before others. Refused: too many that wait for that."""
    known = found(command.org, command.webhook_id, facts)
    waiting = known.again.split()
    if str(command.number) in waiting:
        return Decision(Changes(facts), WebhookResult(known))
    if len(waiting) >= AGAIN_MAX:
        raise refuse(Reason.ILLEGAL_MOVE, f"{AGAIN_MAX} deliveries wait to be repeated already")
    changes = Changes(facts)
    asked = known._replace(
        again=" ".join([*waiting, str(command.number)]), version=known.version + 1,
        leased_until=0, updated_at=facts.now,
    )  # fmt: skip
    changes.of(WEBHOOKS).put(asked)
    return Decision(changes, WebhookResult(asked))


def found(org: int, webhook_id: bytes, facts: Facts) -> Webhook:
    """The webhook. Refused: one that is unknown or removed."""
    known = facts.of(WEBHOOKS).get((org, webhook_id))
    if known is None or known.state == REMOVED:
        raise refuse(Reason.NO_SUCH_ROUTE, "No such webhook is known here.")
    return known


def event_of(webhook: Webhook, type_: str, source: str, facts: Facts) -> Event:
    """An event of a webhook, without its secret; it has the number of the webhook's version."""
    body = {
        "url": webhook.url, "types": webhook.types.split(), "format": webhook.format,
        "state": webhook.state,
    }  # fmt: skip
    return Event(
        webhook.org, webhook.id, webhook.version, type_, facts.now, source, text_of(body),
        events.WEBHOOK, facts.actor,
    )  # fmt: skip


def _told(webhook: Webhook, type_: str, source: str, facts: Facts) -> Decision:
    changes = Changes(facts)
    changes.of(WEBHOOKS).put(webhook)
    changes.events.append(event_of(webhook, type_, source, facts))
    return Decision(changes, WebhookResult(webhook))
