"""Disputes of money that PayPal took: asked of PayPal's list, by each capture."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.providers.accounts import Told, at_paypal
from tests.providers.conftest import request_of
from tests.providers.test_paypal import HELD, PART, REST, TOKEN, error, order
from tests.providers.vendor import Answer, Vendor

from entrepot.core.payment import CaptureFound
from entrepot.providers.payment import Captured, Disputed, NotSent
from entrepot.providers.paypal import PayPalProvider

CAPTURES = (CaptureFound("CAPT-1", 400), CaptureFound("CAPT-2", 850))
TAKEN = Captured("CAPT-2", CAPTURES)
DISPUTED = Disputed("the customer disputes the payment at PayPal", "CAPT-2", CAPTURES)
HELD_AND_TAKEN = ("authorizations", {**HELD[1], "status": "CAPTURED"})
NONE = Answer(200, {"items": []})


def listed(status: str) -> Answer:
    return Answer(200, {"items": [{"dispute_id": "PP-D-1", "status": status}]})


def outcome(code: str) -> Answer:
    told = {"outcome_code": code}
    return Answer(200, {"dispute_id": "PP-D-1", "status": "RESOLVED", "dispute_outcome": told})


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(TOKEN) as found:
        yield found


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[PayPalProvider]:
    made = PayPalProvider(at_paypal(vendor.url), 4, Told())
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([NONE, NONE], TAKEN),
        ([listed("OPEN")], DISPUTED),
        ([NONE, listed("UNDER_REVIEW")], DISPUTED),
        ([listed("RESOLVED"), outcome("RESOLVED_BUYER_FAVOUR")], DISPUTED),
        ([listed("RESOLVED"), outcome("RESOLVED_SELLER_FAVOUR"), NONE], TAKEN),
        ([listed("RESOLVED"), outcome("CANCELED_BY_BUYER"), NONE], TAKEN),
        ([error(403)], replace(TAKEN, disputes_told=False)),
        ([error(503)], NotSent("PayPal's list of disputes: status 503")),
    ],
)
async def test_a_dispute_stands_until_the_shop_has_won_it(
    vendor: Vendor, provider: PayPalProvider, answers: list[Answer], expected: Any
) -> None:
    vendor.script = [TOKEN, order("COMPLETED", HELD_AND_TAKEN, PART, REST), *answers]
    assert await provider.look_up(request_of("ORDER-1")) == expected
    asked = vendor.asked[2]
    assert asked.path == "/v1/customer/disputes?disputed_transaction_id=CAPT-1"
    assert asked.headers["authorization"] == "Bearer A21"
