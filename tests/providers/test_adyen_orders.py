"""Adyen's notifications come in any order, and say the same in the end."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from tests.providers.accounts import ADYEN_HMAC, ADYEN_MERCHANT
from tests.providers.conftest import request_of
from tests.providers.test_adyen import PSP, item, of_operation, operation, reversed_

from entrepot.providers import adyen_answers as answers


def read(body: bytes) -> answers.Item:
    [one] = answers.notification(body, [ADYEN_HMAC], ADYEN_MERCHANT) or []
    return one


TOLD = [
    read(item("AUTHORISATION")),
    read(item("AUTHORISATION", success=False)),
    read(item("EXPIRE")),
    read(item("OFFER_CLOSED")),
    read(of_operation("CAPTURE")),
    read(of_operation("CAPTURE_FAILED")),
    read(of_operation("CANCELLATION", pspReference="OTHER")),
    read(reversed_()),
    read(item("CHARGEBACK", pspReference="DISPUTE", originalReference=PSP)),
    read(item("CHARGEBACK_REVERSED", pspReference="DISPUTE", originalReference=PSP)),
]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_any_order_of_what_is_notified_says_the_same_of_a_payment(count: int) -> None:
    for some in combinations(TOLD, count):
        orders = list(permutations(some))
        said = {type(answers.of_taken(one, request_of(PSP), PSP)) for one in orders}
        assert len(said) == 1, (some, said)
        listed = [answers.found_by(enumerate(one)) for one in orders]
        found = {tuple((one.state, one.captured, one.refunded) for one in each) for each in listed}
        assert len(found) == 1, (some, found)
        done = {type(answers.of_operation(one, operation("capture"), "MOD")) for one in orders}
        assert len(done) == 1, (some, done)
