"""What the native API says of webhooks by itself, before anything is written."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import AsyncMock

import pytest

from entrepot.core.refusal import Reason, Refused
from entrepot.core.webhooks import STATES, Webhook
from entrepot.edge.native.webhooks import write
from entrepot.edge.native.webhooks.routes import redeliver

ID = "0192f0c4-0000-7000-8000-000000000000"


@pytest.mark.parametrize("left", [[], [SimpleNamespace(number=8)]], ids=["none", "a later one"])
async def test_an_event_that_is_in_the_archive_is_not_promised_again(
    left: list[SimpleNamespace],
) -> None:
    read = AsyncMock(side_effect=[SimpleNamespace(number=7), left])
    call = SimpleNamespace(query_string=b"", path_ids={"id": ID, "delivery": ID}, read=read)
    with pytest.raises(Refused) as refused:
        await redeliver(call)  # type: ignore[arg-type]
    assert refused.value.refusal.reason is Reason.ILLEGAL_MOVE
    assert "archive" in refused.value.refusal.sentence


def test_a_webhook_that_is_not_tried_again_names_no_time_for_it() -> None:
    known = dict.fromkeys(Webhook._fields, 1) | {"id": b"i" * 16, "types": "", "next_at": 5_000}
    shown = {one: write.webhook(Webhook(**known | {"state": one})).next_try_at for one in STATES}
    assert [state for state, at in shown.items() if at is not None] == ["active"]
