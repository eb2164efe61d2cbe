"""What the native API says of webhooks by itself, before anything is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from tests.edge.native.asking import Asking, asking

from entrepot.core.refusal import Reason, Refused
from entrepot.core.webhooks import STATES, Webhook
from entrepot.edge.dialect import Replay
from entrepot.edge.native.providers.routes import add_account
from entrepot.edge.native.webhooks import write
from entrepot.edge.native.webhooks.routes import make_webhook, redeliver
from entrepot.writer.envelope import Answer, Idempotency

FIRST = Answer(202, b"first")


class Repeating(Asking):
    """A request whose key has a stored answer, if it has a key."""

    async def repeat_or(self, refused: Refused, idempotency: Idempotency | None) -> Exception:
        return refused if idempotency is None else Replay(FIRST)


@pytest.mark.parametrize(
    "found",
    [[None], [SimpleNamespace(number=7), []],
     [SimpleNamespace(number=7), [SimpleNamespace(number=8)]]],
    ids=["no delivery", "no event", "a later event"],
)  # fmt: skip
async def test_an_event_that_is_gone_is_not_promised_again(found: list[Any]) -> None:
    """A repeat of what was promised before has its first answer; it was refused."""
    for key in ({}, {"idempotency-key": "k"}):
        call: Any = asking(made=Repeating)
        call.headers, call.read = key, AsyncMock(side_effect=found)
        with pytest.raises(Replay if key else Refused) as refused:
            await redeliver(call)
        if not key:
            reason = refused.value.refusal.reason  # type: ignore[attr-defined]
            assert reason is (Reason.ILLEGAL_MOVE if found[0] else Reason.NO_SUCH_ROUTE)


@pytest.mark.parametrize(
    ("handler", "body"),
    [
        (make_webhook, {"url": "http://10.0.0.1/"}),
        (add_account, {"provider": "stripe", "account": {"api_key": "sk"}}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_a_repeat_is_not_refused_by_a_setting_of_the_server(handler: Any, body: Any) -> None:
    """The server that gave the first answer allowed private addresses, or sealed accounts."""
    known = SimpleNamespace(faults=lambda *_: [], no_seal=lambda: "no key seals")
    for key in ({}, {"idempotency-key": "k"}):
        call: Any = asking(body, made=Repeating)
        call.headers = key
        call.services = SimpleNamespace(private_webhooks=False, provider_accounts=known)
        with pytest.raises(Replay if key else Refused):
            await handler(call)


def test_a_webhook_that_is_not_tried_again_names_no_time_for_it() -> None:
    known = dict.fromkeys(Webhook._fields, 1) | {"id": b"i" * 16, "types": "", "next_at": 5_000}
    shown = {one: write.webhook(Webhook(**known | {"state": one})).next_try_at for one in STATES}
    assert [state for state, at in shown.items() if at is not None] == ["active"]
