"""What Adyen's notifications say of disputes, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from tests.providers.accounts import Told
from tests.providers.conftest import request_of
from tests.providers.test_adyen import (
    PSP,
    STORED,
    WHOLE,
    item,
    of_operation,
    operation,
    provider,
    told,
    vendor,
)

from entrepot.core.notice import Topics
from entrepot.providers.adyen import AdyenProvider
from entrepot.providers.payment import (
    Captured,
    Declined,
    Differs,
    Disputed,
    Found,
    Refunded,
    Running,
)

__all__ = ["provider", "told", "vendor"]  # fixtures

DISPUTE, OTHER = "DISPUTE000000001", "DISPUTE000000002"
OPEN = Disputed("the customer disputes the payment at Adyen", PSP)


def of_dispute(event: str, dispute: str = DISPUTE, original: str = PSP) -> bytes:
    return item(event, pspReference=dispute, originalReference=original)


CAME, TAKEN, BACK = "NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK", "CHARGEBACK_REVERSED"
ENDS: list[tuple[tuple[str, ...], bool]] = [
    ((CAME,), True),
    ((CAME, TAKEN), True),
    (("DISPUTE_OPENED_WITH_CHARGEBACK",), True),
    ((CAME, TAKEN, "DISPUTE_DEFENSE_PERIOD_ENDED"), True),
    ((CAME, TAKEN, BACK), False),
    ((TAKEN, BACK, "SECOND_CHARGEBACK"), True),
    ((TAKEN, BACK, "PREARBITRATION_OPEN"), True),
    ((TAKEN, BACK, "PREARBITRATION_OPEN", "PREARBITRATION_ISSUER_WITHDRAWN"), False),
    ((TAKEN, BACK, "PREARBITRATION_LOST"), True),
    ((TAKEN, BACK, "SECOND_CHARGEBACK", "PREARBITRATION_WON"), False),
    ((TAKEN, BACK, "SCHEME_ARBITRATION", "SCHEME_ARBITRATION_LOST"), True),
    ((TAKEN, BACK, "SCHEME_ARBITRATION", "SCHEME_ARBITRATION_WON"), False),
    ((TAKEN, BACK, "ISSUER_RESPONSE_TIMEFRAME_EXPIRED"), False),
]


@pytest.mark.parametrize(("events", "is_open"), ENDS, ids=lambda one: str(one)[-60:])
async def test_a_dispute_is_what_its_latest_stage_says_in_any_order(
    provider: AdyenProvider, told: Told, events: tuple[str, ...], is_open: bool
) -> None:
    paid = [item("AUTHORISATION"), item("CAPTURE")]
    for order in permutations(events):
        told[:] = [*map(of_dispute, order), *paid]
        expected = replace(OPEN, captures=WHOLE.captures) if is_open else WHOLE
        assert await provider.look_up(request_of(STORED), PSP) == expected, order
        # The notifications of the payment itself have left the book by then.
        expected = OPEN if is_open else Captured(PSP)
        told[:] = list(map(of_dispute, order))
        assert await provider.look_up(request_of(STORED), PSP) == expected, order


async def test_each_dispute_of_a_payment_has_its_own_end(
    provider: AdyenProvider, told: Told
) -> None:
    told[:] = [of_dispute(TAKEN), of_dispute(TAKEN, OTHER), of_dispute(BACK)]
    assert await provider.look_up(request_of(PSP)) == OPEN
    told.append(of_dispute(BACK, OTHER))
    assert await provider.look_up(request_of(PSP)) == Captured(PSP)


async def test_an_end_that_names_the_payment_alone_ends_its_dispute(
    provider: AdyenProvider, told: Told
) -> None:
    told[:] = [of_dispute(TAKEN), of_dispute(BACK, PSP, "")]
    assert await provider.look_up(request_of(PSP)) == Captured(PSP)
    told[:] = [of_dispute(BACK, PSP, "")]
    assert await provider.look_up(request_of(PSP)) == Captured(PSP)


@pytest.mark.parametrize(
    "body",
    [
        of_dispute("REQUEST_FOR_INFORMATION"),
        of_dispute("NOTIFICATION_OF_FRAUD"),
        item(TAKEN, pspReference=DISPUTE, originalReference=PSP, success=False),
        item(TAKEN, pspReference=DISPUTE, originalReference=PSP, key="00" * 32),
        item(TAKEN, pspReference=DISPUTE, originalReference="Z" * 16, merchantReference="other"),
    ],
)
async def test_what_takes_no_money_of_the_payment_is_no_dispute(
    provider: AdyenProvider, told: Told, body: bytes
) -> None:
    told[:] = [body]
    # That says nothing of a dispute which is known of.
    assert isinstance(await provider.look_up(request_of(STORED), PSP), Running)
    told[:] = [item("AUTHORISATION"), item("CAPTURE"), body]
    assert await provider.look_up(request_of(STORED), PSP) == WHOLE


async def test_a_payment_of_another_amount_is_told_before_its_dispute(
    provider: AdyenProvider, told: Told
) -> None:
    told[:] = [item("AUTHORISATION", amount={"value": 1, "currency": "EUR"}), of_dispute(TAKEN)]
    assert isinstance(await provider.look_up(request_of(PSP)), Differs)


async def test_a_notification_of_a_dispute_says_that_it_is_one(provider: AdyenProvider) -> None:
    for event in (CAME, TAKEN, BACK, "SECOND_CHARGEBACK"):
        read = provider.read_notification({}, of_dispute(event))
        assert read is not None
        assert read.topics == Topics(dispute=True), event
        assert PSP in read.references
    read = provider.read_notification({}, of_dispute("REQUEST_FOR_INFORMATION"))
    assert read is not None
    assert not read.topics.dispute


async def test_a_list_of_payments_has_the_disputed_ones(
    provider: AdyenProvider, told: Told
) -> None:
    told[:] = [item("AUTHORISATION"), item("CAPTURE"), of_dispute(TAKEN)]
    for state in ("disputed", "captured"):
        found = await anext(provider.found_since(0))
        assert isinstance(found, Found)
        assert found.state == state
        told.append(of_dispute(BACK))


@pytest.mark.parametrize("event", ["REFUND_FAILED", "REFUNDED_REVERSED"])
async def test_a_refund_whose_money_came_back_is_declined(
    provider: AdyenProvider, told: Told, event: str
) -> None:
    refund = operation("refund")
    for order in permutations([of_operation("REFUND"), of_operation(event)]):
        told[:] = order
        assert await provider.look_up(refund, "MOD") == Declined("why")
    # The refund is known by Adyen's reference of it, whatever the notification calls it.
    told[:] = [of_operation("REFUND"), of_operation(event, merchantReference="of the shop")]
    assert await provider.look_up(refund, "MOD") == Declined("why")
    read = provider.read_notification({}, of_operation(event))
    assert read is not None
    assert read.topics.failure
    # Another refund of the payment is done.
    told[:] = [of_operation("REFUND"), of_operation(event, pspReference="O", merchantReference="o")]
    assert await provider.look_up(refund, "MOD") == Refunded("MOD")


async def test_a_capture_that_failed_is_known_by_its_own_reference(
    provider: AdyenProvider, told: Told
) -> None:
    """The book knows a capture by the payment that a refund is of."""
    told[:] = [of_operation("CAPTURE"), of_operation("CAPTURE_FAILED", merchantReference="other")]
    assert await provider.look_up(operation("capture"), PSP) == Declined("why")
