"""Bodies of broadcasts into what commands say; pure."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.core import ids
from entrepot.edge.native.broadcasts import wire

_encode = msgspec.json.Encoder().encode
_SAME = ("name", "status", "template", "sent", "delivered", "failed", "opened")


def said(told: wire.ChangeBroadcast) -> dict[str, Any]:
    """The members that are told, by the names that the book has for them."""
    found = {name: getattr(told, name) for name in _SAME if getattr(told, name) is not None}
    if told.audience is not None:
        one = told.audience
        audience = {
            "id": ids.dashed(one.id.raw), "name": one.name, "lists": one.lists,
            "segment": one.segment, "recipient_count": one.recipient_count,
        }  # fmt: skip
        found["audience"] = _encode(audience).decode()
    if told.flow is not None:
        ran = {
            "id": ids.dashed(told.flow.id.raw), "version_id": ids.dashed(told.flow.version_id.raw),
            "name": told.flow.name, "emoji": told.flow.emoji,
        }  # fmt: skip
        found["flow"] = _encode(ran).decode()
    if told.scheduled_at is not None:
        # As it is shown, to the millisecond: what was read may come back, and is no change.
        found["scheduled_at"] = told.scheduled_at.at // 1000 * 1000
    if told.cost is not None:
        found |= {"cost": told.cost.amount.amount, "cost_currency": told.cost.currency.text}
    return found
