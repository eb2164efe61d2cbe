"""`entrepot reconcile`: the sandbox's list beside the book, and what mends each difference."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stripe
from sqlalchemy import select, update
from tests.cli.office import Office
from tests.factories import new_id, open_shop

from entrepot.cli.orders import orders
from entrepot.cli.reconcile import reconcile
from entrepot.cli.session import OperatorError
from entrepot.clock import now
from entrepot.core import ids
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.funds import funds_of
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.payment import FullPayment
from entrepot.pipeline.steps import operation_request, request_of
from entrepot.pipeline.steps.outside import Outside
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Misconfigured,
    NotSent,
    OperationRequest,
    Refunded,
    Running,
    ServiceTerms,
    Voided,
)
from entrepot.providers.sandbox import SandboxProvider
from entrepot.store import schema
from entrepot.store.writing import payments
from entrepot.testing.command_line import run
from entrepot.testing.simulated import simulated


class Till(Office):
    """An office with the sandbox's ledger at hand."""

    ledger: Path

    def __init__(self, url: str, printed: Any, shop: Any) -> None:
        self.url, self._printed, self.shop = url, printed, shop

    def payment(self, order: Order) -> FullPayment:
        key = (order.org, order.id)
        paid = self.write(lambda conn: payments.of_orders(conn, {key}))[key]
        funds = funds_of(paid.payments, paid.operations)
        full = None if funds is None else funds.first
        assert full is not None
        return full

    def charge(self, placed: Order, **other: Any) -> str:
        """The sandbox holds the money of an order; the book does not hear of it."""
        request = replace(request_of(self.payment(placed)), **other)

        async def ask() -> str:
            sandbox = SandboxProvider(self.ledger)
            answer = await sandbox.authorise(request)
            await sandbox.close()
            assert isinstance(answer, Authorised), answer
            return answer.provider_reference

        reference: str = self.run(ask)
        return reference

    def operate(self, request: OperationRequest) -> None:
        """The sandbox takes money, or gives money back."""

        async def ask() -> None:
            sandbox = SandboxProvider(self.ledger)
            answer = await getattr(sandbox, request.kind)(request)
            await sandbox.close()
            assert isinstance(answer, Captured | Refunded), answer

        self.run(ask)

    def operated(
        self, order: Order, command: CaptureOrder, reference: str, *, asks: bool = True
    ) -> None:
        """Money of an order is taken, in the book and at the sandbox, which `asks` says."""
        self.do(command)
        full = self.payment(order)
        asked = full.first_open("capture")
        assert asked is not None
        if asks:
            self.operate(operation_request(full, asked))

        async def work() -> None:
            job = await self._job(order.id)
            await self._do(SettleOperation(
                order.org, order.id, job.id, job.fence, 1, asked.number, True, "", reference
            ))  # fmt: skip

        self.run(work)

    def settled(self, order: Order, reference: str) -> None:
        async def work() -> None:
            job = await self._job(order.id)
            await self._do(
                SettlePayment(order.org, order.id, job.id, job.fence, "authorized", "", reference)
            )

        self.run(work)

    def reconciled(self, *words: str, **flags: Any) -> tuple[int, dict[str, Any]]:
        self._printed()
        code = 0
        try:
            reconcile(*(words or ("Shop",)), as_json=True, **flags)
        except SystemExit as ended:
            code = int(str(ended.code))
        return code, json.loads(self._printed())


@pytest.fixture
def till(
    database_url: str, tmp_path: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> Till:  # fmt: skip
    till = Till(database_url, lambda: capsys.readouterr().out, office.shop)
    till.ledger = tmp_path / "sandbox.db"
    return till


def kinds(told: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["kind"], one["number"]) for one in told["findings"]]


def test_what_agrees_ends_with_0(till: Till) -> None:
    code, told = till.reconciled()
    assert (code, told["services"], told["findings"]) == (0, {}, [])
    order = till.place()
    till.settled(order, till.charge(order))
    code, told = till.reconciled()
    assert (code, told["findings"]) == (0, [])
    assert told["services"] == {"sandbox": {"listed": 1, "booked": 1, "has_list": True}}
    assert "sandbox: 1 listed, 1 in the book, 0 differences\n" in till.types(reconcile, "Shop")


def test_a_lost_answer_is_told_and_its_step_taken_up(till: Till) -> None:
    order = till.place()
    reference = till.charge(order)
    code, told = till.reconciled()
    [one] = told["findings"]
    assert (code, one["kind"], one["safe"], one["applied"]) == (
        1, "paid_without_order", True, False,
    )  # fmt: skip
    assert one["command"] == f"entrepot retry {ids.dashed(order.id)}"
    assert one["provider_reference"] == reference
    assert till.jobs() == [("due", 1, False)], "nothing is done unasked"
    code, told = till.reconciled(apply=True)
    assert (code, told["findings"][0]["applied"]) == (0, True)
    assert till.jobs() == [("due", 0, True)]


