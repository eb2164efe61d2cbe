"""An event as a message, in the format that a webhook asks for; pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from entrepot.core import actor, events, ids
from entrepot.core.facets import Facets
from entrepot.core.order import Event
from entrepot.core.properties import Number, parse, text_of
from entrepot.core.shown import moment
from entrepot.core.webhooks import NATIVE
from entrepot.core.words import shown
from entrepot.store.reading.webhooks import ToSend

_NOBODY: Final = ids.dashed(bytes(16))
_SYSTEM: Final = "SYSTEM"
_ROLES: Final = frozenset({"ADMIN", "EDITOR", "VIEWER", "MEMBER"})
# Types that a domain event calls otherwise than the log. Every other type is told as it is.
_DOMAIN_TYPES: Final = MappingProxyType({
    events.ORDER_PLACED: "order.created",
    events.ORDER_MIRRORED: "order.created",
    events.ORDER_AMENDED: "order.updated",
    events.ORDER_MOVED: "order.updated",
    events.RETURN_REQUESTED: "order.return_requested",
    events.STOCK_ADJUSTED: "inventory.adjusted",
})  # fmt: skip
# The places of goods once all of them have left.
_LEFT: Final = "in_transit"
_STATUS: Final = "synq"  # the axis of words that an order's status is of


def message_id(event: Event) -> str:
    """The id of an event: the same in every message of it, so that a receiver knows a repeat."""
    return ids.dashed(ids.event_id(event.subject_id, event.seq))


def message(event: Event, format_: str, beside: ToSend) -> bytes:
    """The body of the message."""
    told = _native(event) if format_ == NATIVE else _domain(event, beside)
    return text_of(told).encode()


def _body(event: Event) -> dict[str, Any]:
    try:
        found: Any = parse(event.body)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _native(event: Event) -> dict[str, Any]:
    """As `GET /v1/events` tells the event, in the shape that Standard Webhooks recommends."""
    kind, _, name = event.actor.partition(":")
    return {
        "type": event.type,
        "timestamp": moment(event.at),
        "data": {
            "number": event.number,
            "subject": {"kind": event.subject, "id": ids.dashed(event.subject_id)},
            "seq": event.seq,
            "actor": {"kind": kind, "id": name} if kind else None,
            "dialect": event.source,
            "body": _body(event),
        },
    }


def _domain(event: Event, beside: ToSend) -> dict[str, Any]:
    """A domain event, as Synq publishes its envelope."""
    body = _body(event)
    type_ = _DOMAIN_TYPES.get(event.type, event.type)
    payload: dict[str, Any] = {"id": ids.dashed(event.subject_id)}
    facets = body.pop("facets", None)
    if isinstance(facets, list):
        stands = Facets(*facets)
        payload["status"] = shown(stands, "").get(_STATUS)
        if event.type == events.GOODS_SHIPPED:
            type_ = "order.fulfilled" if stands.fulfilment == _LEFT else "order.updated"
    if "total" in body:
        body["total"] = Number(body["total"])
    user = actor.credential_id(event.actor)
    return {
        "event_id": message_id(event),
        "event_type": type_,
        "timestamp": moment(event.at),
        "tenant_id": ids.dashed(beside.tenant_id),
        "org_id": ids.dashed(beside.org_id),
        "user_id": _NOBODY if user is None else ids.dashed(user),
        "role": _role(user, beside),
        "payload": payload | body,
    }


def _role(user: bytes | None, beside: ToSend) -> str:
    """The role of who did it; a key with scopes of its own has that of an editor."""
    if user is None:
        return _SYSTEM
    role = beside.roles.get(user, "").upper()
    return role if role in _ROLES else "EDITOR"
