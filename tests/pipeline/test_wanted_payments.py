"""A service is not asked for money that its order needs no more: it is told to keep none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from entrepot.clock import new_id
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.order import Job
from entrepot.core.payment import FullPayment, Operation, Payment
from entrepot.pipeline.retry import POLICIES
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.authorise import authorise
from entrepot.pipeline.steps.table import in_hand
from entrepot.providers.payment import Authorised, PaymentProvider, ServiceTerms, Voided

ORG, ORDER, NOW = 1, new_id(), 1_700_000_000_000_000


@dataclass
class Asked:
    """A service that does what it is asked to do, and remembers what that was."""

    terms: ServiceTerms = field(
        default_factory=lambda: ServiceTerms(1e9, None, several_captures=False)
    )
    calls: list[str] = field(default_factory=list)

    async def authorise(self, _request: Any, _known: Any = None) -> Any:
        self.calls.append("authorise")
        return Authorised("at-1")

    async def void(self, _request: Any) -> Any:
        self.calls.append("void")
        return Voided("at-1")


def payment(number: int, due: int, units: int, state: str) -> FullPayment:
    paid = Payment(ORG, ORDER, number, "stripe", "stripe", "cus_1/pm_1", "EUR", Amount(due, 2), NOW)
    asked = Operation(
        ORG, ORDER, number, 1, "authorise", units, f"key-{number}", state, None, NOW, NOW
    )
    return FullPayment(paid, (asked,))


async def asked_of(kind: str, stage: str, *payments: FullPayment) -> tuple[list[str], str]:
    """What the service was asked, and the outcome that the book is told."""
    job = Job(ORG, new_id(), kind, ORDER, None, "due", NOW, NOW, 1, 0, None, NOW)
    service = Asked()
    held = in_hand(job, stage, Funds(payments))
    terms = Terms(lambda: NOW, lambda: 1.0, POLICIES)
    command = await authorise(held, cast("PaymentProvider", service), terms)
    assert isinstance(command, SettlePayment)
    return service.calls, command.outcome


@pytest.mark.parametrize("stage", ["cancelled", "failed", "rejected", "confirmed"])
async def test_the_payment_of_an_order_that_is_not_placed_any_more_is_voided(stage: str) -> None:
    only = payment(1, 1000, 1000, "prepared")
    assert await asked_of("authorise", "placed", only) == (["authorise"], "authorized")
    assert await asked_of("authorise", stage, only) == (["void"], "voided")


@pytest.mark.parametrize(
    ("stage", "due", "wanted"),
    [("confirmed", 500, True), ("cancelled", 500, False), ("confirmed", 0, False)],
)
async def test_a_further_payment_is_asked_for_while_something_is_due_of_it(
    stage: str, due: int, wanted: bool
) -> None:
    """Nothing is due of one after its order was amended back. Nor is there a hold to renew here."""
    first = payment(1, 0, 1000, "declined")
    further = payment(2, due, 500, "prepared")
    expected = (["authorise"], "authorized") if wanted else (["void"], "voided")
    assert await asked_of("increase", stage, first, further) == expected


@pytest.mark.parametrize(("stage", "wanted"), [("confirmed", True), ("cancelled", False)])
async def test_a_renewal_is_asked_for_while_its_order_runs(stage: str, wanted: bool) -> None:
    """Nothing is due of a renewal until it takes the place of the hold that ends soon."""
    hold, renewal = payment(1, 1000, 1000, "done"), payment(2, 0, 1000, "prepared")
    expected = (["authorise"], "authorized") if wanted else (["void"], "voided")
    assert await asked_of("increase", stage, hold, renewal) == expected
