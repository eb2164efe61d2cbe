"""A look at the payments of an order: what its service shows nothing of keeps nobody waiting."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.pipeline.test_wanted_payments import A_JOB, NOW, payment

from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.steps import DeferJob
from entrepot.core.funds import Funds
from entrepot.core.payment import CaptureFound
from entrepot.pipeline.retry import POLICIES
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.look import look
from entrepot.pipeline.steps.table import in_hand
from entrepot.providers.payment import (
    Captured,
    PaymentProvider,
    PaymentRequest,
    ServiceTerms,
    Unknown,
    Voided,
)


class Shown:
    """A service that has taken the first payment, and says this of the second."""

    terms = ServiceTerms(1e9, None, several_captures=True)

    def __init__(self, said: Any) -> None:
        self.said = said
        self.first = Captured("at-1")

    async def look_up(self, request: Any, _known: str | None = None) -> Any:
        if not isinstance(request, PaymentRequest):
            return Captured("at-1")  # of the capture
        return self.first if request.payment == 1 else self.said


@pytest.mark.parametrize("told", [True, False])
async def test_a_dispute_goes_on_where_the_service_has_no_word_on_it(told: bool) -> None:
    paid = payment(1, 1000, 1000, "done")
    taken = paid.further("capture", 1000, NOW).moved("done", NOW + 1, "at-1")
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", Funds((paid.put(taken),)))
    shown = Shown(None)
    shown.first = Captured("at-1", disputes_told=told)
    command = await look(
        held, cast("PaymentProvider", shown), Terms(lambda: NOW, lambda: 1.0, POLICIES)
    )
    assert isinstance(command, SettleLook)
    assert command.disputed is (False if told else None)


async def test_a_part_that_was_taken_before_the_rest_was_let_go_is_told() -> None:
    funds = Funds((payment(1, 1000, 1000, "done"), payment(2, 500, 500, "given_up")))
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", funds)
    part = Voided("at-2", (CaptureFound("capture-1", 200),))
    provider = cast("PaymentProvider", Shown(part))
    command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleLook)
    assert command.found.startswith("stripe took 2.00 EUR that the order needs no more: refund cap")


@pytest.mark.parametrize(
    ("state", "unseen", "looked"),
    [("declined", True, True), ("declined", False, False), ("prepared", True, False)],
)
async def test_what_came_to_nothing_and_is_not_shown_keeps_no_look_waiting(
    state: str, unseen: bool, looked: bool
) -> None:
    funds = Funds((payment(1, 1000, 1000, "done"), payment(2, 500, 500, state)))
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", funds)
    provider = cast("PaymentProvider", Shown(Unknown("nobody knows", unseen)))
    command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleLook if looked else DeferJob)
