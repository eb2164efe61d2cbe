"""Recording a broadcast, and what its sender tells of it later."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.broadcasts import BROADCASTS, NO_COST, Broadcast
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import BroadcastResult, Decision


class RecordBroadcast(NamedTuple):
    """Record a broadcast. Without `id` it gets one of ours."""

    org: int
    source: str
    name: str
    id: bytes | None = None
    status: str = ""
    audience: str = "null"
    flow: str = "null"
    template: str = ""
    scheduled_at: int | None = None
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    opened: int = 0
    cost: Amount = NO_COST
    cost_currency: str = ""


class ChangeBroadcast(NamedTuple):
    """Tell something else of a broadcast: the members of `said` by their names."""

    org: int
    source: str
    id: bytes
    said: dict[str, Any]


def wants(command: RecordBroadcast | ChangeBroadcast, needs: Needs) -> None:
    """The broadcast, if it is known."""
    if command.id is not None:
        needs.of(BROADCASTS).add((command.org, command.id))


def record(command: RecordBroadcast, facts: Facts) -> Decision:
    """Keep the broadcast. Refused: an id that a broadcast has already."""
    org, now = command.org, facts.now
    if command.id is not None and facts.of(BROADCASTS).get((org, command.id)) is not None:
        raise refuse(Reason.DUPLICATE_ENTRY, "a broadcast has this id already", "id")
    made = Broadcast(
        org, command.id or facts.new_id(), command.name, command.status, command.audience,
        command.flow, command.template, command.scheduled_at, command.sent, command.delivered,
        command.failed, command.opened, command.cost, command.cost_currency, now, now, 1,
    )  # fmt: skip
    body = {"name": made.name, "status": made.status}
    return _told(made, events.BROADCAST_RECORDED, body, command.source, facts)


def change(command: ChangeBroadcast, facts: Facts) -> Decision:
    """Write what is told. What is as it was changes nothing. Refused: an unknown broadcast."""
    known = facts.of(BROADCASTS).get((command.org, command.id))
    if known is None:
        raise refuse(Reason.UNKNOWN_BROADCAST)
    told = known._replace(**command.said)
    if told == known:
        return Decision(Changes(facts), BroadcastResult(known))
    before, after = known._asdict(), told._asdict()
    differing = [name for name in command.said if before[name] != after[name]]
    changed = {name: [_plain(before[name]), _plain(after[name])] for name in differing}
    # No two versions have one time, so that a reader who goes by the time misses none.
    at = max(facts.now, known.updated_at + 1)
    told = told._replace(updated_at=at, version=known.version + 1)
    return _told(told, events.BROADCAST_CHANGED, {"changed": changed}, command.source, facts)


def _plain(value: Any) -> Any:
    return value.text() if isinstance(value, Amount) else value


def _told(told: Broadcast, type_: str, body: dict[str, Any], source: str, facts: Facts) -> Decision:
    changes = Changes(facts)
    changes.of(BROADCASTS).put(told)
    changes.events.append(
        Event(
            told.org,
            told.id,
            told.version,
            type_,
            facts.now,
            source,
            text_of(body),
            events.BROADCAST,
            facts.actor,
        )
    )
    return Decision(changes, BroadcastResult(told))
