"""Entrepot's providers against the simulators: each operation has its effect once, however a call
goes, and the providers' answers agree with the simulators' ledgers.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest
from tests.faults.matrix import SERVICES
from tests.faults.shop import ACCOUNTS, REFERENCES, USUAL
from tests.simulators.receiving import Receiver, receiver

from entrepot import payment_services
from entrepot.providers import account
from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Found,
    Misconfigured,
    NotSent,
    OperationRequest,
    PaymentProvider,
    PaymentRequest,
    Refunded,
    Running,
    Unknown,
    Voided,
)
from entrepot.testing.server import eventually
from entrepot.testing.simulated import Simulated, simulated

TRIES = 8
AGAIN = (NotSent, Unknown, Running)
WORDS = ("lost", "cut", "failed", "charged", "unavailable", "busy", "limited")
UNITS = 1250
# Adyen has no call that shows a payment: nobody can know that a failure under a key had no effect.
NOT_KNOWN = {("adyen", "failed")}


class Counter(NamedTuple):
    """A provider and the service that it speaks to."""

    service: str
    simulator: Simulated
    provider: PaymentProvider

    def request(self, script: str = USUAL) -> PaymentRequest:
        return PaymentRequest(
            key=str(uuid.uuid4()),
            order=str(uuid.uuid4()),
            reference=REFERENCES[self.service].format(script),
            units=UNITS,
            scale=2,
            currency="EUR",
        )

    async def held(self, request: PaymentRequest) -> str:
        answer = await until_known(lambda: self.provider.authorise(request, None))
        assert isinstance(answer, Authorised), answer
        return answer.provider_reference

    def sums(self, request: PaymentRequest) -> tuple[int, int, int]:
        """What is held, taken and refunded for a payment, by the service's ledger."""
        listed = [one for one in self.simulator.payments() if request.order in str(one["about"])]
        assert sum(one["held"] > 0 or one["taken"] > 0 for one in listed) <= 1, listed
        return (
            sum(one["held"] for one in listed),
            sum(one["taken"] for one in listed),
            sum(one["refunded"] for one in listed),
        )


async def until_known(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The first answer that says something; the same request is asked again, as a step does."""
    for _ in range(TRIES):
        answer = await ask()
        if not isinstance(answer, AGAIN):
            return answer
    raise AssertionError(f"still {answer} after {TRIES} tries")


def each_word(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The test with each service, and with each script that its service can be asked about."""
    tried = [(s, w) for s in SERVICES for w in WORDS if (s, w) not in NOT_KNOWN]
    return pytest.mark.parametrize(("running", "does"), tried, indirect=["running"])(test)


@pytest.fixture(scope="module", params=SERVICES)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[str, Simulated, Receiver]]:
    with receiver() as heard, simulated(request.param, notify=heard.url) as simulator:
        yield request.param, simulator, heard


@pytest.fixture
async def counter(running: tuple[str, Simulated, Receiver]) -> AsyncIterator[Counter]:
    service, simulator, received = running

    async def heard(references: tuple[str, ...]) -> list[bytes]:
        """The notifications that a book keeps: those that have come."""
        eventually(lambda: all(one["sent"] for one in simulator.ledger()["notifications"]), "sent")
        named = [one.encode() for one in references]
        return [one.body for one in received.came if any(name in one.body for name in named)]

    given = ACCOUNTS[service] | {account.BASE_URL: simulator.url}
    members = account.unpacked(service, account.packed(service, given))
    provider = payment_services.PROVIDERS[service](members, 32, heard)
    yield Counter(service, simulator, provider)
    await provider.close()


def operation(request: PaymentRequest, kind: Any, of: str, units: int = UNITS) -> OperationRequest:
    return OperationRequest(str(uuid.uuid4()), request, of, units, kind=kind)


@each_word
async def test_money_is_held_once_however_a_call_goes(counter: Counter, does: str) -> None:
    counter.simulator.script("authorise", does, times=2 if does != "charged" else 1)
    request = counter.request()
    known = await counter.held(request)
    assert counter.sums(request) == (UNITS, 0, 0)
    assert isinstance(await counter.provider.look_up(request, known), Authorised)
    # PayPal finds no payment by its key alone, and makes none to find out.
    blind = await counter.provider.look_up(request, None)
    assert isinstance(blind, Unknown if counter.service == "paypal" else Authorised)
    assert counter.sums(request) == (UNITS, 0, 0)


@each_word
async def test_money_is_taken_once_however_a_call_goes(counter: Counter, does: str) -> None:
    request = counter.request()
    take = operation(request, "capture", await counter.held(request))
    counter.simulator.script("capture", does)
    answer = await until_known(lambda: counter.provider.capture(take))
    assert isinstance(answer, Captured), answer
    assert counter.sums(request) == (0, UNITS, 0)


@each_word
async def test_money_is_given_back_once_however_a_call_goes(counter: Counter, does: str) -> None:
    request = counter.request()
    give = operation(request, "void", await counter.held(request))
    counter.simulator.script("void", does)
    answer = await until_known(lambda: counter.provider.void(give))
    assert isinstance(answer, Voided), answer
    assert counter.sums(request) == (0, 0, 0)


@each_word
async def test_money_is_refunded_once_however_a_call_goes(counter: Counter, does: str) -> None:
    if (counter.service, does) == ("stripe", "failed"):
        does = "charged"  # a refund that Stripe has saved as failed is asked for in a day again
    request = counter.request()
    hold = await counter.held(request)
    taken = await counter.provider.capture(operation(request, "capture", hold))
    of = taken.provider_reference if isinstance(taken, Captured) else hold
    part = operation(request, "refund", of, 450)
    counter.simulator.script("refund", does)
    answer = await until_known(lambda: counter.provider.refund(part))
    assert isinstance(answer, Refunded), answer
    assert counter.sums(request) == (0, 800, 450)


async def test_a_decline_is_definite_and_a_stranger_absent(counter: Counter) -> None:
    declined = counter.request("sim-declined")
    answer = await counter.provider.authorise(declined, None)
    assert isinstance(answer, Declined), answer
    assert counter.sums(declined) == (0, 0, 0)
    stranger = await counter.provider.look_up(counter.request(), None)
    assert isinstance(stranger, Absent if counter.service == "stripe" else Unknown), stranger


async def test_what_is_compared_with_the_book(counter: Counter) -> None:
    request = counter.request()
    await counter.held(request)
    found = [one async for one in counter.provider.found_since(0)]
    if counter.service != "stripe":
        assert [type(one) for one in found] == [Misconfigured], "there is no list to compare with"
        return
    ours = [one for one in found if isinstance(one, Found) and one.order == request.order]
    assert [(one.units, one.currency) for one in ours] == [(UNITS, "EUR")]


async def test_money_that_is_held_is_never_absent_once_its_key_is_forgotten(
    counter: Counter,
) -> None:
    counter.simulator.script("authorise", "lost")
    request = counter.request()
    await counter.provider.authorise(request, None)
    assert counter.sums(request) == (UNITS, 0, 0)
    counter.simulator.control("clock", advance_seconds=25 * 3600)
    await counter.provider.look_up(request, "gone")  # a token that has expired is made anew
    found = await counter.provider.look_up(request, None)
    # PayPal has no call that finds an order by anything but its id.
    assert isinstance(found, Unknown if counter.service == "paypal" else Authorised), found
