"""Broadcasts in Konvo's words; pure."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.broadcasts import Broadcast, Clicked
from entrepot.edge.kept_json import shaped
from entrepot.edge.konvo.broadcasts import wire
from entrepot.edge.konvo.orders.write import minor_units, shown_currency
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


class _Audience(msgspec.Struct):
    """The audience that was meant, as the book keeps it."""

    id: str
    name: str
    lists: list[str]
    segment: str
    recipient_count: int


class _Flow(msgspec.Struct):
    """The flow that ran, as the book keeps it."""

    id: str
    name: str
    emoji: str
    version_id: str


_AUDIENCE = msgspec.json.Decoder(_Audience | None)
_FLOW = msgspec.json.Decoder(_Flow | None)


def broadcast(told: Broadcast, clicked: Clicked) -> wire.Broadcast:
    """A broadcast, with the clicks that were recorded of it."""
    own_id = ids.dashed(told.id)
    code, digits = shown_currency(told.cost_currency or "")
    return wire.Broadcast(
        id=own_id,
        name=told.name,
        status=told.status,
        audience=_audience(shaped(told.audience, _AUDIENCE, None), own_id),
        flow=_flow(shaped(told.flow, _FLOW, None)),
        templates=told.template or UNSET,
        scheduled=UNSET if told.scheduled_at is None else millis_text(told.scheduled_at),
        created_at=millis_text(told.created_at),
        updated_at=millis_text(told.updated_at),
        sent=told.sent,
        delivered=told.delivered,
        failed=told.failed,
        opened=told.opened,
        click_analytics=wire.ClickAnalytics(
            clicked.clicks,
            clicked.contacts,
            [wire.CountryCount(n, country, what) for country, what, n in clicked.places],
            told.sent,
        ),
        cost=wire.Cost(minor_units(told.cost, digits), code) if told.cost_currency else UNSET,
    )


def _audience(told: _Audience | None, own_id: str) -> wire.Audience | UnsetType:
    if told is None:
        return UNSET
    return wire.Audience(
        told.id, told.name, own_id, list(told.lists), told.segment or "null",
        str(told.recipient_count),
    )  # fmt: skip


def _flow(told: _Flow | None) -> wire.Flow | UnsetType:
    if told is None:
        return UNSET
    return wire.Flow(told.id, told.name, told.emoji, told.version_id)


def page(found: tuple[list[tuple[Broadcast, Clicked]], int]) -> Answer:
    """GET: these broadcasts, and how many there are in all."""
    listed, total = found
    return Answer(200, _encode(wire.Broadcasts(total, [broadcast(*one) for one in listed])))
