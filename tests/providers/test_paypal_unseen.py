"""An order of PayPal's whose id is not written down, and whose key PayPal has forgotten: it is
looked for, and no other order is ever made in its place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.providers.accounts import Told, at_paypal
from tests.providers.conftest import ORDER, request_of
from tests.providers.test_paypal import TOKEN, error
from tests.providers.vendor import Answer, Vendor

from entrepot.providers.payment import (
    Misconfigured,
    OperationRequest,
    Unknown,
    Voided,
)
from entrepot.providers.paypal import PayPalProvider

HOUR = 3_600_000_000
MADE = 1_700_000_000_000_000
PAYMENT = replace(request_of("vault/8kk845"), made_at=MADE)
CLOSED = (
    "PayPal has forgotten the key, no notification names the order, and the app must not read the "
    "list of transactions: give it the permission Transaction search and retry, or look at PayPal "
    f"for the custom id {ORDER}, "
)
SAID = " (403: NOT_AUTHORIZED: said by PayPal)"
FORBIDDEN = error(403, "NOT_AUTHORIZED")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(TOKEN) as found:
        yield found


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[PayPalProvider]:
    made = PayPalProvider(at_paypal(vendor.url), 4, Told())
    yield made
    await made.close()


def listed(hours: float | None, pages: int = 1) -> Answer:
    """PayPal's list, which has nothing, as of so many hours after the payment was made."""
    told: dict[str, Any] = {"transaction_details": [], "total_pages": pages}
    if hours is not None:
        at = datetime.fromtimestamp((MADE + hours * HOUR) / 1_000_000, UTC)
        told["last_refreshed_datetime"] = at.isoformat(timespec="seconds")
    return Answer(200, told)


VOIDS: list[tuple[Answer, Any]] = [
    (FORBIDDEN, Misconfigured(f"{CLOSED}void what is held there, and resolve the order{SAID}")),
    (listed(6), Voided(None)),
    # The request could still be sent, or the list is not whole.
    (listed(4), Unknown),
    (listed(None, 41), Unknown),
    (error(429), Unknown),
    (error(500), Unknown),
]


@pytest.mark.parametrize(("answer", "expected"), VOIDS)
async def test_a_void_of_what_nothing_names_waits_until_nothing_can_be_held(
    vendor: Vendor, provider: PayPalProvider, answer: Answer, expected: Any
) -> None:
    vendor.script = [TOKEN, answer]
    void = OperationRequest("key", PAYMENT, None, 1250, kind="void", forgotten=True)
    said = await provider.void(void)
    assert isinstance(said, expected) if isinstance(expected, type) else said == expected
    assert {one.method for one in vendor.asked[1:]} == {"GET"}, "no other order is made"


async def test_an_old_payment_is_not_said_to_hold_nothing_where_its_time_is_not_known(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    vendor.script = [TOKEN, listed(99)]
    payment = replace(PAYMENT, made_at=None)
    void = OperationRequest("key", payment, None, 1250, kind="void", forgotten=True)
    assert isinstance(await provider.void(void), Unknown)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (FORBIDDEN, Unknown(f"{CLOSED}and resolve the order with what is there{SAID}", True)),
        (error(400, "INVALID"), Misconfigured("400: INVALID: said by PayPal")),
    ],
)
async def test_without_the_permission_the_operator_is_told_and_nothing_is_asked_for(
    vendor: Vendor, provider: PayPalProvider, answer: Answer, expected: Any
) -> None:
    vendor.script = [TOKEN, answer]
    assert await provider.look_up(PAYMENT) == expected
    assert vendor.calls[1:] == ["GET /v1/reporting/transactions"]


async def test_the_list_is_asked_from_the_time_of_the_payment_on(
    vendor: Vendor, provider: PayPalProvider
) -> None:
    now = int(datetime.now(UTC).timestamp()) * 1_000_000
    vendor.script = [TOKEN, listed(None)]
    await provider.look_up(replace(PAYMENT, made_at=now - 5 * HOUR))
    first = datetime.fromtimestamp((now - 6 * HOUR) / 1_000_000, UTC)
    assert f"start_date={first:%Y-%m-%dT%H}" in vendor.asked[1].path
