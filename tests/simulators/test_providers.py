"""Entrepot's providers against the simulators: each operation has its effect once, however a call
goes, and the providers' answers agree with the simulators' ledgers.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from tests.faults.matrix import SERVICES
from tests.faults.shop import ACCOUNTS, REFERENCES, USUAL
from tests.simulators import test_paypal as paypal
from tests.simulators.receiving import Receiver, receiver

from entrepot import payment_services
from entrepot.core.payment import CaptureFound
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


class Heard:
    """The notifications that a book keeps: those that have come."""

    def __init__(self, simulator: Simulated, received: Receiver) -> None:
        self._simulator, self._received = simulator, received

    def _came(self) -> list[bytes]:
        sent = self._simulator.ledger
        eventually(lambda: all(one["sent"] for one in sent()["notifications"]), "sent")
        return [one.body for one in self._received.came]

    async def __call__(self, references: tuple[str, ...]) -> list[bytes]:
        named = [one.encode() for one in references]
        return [one for one in self._came() if any(name in one for name in named)]

    async def since(self, time: int) -> AsyncIterator[tuple[int, bytes]]:
        for body in self._came():
            yield time, body


def connected(service: str, simulator: Simulated, heard: Any) -> PaymentProvider:
    given = ACCOUNTS[service] | {account.BASE_URL: simulator.url}
    members = account.unpacked(service, account.packed(service, given))
    return payment_services.PROVIDERS[service](members, 32, heard)


@pytest.fixture
async def counter(running: tuple[str, Simulated, Receiver]) -> AsyncIterator[Counter]:
    service, simulator, received = running
    provider = connected(service, simulator, Heard(simulator, received))
    yield Counter(service, simulator, provider)
    await provider.close()


def operation(
    request: PaymentRequest, kind: Any, of: str | None, units: int = UNITS
) -> OperationRequest:
    return OperationRequest(str(uuid.uuid4()), request, of, units, kind=kind)


@each_word
async def test_money_is_held_once_however_a_call_goes(counter: Counter, does: str) -> None:
    counter.simulator.script("authorise", does, times=2 if does != "charged" else 1)
    request = counter.request()
    known = await counter.held(request)
    assert counter.sums(request) == (UNITS, 0, 0)
    assert isinstance(await counter.provider.look_up(request, known), Authorised)
    # PayPal finds no payment by its key alone, and has notified the payment with our order's id.
    assert isinstance(await counter.provider.look_up(request, None), Authorised)
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
    request, other = counter.request(), counter.request()
    hold = await counter.held(request)
    taken = operation(other, "capture", await counter.held(other))
    await until_known(lambda: counter.provider.capture(taken))
    found = [one async for one in counter.provider.found_since(0)]
    # Adyen and PayPal have no list that is whole: what they have notified is told.
    assert isinstance(found[-1], Found if counter.service == "stripe" else Misconfigured)
    for asked, state, captured in ((request, "authorised", 0), (other, "captured", UNITS)):
        listed = [one for one in found if isinstance(one, Found)]
        [one] = [one for one in listed if one.order == asked.order or one.key == asked.key]
        assert (one.units, one.scale, one.currency) == (UNITS, 2, "EUR")
        assert (one.state, one.captured, one.refunded) == (state, captured, 0)
        assert asked is not request or hold in (one.provider_reference, *one.also)


async def test_money_that_is_held_is_never_absent_once_its_key_is_forgotten(
    counter: Counter,
) -> None:
    counter.simulator.script("authorise", "lost")
    request = counter.request()
    await counter.provider.authorise(request, None)
    assert counter.sums(request) == (UNITS, 0, 0)
    counter.simulator.control("clock", advance_seconds=25 * 3600)
    await counter.provider.look_up(request, "gone")  # a token that has expired is made anew
    if counter.service == "paypal":  # its list of transactions is hours behind
        counter.provider._transactions = None  # type: ignore[attr-defined]
    assert isinstance(await counter.provider.look_up(request, None), Authorised)


async def test_money_that_is_held_is_let_go_once_its_key_is_forgotten(counter: Counter) -> None:
    counter.simulator.script("authorise", "lost")
    request = counter.request()
    await counter.provider.authorise(request, None)
    assert counter.sums(request) == (UNITS, 0, 0)
    counter.simulator.control("clock", advance_seconds=25 * 3600)
    give = replace(operation(request, "void", None), forgotten=True)
    answer = await until_known(lambda: counter.provider.void(give))
    assert isinstance(answer, Voided), answer
    assert counter.sums(request) == (0, 0, 0)


class Deaf:
    """An account whose service notifies nothing."""

    async def __call__(self, references: tuple[str, ...]) -> list[bytes]:
        del references
        return []

    async def since(self, time: int) -> AsyncIterator[tuple[int, bytes]]:
        for body in ():
            yield time, body


async def test_without_notifications_paypals_list_names_the_order() -> None:
    with simulated("paypal") as simulator:
        counter = Counter("paypal", simulator, connected("paypal", simulator, Deaf()))
        held, taken, voided, refused = (
            counter.request(script) for script in (USUAL, USUAL, USUAL, "sim-declined")
        )
        holds = {one.order: await counter.held(one) for one in (held, taken, voided)}
        capture = operation(taken, "capture", holds[taken.order])
        done = await counter.provider.capture(capture)
        assert isinstance(done, Captured)
        await counter.provider.refund(operation(taken, "refund", done.provider_reference, 450))
        await counter.provider.void(operation(voided, "void", holds[voided.order]))
        await counter.provider.authorise(refused, None)

        assert await counter.provider.look_up(held, None) == Authorised(holds[held.order])
        assert isinstance(await counter.provider.look_up(taken, None), Captured)
        assert isinstance(await counter.provider.look_up(voided, None), Voided)
        for one in (refused, counter.request()):
            assert isinstance(await counter.provider.look_up(one, None), Unknown)
        listed = [one async for one in counter.provider.found_since(0)]
        assert isinstance(listed.pop(), Misconfigured)
        told = {one.order: one for one in listed if isinstance(one, Found)}
        assert {order: (one.state, one.captured, one.refunded) for order, one in told.items()} == {
            held.order: ("authorised", 0, 0), taken.order: ("captured", UNITS, 450),
            voided.order: ("voided", 0, 0),
        }  # fmt: skip
        assert told[held.order].provider_reference == holds[held.order]
        await counter.provider.close()


@pytest.mark.parametrize(("outcome", "taken"), [("authorised", UNITS), ("declined", 0)])
async def test_a_capture_of_paypals_that_is_pending_is_followed_to_its_end(
    outcome: str, taken: int
) -> None:
    """An order with the intent CAPTURE has no authorization that it could be known by."""
    with simulated("paypal") as simulator:
        order = paypal.Shop(simulator).made(intent="CAPTURE").id
        simulator.control("settle", reference=order, outcome="authorised")
        simulator.script("capture", "pending")
        provider = connected("paypal", simulator, Deaf())
        request = PaymentRequest(str(uuid.uuid4()), "o-1", order, UNITS, 2, "EUR")
        answer = await provider.authorise(request, None)
        assert isinstance(answer, Running), answer
        known = answer.provider_reference
        assert await provider.look_up(request, known) == answer
        simulator.control("settle", reference=known, outcome=outcome)
        found = await provider.look_up(request, known)
        assert isinstance(found, Captured if taken else Declined), found
        [payment] = simulator.payments(order)
        assert (payment["held"], payment["taken"]) == (0, taken)
        await provider.close()


async def test_captures_that_were_made_at_paypals_own_pages_are_told_each() -> None:
    """A refund is of one capture: all of the money goes back by one refund for each."""
    with simulated("paypal") as simulator:
        provider = connected("paypal", simulator, Deaf())
        counter = Counter("paypal", simulator, provider)
        made = counter.request()
        hold = await counter.held(made)
        adopted = replace(made, reference=hold)
        part = replace(operation(made, "capture", hold, 400), final=False)
        first = await provider.capture(part)
        assert isinstance(first, Captured)
        assert await provider.authorise(adopted) == Authorised(
            hold, (CaptureFound(first.provider_reference, 400),)
        )
        await provider.capture(operation(made, "capture", hold, UNITS - 400))
        found = await provider.authorise(adopted)
        assert isinstance(found, Captured), found
        assert [one.units for one in found.captures] == [400, UNITS - 400]
        of_all = operation(made, "refund", found.provider_reference)
        assert isinstance(await provider.refund(of_all), Declined)
        for one in found.captures:
            back = operation(made, "refund", one.reference, one.units)
            assert isinstance(await provider.refund(back), Refunded)
        assert counter.sums(made) == (0, 0, UNITS)
        await provider.close()


async def test_a_void_of_paypals_tells_what_was_taken_before() -> None:
    with simulated("paypal") as simulator:
        provider = connected("paypal", simulator, Deaf())
        counter = Counter("paypal", simulator, provider)
        made = counter.request()
        hold = await counter.held(made)
        done = await provider.capture(replace(operation(made, "capture", hold, 400), final=False))
        assert isinstance(done, Captured)
        taken = (CaptureFound(done.provider_reference, 400),)
        for _ in range(2):  # the second void has another key: it was done before
            void = operation(made, "void", hold)
            assert await provider.void(void) == Voided(hold, taken)
        assert await provider.look_up(made, hold) == Voided(hold, taken)
        assert counter.sums(made) == (0, 400, 0)
        await provider.close()
