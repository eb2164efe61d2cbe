"""A service is not asked for money that its order needs no more: it is told to keep none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from entrepot.clock import new_id
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.order import Job
from entrepot.core.payment import CaptureFound, FullPayment, Operation, Payment
from entrepot.pipeline.retry import POLICIES
from entrepot.pipeline.steps import Terms
from entrepot.pipeline.steps.authorise import authorise
from entrepot.pipeline.steps.outside import Outside
from entrepot.pipeline.steps.table import STEPS, in_hand
from entrepot.pipeline.steps.void import void
from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Differs,
    OperationRequest,
    PaymentProvider,
    Pending,
    ServiceTerms,
    Unknown,
    Voided,
)

ORG, ORDER, OTHER, NOW = 1, new_id(), new_id(), 1_700_000_000_000_000
A_JOB = Job(ORG, new_id(), "authorise", ORDER, None, "due", NOW, NOW, 1, 0, None, NOW)
BOTH = "stripe: the payment is of 4.00 EUR, and the order of 10.00 EUR"


@dataclass
class Asked:
    """A service that does what it is asked to do, and remembers what that was."""

    terms: ServiceTerms = field(
        default_factory=lambda: ServiceTerms(1e9, None, several_captures=False)
    )
    calls: list[str] = field(default_factory=list)
    forgotten: list[bool] = field(default_factory=list)
    answer: Any = field(default_factory=lambda: Authorised("at-1"))

    async def authorise(self, _request: Any, _known: Any = None) -> Any:
        self.calls.append("authorise")
        return self.answer

    async def void(self, request: OperationRequest) -> Any:
        self.calls.append("void")
        self.forgotten.append(request.forgotten)
        return Voided("at-1")


def payment(number: int, due: int, units: int, state: str) -> FullPayment:
    paid = Payment(ORG, ORDER, number, "stripe", "stripe", "cus_1/pm_1", "EUR", Amount(due, 2), NOW)
    asked = Operation(
        ORG, ORDER, number, 1, "authorise", units, f"key-{number}", state, None, NOW, NOW
    )
    return FullPayment(paid, (asked,))


async def asked_of(kind: str, stage: str, *payments: FullPayment) -> tuple[list[str], str]:
    """What the service was asked, and the outcome that the book is told."""
    job = A_JOB._replace(kind=kind)
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


@pytest.mark.parametrize(("other", "asked"), [(None, ["void"]), (OTHER, [])], ids=["none", "other"])
async def test_a_payment_of_the_shops_own_pages_that_pays_another_order_stays(
    other: bytes | None, asked: list[str]
) -> None:
    """Whether the order ended, or its time is over, or its hold is to be let go."""
    own = payment(1, 1000, 1000, "prepared")
    own = own._replace(payment=own.payment._replace(reference="pi_1"))
    due = own.put(own.void(NOW))
    late = NOW + 86_400_000_000
    for held, now in (
        (in_hand(A_JOB, "cancelled", Funds((own,))), NOW),
        (in_hand(A_JOB._replace(kind="void"), "failed", Funds((due,))), NOW),
        (in_hand(A_JOB, "placed", Funds((own,)), held_until=late), late),
    ):
        service = Asked(answer=Pending("the customer must act"))
        step = authorise if held.job.kind == "authorise" else void
        terms = Terms(lambda at=now: at, lambda: 1.0, POLICIES)  # type: ignore[misc]
        command = await step(
            held._replace(pays_another=other), cast("PaymentProvider", service), terms
        )
        assert isinstance(command, SettlePayment)
        expires = "expired" if other is None else "lapsed"
        assert command.outcome == ("voided" if held.stage != "placed" else expires)
        assert [one for one in service.calls if one == "void"] == asked


LATE = int(Terms(lambda: NOW, lambda: 1.0, POLICIES).late_seconds * 1_000_000)


@dataclass
class Forgetful(Asked):
    """A service that has nothing of the payment, and cannot forbid it beforehand."""

    late: list[bool] = field(default_factory=list)

    async def void(self, request: OperationRequest) -> Any:
        self.late.append(request.late)
        return Voided(None, unless_on_its_way=True)

    async def look_up(self, _request: Any, _known: Any = None) -> Any:
        self.calls.append("look_up")
        return Absent()


async def _let_go(
    kind: str, stage: str, paid: FullPayment, after: int, answer: Any = None
) -> tuple[Any, list[bool], list[str]]:
    """The command so long after NOW, whether the service was told that it is late, its calls."""
    service = Forgetful(answer=answer or Unknown("no answer"))
    first = (payment(1, 1000, 1000, "done"),) if paid.payment.number > 1 else ()
    held = in_hand(A_JOB._replace(kind=kind), stage, Funds((*first, paid)), held_until=NOW)
    terms = Terms(lambda: NOW + after, lambda: 1.0, POLICIES)
    step = void if kind == "void" else authorise
    return await step(held, cast("PaymentProvider", service), terms), service.late, service.calls


@pytest.mark.parametrize(("kind", "number"), [("authorise", 1), ("increase", 2)])
async def test_a_void_waits_where_a_call_that_is_on_its_way_may_yet_make_the_payment(
    kind: str, number: int
) -> None:
    """A process that died, or lost its job, may have begun the call before the void was written."""
    only = payment(number, 1000, 1000, "prepared")
    command, late, _ = await _let_go(kind, "cancelled", only, 5)
    assert (command.outcome, late) == ("lapsed", [False])
    asked = only.put(only.void(NOW + 5))
    step = "void" if kind == "authorise" else kind
    command, late, _ = await _let_go(step, "cancelled", asked, 5 + LATE - 1)
    assert isinstance(command, DeferJob)
    assert (command.run_at, command.counted, late) == (NOW + 5 + LATE, False, [False])
    command, late, _ = await _let_go(step, "cancelled", asked, 5 + LATE)
    assert (command.outcome, late) == ("voided", [True])


async def test_a_void_of_a_payment_that_was_never_asked_for_waits_for_nothing() -> None:
    only = payment(1, 1000, 1000, "prepared")
    command, late, _ = await _let_go("void", "failed", only.put(only.void(NOW)), 0)
    assert (command.outcome, late) == ("voided", [True])


async def test_an_order_expires_before_the_last_call_is_known_to_be_over() -> None:
    """Its stock is given back at once, and the void waits."""
    only = payment(1, 1000, 1000, "prepared")
    command, late, calls = await _let_go("authorise", "placed", only, 0)
    assert (command.outcome, late, calls) == ("lapsed", [False], ["authorise"])


async def test_a_further_payment_is_asked_for_no_more_once_its_time_is_over() -> None:
    """So it is over for good once no call of before can be on its way."""
    further, hold = payment(2, 500, 500, "prepared"), 86_400_000_000
    _, _, calls = await _let_go("increase", "confirmed", further, hold - 1)
    assert calls == ["authorise"]
    command, _, calls = await _let_go("increase", "confirmed", further, hold)
    assert isinstance(command, DeferJob)
    assert (command.run_at, calls) == (NOW + hold + LATE, ["look_up"])
    command, _, calls = await _let_go("increase", "confirmed", further, hold + LATE)
    assert (command.outcome, calls) == ("expired", ["look_up"])


@dataclass
class Taken(Asked):
    """A service at which the money was taken already: nothing is held that could be let go."""

    found: Any = field(default_factory=lambda: Captured("at-1"))

    async def void(self, _request: Any) -> Any:
        return Declined("the money was taken already")

    async def look_up(self, _request: Any, _known: Any = None) -> Any:
        return self.found


async def test_money_that_was_taken_as_the_time_ended_pays_the_order() -> None:
    """The customer acted after the service was asked, and before it was told to let go."""
    service = Taken(answer=Pending("the customer must act"))
    only = payment(1, 1000, 1000, "prepared")
    held = in_hand(A_JOB, "placed", Funds((only,)), held_until=NOW)
    terms = Terms(lambda: NOW, lambda: 1.0, POLICIES)
    command = await authorise(held, cast("PaymentProvider", service), terms)
    assert isinstance(command, SettlePayment)
    assert (command.outcome, command.provider_reference) == ("captured", "at-1")


async def test_a_void_says_whether_the_payments_key_may_be_forgotten() -> None:
    service = Asked(ServiceTerms(3600.0, None, several_captures=False))
    due = payment(1, 1000, 1000, "prepared")
    held = in_hand(A_JOB._replace(kind="void"), "cancelled", Funds((due.put(due.void(NOW)),)))
    for seconds in (3599, 3601):
        now = NOW + seconds * 1_000_000
        terms = Terms(lambda at=now: at, lambda: 1.0, POLICIES)  # type: ignore[misc]
        await void(held, cast("PaymentProvider", service), terms)
    assert service.forgotten == [False, True]


async def test_money_of_another_amount_that_was_taken_is_left_to_a_person() -> None:
    service = Taken(found=Differs(400, 2, "EUR", "at-1"))
    due = payment(1, 1000, 1000, "prepared")
    held = in_hand(A_JOB._replace(kind="void"), "cancelled", Funds((due.put(due.void(NOW)),)))
    terms = Terms(lambda: NOW, lambda: 1.0, POLICIES)
    command = await void(held, cast("PaymentProvider", service), terms)
    assert isinstance(command, DeferJob)
    assert (command.parked, command.error) == (
        True,
        f"{BOTH}: let the money go there, or give it back, then resolve",
    )


async def test_a_part_that_was_taken_alone_is_of_another_amount() -> None:
    """The order that wants the money is parked; of one that ended the part is given back."""
    part = Captured("capture-1", (CaptureFound("capture-1", 400),))
    terms = Terms(lambda: NOW, lambda: 1.0, POLICIES)
    due = payment(1, 1000, 1000, "prepared")
    service = cast("PaymentProvider", Taken(answer=part, found=part))
    wanted = await authorise(in_hand(A_JOB, "placed", Funds((due,))), service, terms)
    assert isinstance(wanted, DeferJob)
    assert (wanted.parked, wanted.error) == (
        True,
        f"{BOTH}: cancel the order to let the money go",
    )
    void_job = A_JOB._replace(kind="void")
    held = in_hand(void_job, "cancelled", Funds((due.put(due.void(NOW)),)))
    for found in (part, Voided("at-1", part.captures)):
        service = cast("PaymentProvider", Taken(found=found))
        ended = await void(held, service, terms)
        assert isinstance(ended, SettlePayment)
        assert (ended.outcome, ended.captures) == ("voided", part.captures)
    old = Terms(lambda: NOW + 10**16, lambda: 1.0, POLICIES)
    again = in_hand(A_JOB, "placed", Funds((due,)), held_until=NOW + 10**17)
    voided = Taken(found=Voided("at-1", part.captures))
    looked = await authorise(again, cast("PaymentProvider", voided), old)
    assert isinstance(looked, DeferJob)
    assert looked.parked, "what was voided in part there is no decline"


class Claims:
    """The systems outside of the book, and the order that each payment pays."""

    def __init__(self, other: bytes | None) -> None:
        self.other, self.service_asked = other, Asked(answer=Pending("the customer must act"))

    async def pays_another(self, claim: Any, order_id: bytes) -> bytes | None:
        assert (claim, order_id) == ((ORG, "stripe", "pi_1"), ORDER)
        return self.other

    async def service(self, _org: int, _name: str) -> Any:
        return self.service_asked

    def rest(self, _org: int, _name: str) -> float:
        return 0.0


@pytest.mark.parametrize(("other", "asked"), [(None, 1), (OTHER, 0)], ids=["none", "other"])
@pytest.mark.parametrize(
    ("kind", "stage", "now"),
    [("authorise", "failed", NOW), ("void", "failed", NOW), ("authorise", "placed", NOW + 10**11)],
)
async def test_it_is_read_whom_a_payment_pays_before_money_is_let_go(
    kind: str, stage: str, now: int, other: bytes | None, asked: int
) -> None:
    own = payment(1, 1000, 1000, "prepared")
    own = own._replace(payment=own.payment._replace(reference="pi_1"))
    held = in_hand(A_JOB._replace(kind=kind), stage, Funds((own,)), held_until=NOW)
    outside = Claims(other)
    perform = STEPS[kind].perform
    assert perform is not None
    terms = Terms(lambda: now, lambda: 1.0, POLICIES)
    await perform(held, cast("Outside", outside), terms)
    assert outside.service_asked.calls.count("void") == asked
