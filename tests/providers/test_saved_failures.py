"""A failure that is saved under a key: what has its effect once goes on under another key."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.conftest import request_of
from tests.providers.test_stripe import BROKEN, provider, said, vendor
from tests.providers.vendor import Vendor

from entrepot.providers.payment import Captured, OperationRequest, Unknown, Voided
from entrepot.providers.stripe import StripeProvider

__all__ = ["provider", "vendor"]  # fixtures


@pytest.mark.parametrize("kind", ["void", "capture"])
async def test_a_service_that_failed_for_a_while_is_asked_under_another_key_afterwards(
    vendor: Vendor, provider: StripeProvider, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    """Stripe answers each saved failure for a day: nothing would come of the request until then."""
    request = OperationRequest("key", request_of("pi_1"), "pi_1", 1250, kind=kind)
    doing: Any = getattr(provider, kind)
    tried = []
    for at in (6_000, 6_599, 6_600):
        monkeypatch.setattr("entrepot.providers.exchange.time.time", lambda at=at: at)
        vendor.script = [BROKEN, said("requires_capture")] * 3 + [BROKEN]
        vendor.asked.clear()
        assert await doing(request) == Unknown("500: said by Stripe")
        posts = [one.headers["idempotency-key"] for one in vendor.asked if one.method == "POST"]
        assert posts[:3] == ["key", "key-2", "key-3"]
        tried.append(posts[3:])
    assert tried[0] == tried[1] != tried[2]
    done = {"void": "canceled", "capture": "succeeded"}[kind]
    vendor.script = [BROKEN, said("requires_capture")] * 3 + [said(done, amount_received=1250)]
    assert isinstance(await doing(request), Voided | Captured)
