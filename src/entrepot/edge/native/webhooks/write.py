"""Webhooks and deliveries in the words of the native API; pure."""

from __future__ import annotations

import base64
from typing import Any, cast

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids, webhooks
from entrepot.core.results import WebhookResult
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.native.webhooks import wire
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(wire.Webhook).decode


def webhook(one: webhooks.Webhook, secret: None | UnsetType = UNSET) -> wire.Webhook:
    """A webhook."""
    return wire.Webhook(
        ids.dashed(one.id),
        one.url,
        one.types.split(),
        cast("Any", one.format),
        cast("Any", one.state),
        _moment(one.failing_since),
        _moment(one.next_at or None) if one.state == webhooks.ACTIVE else None,
        millis_text(one.created_at),
        secret,
    )


def delivery(one: webhooks.Delivery) -> wire.Delivery:
    """A delivery."""
    return wire.Delivery(
        ids.dashed(one.id),
        one.number,
        one.type,
        cast("Any", one.state),
        one.tries,
        one.status,
        one.error,
        millis_text(one.created_at),
        millis_text(one.updated_at),
    )


def _moment(at: int | None) -> str | None:
    return None if at is None else millis_text(at)


def answered(request_id: str, status: int = 200, secret: None | UnsetType = UNSET) -> Written:
    """How a write is answered: with the webhook, without its secret."""

    def answer(result: WebhookResult) -> Answer:
        return Answer(status, encode(webhook(result.webhook, secret)))

    return written(refusal_answer, request_id, WebhookResult, answer)


def with_secret(answer: Answer, secret: bytes) -> Answer:
    """The answer as it is sent to the sender of the first request."""
    told = _decode(answer.body)
    told.secret = f"whsec_{base64.b64encode(secret).decode()}"
    return Answer(answer.status, encode(told))