def test_each_difference_is_told_and_ends_with_1(till: Till, capsys: Any) -> None:
    unpaid, other_amount, lost = till.place(), till.place(), till.place()
    till.settled(unpaid, "sandbox-none")
    till.charge(other_amount, units=1)
    stranger = str(new_id())
    till.charge(lost, key=stranger, order=ids.dashed(new_id()), reference="x")
    code, told = till.reconciled(apply=True)
    assert code == 1
    assert kinds(told) == [
        ("amount_differs", other_amount.number or 2), ("paid_without_order", None),
        ("order_without_payment", unpaid.number or 1),
    ]  # fmt: skip
    differs, _, missing = told["findings"]
    assert (differs["applied"], missing["applied"]) == (False, False)
    assert differs["command"] == f"entrepot cancel {ids.dashed(other_amount.id)}"
    assert missing["command"] == f"entrepot cancel {ids.dashed(unpaid.id)}"
    assert till.told(orders, parked=True) == []
    with pytest.raises(SystemExit):
        reconcile("Shop")
    text = capsys.readouterr().out
    assert "\n    entrepot cancel " in text
    assert "\nsandbox: 2 listed, 3 in the book, 3 differences\n" in text


def test_money_that_somebody_gave_back_is_not_given_back_again(till: Till) -> None:
    order = till.place()
    till.settled(order, till.charge(order))
    till.operated(order, CaptureOrder(order.org, "native", order.id), "ch-1")
    till.do(RefundOrder(order.org, "native", order.id, Amount(450, 2)))
    till.operate(OperationRequest("by-hand", request_of(till.payment(order)), None, 450,
                                  kind="refund"))  # fmt: skip
    code, told = till.reconciled(apply=True)
    [one] = told["findings"]
    assert (code, one["kind"], one["safe"], one["applied"]) == (1, "amount_differs", False, False)
    assert one["command"] == f"entrepot explain {ids.dashed(order.id)}"
    assert "`entrepot resolve` it" in one["advice"]


def test_the_money_of_another_organization_is_not_told(till: Till) -> None:
    order = till.place()
    till.settled(order, till.charge(order))
    till.write(lambda conn: open_shop(conn, "Other"))
    till.write(lambda conn: conn.execute(
        schema.provider_accounts.insert().values(org=2, service="sandbox", added_at=now())
    ))  # fmt: skip
    code, told = till.reconciled("Other")
    assert (code, told["findings"]) == (0, [])
    assert told["services"] == {"sandbox": {"listed": 1, "booked": 0, "has_list": True}}


def test_only_the_span_is_compared(till: Till) -> None:
    till.settled(till.place(), "sandbox-none")
    past = now() - 30 * 86_400_000_000
    till.write(lambda conn: conn.execute(update(schema.payments).values(created_at=past)))
    assert till.reconciled()[0] == 0
    assert till.reconciled(since="60d")[0] == 1
    assert till.reconciled(since="2020-01-01")[0] == 1
    assert till.reconciled(since="2020-01-01T00:00:00+02:00")[0] == 1


def test_a_service_that_cannot_be_asked_is_named(till: Till) -> None:
    till.place()
    till.ledger.write_text("no ledger at all, and longer than a header of one" * 9)
    for words, flags, says in (
        (("Shop",), {}, r"not compared: sandbox \(could not be asked: "),
        (("Nobody",), {}, "no organization"),
        (("Shop",), {"since": "yesterday"}, "--since 'yesterday' is no time"),
        (("Shop",), {"since": "2999-01-01"}, "--since '2999-01-01' is yet to come"),
    ):  # fmt: skip
        with pytest.raises(OperatorError, match=says):
            reconcile(*words, **flags)


def test_a_service_without_an_account_keeps_no_other_one_from_being_compared(till: Till) -> None:
    first = till.place()
    till.charge(till.place())
    its = update(schema.payments).where(schema.payments.c.order_id == first.id)
    till.write(lambda conn: conn.execute(its.values(service="adyen")))
    with pytest.raises(OperatorError, match=r"not compared: adyen \(it has payments and no acc"):
        reconcile("Shop", as_json=True, since="999999d")
    told = json.loads(till._printed())
    assert told["services"]["adyen"].keys() == {"unasked"}
    assert told["services"]["sandbox"]["listed"] == 1
    assert len(told["findings"]) == 1


