"""The audit in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import actor, events, ids
from entrepot.core.properties import text_of
from entrepot.edge.synq.audit import actions, wire
from entrepot.edge.times import seconds_text
from entrepot.store.reading import audit

_SYSTEM = "system"


def entry(one: audit.Audited) -> wire.Entry:
    """An event as the audit tells it. No address of the network is kept: it is empty."""
    event = one.event
    body = actions.body_of(event)
    name = one.order_name
    if name is None and event.subject == events.ORDER:
        name = ids.internal_reference(event.subject_id)
    return wire.Entry(
        id=ids.dashed(ids.event_id(event.subject_id, event.seq)),
        actor_email=one.email or _who(event.actor),
        action=actions.action(event, body),
        entity_type=actions.entity(event),
        entity_id=ids.dashed(event.subject_id),
        details=msgspec.Raw(text_of(actions.details(event, body, name)).encode()),
        ip_address="",
        created_at=seconds_text(event.at),
    )


def _who(told: str) -> str:
    """The actor: a key by its id, a token by its subject; `system` for what nobody did."""
    kind, _, name = told.partition(":")
    if kind in (actor.KEY, actor.TOKEN):
        return name
    return kind if kind == actor.OPERATOR else _SYSTEM
