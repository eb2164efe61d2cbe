"""A look at the payments of an order: what its service shows nothing of keeps nobody waiting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from tests.pipeline.test_wanted_payments import A_JOB, NOW, payment

from entrepot.core.decide.by_hand import HoldSeen, RefundSeen
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.steps import DeferJob
from entrepot.core.funds import Funds
from entrepot.core.payment import CaptureFound
from entrepot.core.refunds import RefundFound
from entrepot.pipeline.retry import POLICIES
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.look import look
from entrepot.pipeline.steps.operate import capture
from entrepot.pipeline.steps.table import in_hand
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Disputed,
    PaymentProvider,
    PaymentRequest,
    ServiceTerms,
    Unknown,
    Voided,
)

FOUND = (CaptureFound("capture-1", 200),)


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


class Declining(Shown):
    """A service that declines each capture, for somebody took a part of the money there."""

    async def capture(self, _request: Any) -> Any:
        return Declined("more than is held")

    async def look_up(self, _request: Any, _known: str | None = None) -> Any:
        return self.said


@pytest.mark.parametrize(
    ("said", "captures", "final"),
    [
        (Authorised("at-1", FOUND), FOUND, False),
        (Captured("capture-1", FOUND), FOUND, True),
        (Disputed("why", "capture-1", FOUND), FOUND, True),
        (Voided("at-1", FOUND), FOUND, True),
        (Disputed("why", "at-1", FOUND, held=True), FOUND, False),
        (Voided("at-1"), (), True),
        (Declined("the authorization is expired"), (), True),
        (Captured("at-1"), (), False),
        (Unknown("nobody answers"), (), False),
    ],
)
@pytest.mark.parametrize("several", [True, False])
async def test_a_capture_that_is_declined_tells_what_somebody_else_took(
    said: Any, captures: tuple[CaptureFound, ...], final: bool, several: bool
) -> None:
    paid = payment(1, 1000, 1000, "done")
    asked = paid.put(paid.further("capture", 1000, NOW))
    held = in_hand(A_JOB._replace(kind="capture"), "confirmed", Funds((asked,)))
    service = Declining(said)
    service.terms = replace(service.terms, several_captures=several)
    provider = cast("PaymentProvider", service)
    command = await capture(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleOperation)
    assert (command.done, command.captures, command.final) == (False, captures, final)


async def test_a_part_that_was_taken_before_the_rest_was_let_go_is_told() -> None:
    funds = Funds((payment(1, 1000, 1000, "done"), payment(2, 500, 500, "given_up")))
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", funds)
    part = Voided("at-2", (CaptureFound("capture-1", 200),))
    provider = cast("PaymentProvider", Shown(part))
    command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleLook)
    assert command.found.startswith("stripe took 2.00 EUR that the order needs no more: refund cap")


async def test_what_went_back_after_the_rest_was_let_go_is_told() -> None:
    funds = Funds((payment(1, 1000, 1000, "done"),))
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", funds)
    back = RefundFound("re-1", 200)
    shown = Shown(None)
    shown.first = Voided("at-1", FOUND, refunds=(back,))
    provider = cast("PaymentProvider", shown)
    command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleLook)
    assert command.refunds == (RefundSeen(1, back),)


async def test_late_money_that_went_back_at_the_service_calls_nobody() -> None:
    funds = Funds((payment(1, 1000, 1000, "done"), payment(2, 500, 500, "declined")))
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", funds)
    for back, told in ((200, "stripe took 3.00 EUR"), (500, "")):
        late = Captured("at-2", refunds=(RefundFound("re-1", back),))
        provider = cast("PaymentProvider", Shown(late))
        command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
        assert isinstance(command, SettleLook)
        assert command.found[:20] == told
        assert command.refunds == (RefundSeen(2, late.refunds[0]),)


@pytest.mark.parametrize(
    ("state", "unseen", "looked"),
    [
        ("declined", True, True),
        ("declined", False, False),
        # Its own step asks for it, perhaps later: somebody may hold the order.
        ("prepared", True, True),
        ("running", True, True),
        ("done", True, False),
    ],
)
async def test_what_has_no_money_and_is_not_shown_keeps_no_look_waiting(
    state: str, unseen: bool, looked: bool
) -> None:
    funds = Funds((payment(1, 1000, 1000, "done"), payment(2, 500, 500, state)))
    held = in_hand(A_JOB._replace(kind="look"), "confirmed", funds)
    provider = cast("PaymentProvider", Shown(Unknown("nobody knows", unseen)))
    command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleLook if looked else DeferJob)


WHOLE = (CaptureFound("at-1", 1000),)


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (Authorised("at-1"), ()),
        (Authorised("at-1", FOUND), (HoldSeen(1, False, FOUND),)),
        (Captured("at-1"), (HoldSeen(1, True, WHOLE),)),
        (Captured("capture-1", FOUND), (HoldSeen(1, True, FOUND),)),
        (Voided("at-1"), (HoldSeen(1, True),)),
        (Voided("at-1", FOUND), (HoldSeen(1, True, FOUND),)),
        (Declined("the authorization is expired"), (HoldSeen(1, True),)),
        (Disputed("why", "at-1", FOUND, held=True), (HoldSeen(1, False, FOUND),)),
        (Disputed("why", "capture-1", FOUND), (HoldSeen(1, True, FOUND),)),
    ],
)
async def test_a_look_tells_what_became_of_a_hold(said: Any, holds: tuple[HoldSeen, ...]) -> None:
    held = in_hand(
        A_JOB._replace(kind="look"), "confirmed", Funds((payment(1, 1000, 1000, "done"),))
    )
    shown = Shown(None)
    shown.first = said
    provider = cast("PaymentProvider", shown)
    command = await look(held, provider, Terms(lambda: NOW, lambda: 1.0, POLICIES))
    assert isinstance(command, SettleLook)
    assert command.holds == holds
