"""`entrepot reconcile` at services without a list: what they notified tells of strangers."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.cli.test_reconcile import Till, till
from tests.faults.shop import ACCOUNTS, REFERENCES, USUAL
from tests.simulators.receiving import Receiver, receiver

from entrepot import payment_services
from entrepot.core import ids
from entrepot.core.decide.notice import KeepNotice
from entrepot.providers import account
from entrepot.providers.payment import (
    Authorised,
    OperationRequest,
    PaymentProvider,
    PaymentRequest,
    Running,
)
from entrepot.store import schema
from entrepot.testing.command_line import run
from entrepot.testing.server import eventually
from entrepot.testing.simulated import Simulated, simulated

__all__ = ["till"]
KEY = base64.b64encode(b"k" * 32).decode()
UNITS = 1250


class Counter:
    """A service at which the shop's own pages take money, and its notifications in the book."""

    def __init__(self, till: Till, service: str, simulator: Simulated, came: Receiver) -> None:
        self.till, self.service, self.simulator, self.came = till, service, simulator, came
        given = ACCOUNTS[service] | {account.BASE_URL: simulator.url}
        self.members = account.unpacked(service, account.packed(service, given))

    def provider(self) -> PaymentProvider:
        heard: Any = payment_services._Heard(None, 1, self.service)
        return payment_services.PROVIDERS[self.service](self.members, 2, heard)

    def held(self, **more: Any) -> tuple[PaymentRequest, str]:
        """A payment that the service holds, and the service's reference of it."""
        said = {"key": str(uuid.uuid4()), "order": str(uuid.uuid4())} | more
        request = PaymentRequest(
            reference=REFERENCES[self.service].format(USUAL), units=UNITS, scale=2, currency="EUR",
            **said,
        )  # fmt: skip

        async def ask() -> str:
            provider = self.provider()
            answer = await provider.authorise(request)
            await provider.close()
            assert isinstance(answer, Authorised), answer
            return answer.provider_reference

        return request, asyncio.run(ask())

    def operated(self, request: PaymentRequest, of: str, kind: Any) -> None:
        async def ask() -> None:
            provider = self.provider()
            asked = OperationRequest(str(uuid.uuid4()), request, of, UNITS, kind=kind)
            answer = await getattr(provider, kind)(asked)
            await provider.close()
            assert isinstance(answer, Running) or answer.provider_reference, answer

        asyncio.run(ask())

    def hear(self) -> None:
        """Every notification that came is kept, as the entrance does."""
        sent = self.simulator.ledger
        eventually(lambda: all(one["sent"] for one in sent()["notifications"]), "all are sent")

        async def keep() -> None:
            provider = self.provider()
            for one in self.came.came:
                told = await asyncio.to_thread(provider.read_notification, one.headers, one.body)
                assert told is not None
                await self.till._do(KeepNotice(1, self.service, told.id, told.references, one.body))
            await provider.close()

        self.till.run(keep)


@pytest.fixture
def database_url(fresh_database: Callable[[str], str]) -> str:
    """What the book is asked is tried on both engines among twins."""
    return fresh_database("sqlite")


@pytest.fixture(params=["adyen", "paypal"])
def counter(
    request: pytest.FixtureRequest, till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    service = request.param
    monkeypatch.setenv("ENTREPOT_SEAL_KEYS", KEY)
    with receiver() as came, simulated(service, notify=came.url) as simulator:
        lines = [f'{name} = "{value}"\n' for name, value in ACCOUNTS[service].items()]
        (tmp_path / "account.toml").write_text("".join(lines))
        added = run(
            tmp_path, "provider", "add", "Shop", service, "--from", "account.toml", "--base-url",
            simulator.url, DATABASE_URL=till.url, SEAL_KEYS=KEY,
        )  # fmt: skip
        assert added.code == 0, added
        yield Counter(till, service, simulator, came)


def test_money_of_no_order_is_told(counter: Counter) -> None:
    till, service = counter.till, counter.service
    _, held = counter.held()
    taken_request, taken = counter.held()
    counter.operated(taken_request, taken, "capture")
    voided_request, voided = counter.held()
    counter.operated(voided_request, voided, "void")
    counter.hear()
    code, told = till.reconciled()
    found = {one["provider_reference"]: one for one in told["findings"]}
    assert (code, found.keys()) == (1, {held, taken})
    assert {one["kind"] for one in found.values()} == {"paid_without_order"}
    assert found[held]["sentence"].startswith(f"{service} holds 12.50 EUR")
    assert found[taken]["sentence"].startswith(f"{service} took 12.50 EUR")
    assert found[held]["advice"] == f"void {held} at {service}"
    assert found[taken]["advice"] == f"refund {taken} at {service}"
    assert told["services"] == {service: {"listed": 3, "booked": 0, "has_list": False}}


def test_money_that_the_book_knows_is_not_told(counter: Counter) -> None:
    till = counter.till
    placed = till.place()
    full = till.payment(placed)
    _, reference = counter.held(order=ids.dashed(placed.id), key=full.authorisation.key)
    counter.hear()
    till.settled(placed, reference)
    # The payment is of the sandbox's: nothing of it is this service's.
    code, told = till.reconciled()
    assert [one["service"] for one in told["findings"]] == [counter.service, "sandbox"]
    its = {"service": counter.service, "reference": REFERENCES[counter.service].format(USUAL)}
    till.write(lambda conn: conn.execute(update(schema.payments).values(its)))
    code, told = till.reconciled()
    assert (code, told["findings"]) == (0, [])
    # One that is older than the span is known all the same, although it is not compared.
    till.write(lambda conn: conn.execute(update(schema.payments).values(created_at=1)))
    code, told = till.reconciled()
    assert (code, told["findings"]) == (0, [])
    assert told["services"][counter.service]["booked"] == 0
