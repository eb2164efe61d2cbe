"""Webhooks whose messages are noted, and the turns of their sender."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.pipeline.conftest import House

from entrepot.core.decide.subscribe import MakeWebhook
from entrepot.core.order import Event
from entrepot.core.results import WebhookResult
from entrepot.core.webhooks import Webhook
from entrepot.outbox.sending import Result
from entrepot.pipeline.deliveries import Deliveries
from entrepot.store import schema
from entrepot.store.reading.webhooks import ToSend

TAKEN, BROKEN = Result(204, None), Result(500, "answered 500")


@dataclass
class Receivers:
    """What each address was sent, and how it answers: taken, unless something is said."""

    got: dict[str, list[int]] = field(default_factory=dict)
    says: dict[str, Callable[[int], Awaitable[Result]]] = field(default_factory=dict)
    closed: bool = False

    async def close(self) -> None:
        self.closed = True

    async def send(self, webhook: Webhook, event: Event, _beside: ToSend) -> Result:
        self.got.setdefault(webhook.url, []).append(event.number)
        says = self.says.get(webhook.url)
        return TAKEN if says is None else await says(event.number)


async def made(house: House, url: str, *types: str) -> Webhook:
    result = await house.do(MakeWebhook(house.shop.org, "native", url, types, "native", b"s" * 32))
    assert isinstance(result, WebhookResult)
    return result.webhook


def a_sender(house: House, receivers: Receivers) -> Deliveries:
    return Deliveries(
        house.database,
        house.writer,
        receivers.send,
        receivers.close,
        now=house.now,
        random01=lambda: 0.0,
    )


async def turn(sender: Deliveries) -> None:
    await sender.round()
    await sender.settled()


async def state(house: House, webhook: Webhook, *columns: str) -> tuple[Any, ...]:
    [row] = await house.rows(schema.webhooks, *columns, id=webhook.id)
    return row