def test_a_real_service_is_asked_for_its_list(
    till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe, played on this machine: one payment agrees, and one is of no order."""
    key = base64.b64encode(b"k" * 32).decode()
    monkeypatch.setenv("ENTREPOT_SEAL_KEYS", key)
    with simulated("stripe") as simulator:
        (tmp_path / "stripe.toml").write_text('api_key = "sk_test_1"')
        added = run(
            tmp_path, "provider", "add", "Shop", "stripe", "--from", "stripe.toml", "--base-url",
            simulator.url, DATABASE_URL=till.url, SEAL_KEYS=key,
        )  # fmt: skip
        assert added.code == 0, added
        shop = stripe.StripeClient("sk_test_1", base_addresses={"api": simulator.url})
        held: Any = {
            "amount": 1250, "currency": "eur", "capture_method": "manual", "confirm": True,
            "payment_method": "pm_card_visa",
        }  # fmt: skip
        order, stranger = (shop.v1.payment_intents.create(held) for _ in range(2))
        placed = till.place()
        till.write(lambda conn: conn.execute(update(schema.payments).values(service="stripe")))
        till.settled(placed, order.id)
        code, told = till.reconciled()
    assert (code, told["services"]) == (1, {"stripe": {"listed": 2, "booked": 1, "has_list": True}})
    [one] = told["findings"]
    assert (one["kind"], one["provider_reference"]) == ("paid_without_order", stranger.id)
    assert one["advice"] == f"void {stranger.id} at stripe"


def test_an_account_that_cannot_be_used_is_told_without_a_payment_too(
    till: Till, tmp_path: Path
) -> None:
    (tmp_path / "stripe.toml").write_text('api_key = "sk_test_1"')
    key = base64.b64encode(b"k" * 32).decode()
    add = ("provider", "add", "Shop", "stripe", "--from", "stripe.toml")
    assert run(tmp_path, *add, DATABASE_URL=till.url, SEAL_KEYS=key).code == 0
    with pytest.raises(OperatorError, match=r"not compared: stripe \(could not be asked: the acc"):
        reconcile("Shop")


class Listless:
    """A service that has no list, and tells of one payment after the other."""

    terms = ServiceTerms(3600, None, several_captures=True)

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.of_operation: Any = answer
        self.terms = ServiceTerms(3600.0, None, several_captures=False)

    async def found_since(self, _since: int) -> Any:
        yield Misconfigured("Adyen has no list of payments")

    async def look_up(self, request: Any, _known: str | None) -> Any:
        return self.of_operation if isinstance(request, OperationRequest) else self.answer


def test_an_order_that_somebody_handled_at_the_service_is_looked_at(till: Till) -> None:
    """No notification tells of it while webhooks are down."""
    held = till.place()
    till.settled(held, till.charge(held))
    payment = request_of(till.payment(held))
    void = OperationRequest("somebody", payment, None, payment.units, kind="void")

    async def let_go() -> None:
        sandbox = SandboxProvider(till.ledger)
        await sandbox.void(void)
        await sandbox.close()

    till.run(let_go)
    code, told = till.reconciled()
    assert (code, kinds(told)) == (1, [("order_without_payment", 1)])
    assert "reconcile --apply" in told["findings"][0]["advice"]
    assert not told["findings"][0]["looked_at"]
    code, told = till.reconciled(apply=True)
    [one] = told["findings"]
    assert (code, one["looked_at"], one["applied"]) == (1, True, False)
    jobs = select(schema.jobs.c.order_id).where(schema.jobs.c.kind == "look")
    assert till.write(lambda conn: conn.execute(jobs).scalars().all()) == [held.id]


def test_a_service_without_a_list_is_asked_for_each_payment(
    till: Till, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listless, sold = till.place(), till.place()
    till.settled(listless, "psp-1")
    till.settled(sold, "sandbox-none")
    till.write(lambda conn: conn.execute(
        update(schema.payments)
        .where(schema.payments.c.order_id == listless.id)
        .values(service="adyen")
    ))  # fmt: skip
    adyen = Listless(Voided("psp-1"))

    async def service(self: Any, _org: int, name: str) -> Any:
        return adyen if name == "adyen" else self._sandbox

    monkeypatch.setattr(Outside, "service", service)
    code, told = till.reconciled()
    assert (code, told["services"]["adyen"]) == (1, {"listed": 1, "booked": 1, "has_list": False})
    assert [(one["kind"], one["service"]) for one in told["findings"]] == [
        ("order_without_payment", "adyen"), ("order_without_payment", "sandbox"),
    ]  # fmt: skip
    adyen.answer = Authorised("psp-1")
    assert [one["service"] for one in till.reconciled()[1]["findings"]] == ["sandbox"]
    adyen.answer = Running("nothing was notified yet", "psp-1")
    assert [one["service"] for one in till.reconciled()[1]["findings"]] == ["sandbox"]
    # A capture that failed after it was done.
    till.operated(listless, CaptureOrder(listless.org, "native", listless.id), "psp-1", asks=False)
    adyen.answer = adyen.of_operation = Captured("psp-1")
    assert [one["service"] for one in till.reconciled()[1]["findings"]] == ["sandbox"]
    adyen.of_operation = Declined("rejected by the card scheme")
    [one] = [each for each in till.reconciled()[1]["findings"] if each["service"] == "adyen"]
    assert one["sentence"] == "order #1: adyen took 0.00 EUR, the book 12.50 EUR"
    # One that cannot be asked hides nothing of the others.
    adyen.answer = NotSent("nobody answers")
    with pytest.raises(OperatorError, match=r"not compared: adyen .*nobody answers"):
        reconcile("Shop")
    text = capsys.readouterr().out
    assert "order_without_payment  sandbox sandbox-none" in text
    assert "adyen:" not in text
