"""The table of steps: a row a kind of job, and what the other rooms say of the same kinds."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.pipeline.conftest import unread

from entrepot.clock import new_id, now
from entrepot.core.decide.steps import DeferJob
from entrepot.core.order import Job
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.pipeline.retry import POLICIES
from entrepot.pipeline.steps import BOOK, Terms, request_id
from entrepot.pipeline.steps.outside import Outside
from entrepot.pipeline.steps.table import STEPS, in_hand
from entrepot.store.verify.statements import JOB_KINDS

TERMS = Terms(now, lambda: 1.0, POLICIES)


def a_job(kind: str, **more: Any) -> Job:
    known: dict[str, Any] = {
        "org": 1, "id": new_id(), "kind": kind, "order_id": new_id(), "payload": "req-7",
        "state": "due", "run_at": now(), "leased_until": now() + 60_000_000, "fence": 1,
        "tries": 0, "last_error": None, "created_at": now(),
    }  # fmt: skip
    return Job(**known | more)


def outside(database: Any = None) -> Outside:
    return Outside({}, None, database, unread)


def test_the_audit_knows_the_same_kinds_and_which_are_of_an_order() -> None:
    assert {kind: step.of_request for kind, step in STEPS.items()} == JOB_KINDS


def test_what_has_nothing_to_perform_is_decided_by_the_book() -> None:
    assert {kind for kind, step in STEPS.items() if step.perform is None} == {"reserve"}
    assert {step.lane for step in STEPS.values() if step.perform is None} == {BOOK}


def test_one_kind_holds_stock_as_the_book_s_index_has_it() -> None:
    assert {kind for kind, step in STEPS.items() if step.holds_stock} == {"authorise"}


def test_only_the_payload_of_a_request_s_job_is_told_as_its_id() -> None:
    told = {kind: request_id(in_hand(a_job(kind))) for kind in STEPS}
    assert told == dict.fromkeys(
        ("reserve", "authorise", "increase", "void", "capture", "refund", "look", "hear"), "req-7"
    ) | {"fetch": None, "push": None}


async def test_a_kind_that_is_not_known_is_left_to_a_person() -> None:
    held = in_hand(a_job("ship"))
    assert held.step.perform is not None
    command = await held.step.perform(held, outside(), TERMS)
    assert isinstance(command, DeferJob)
    assert (command.parked, command.error) == (True, "there is nothing to ship")


async def test_a_payment_step_without_a_payment_is_left_to_a_person() -> None:
    for kind in ("authorise", "void"):
        held = in_hand(a_job(kind))
        assert held.step.perform is not None
        command = await held.step.perform(held, outside(), TERMS)
        assert isinstance(command, DeferJob)
        assert (command.parked, command.error) == (True, f"there is nothing to {kind}")


class Reading:
    """A book that has some accounts, and nothing else."""

    def __init__(self, *accounts: ProviderAccount) -> None:
        self.accounts = {one[:2]: one for one in accounts}

    async def read(self, work: Any) -> ProviderAccount | None:
        return self.accounts.get((work.keywords["org"], work.keywords["service"]))


async def test_a_service_is_reached_for_an_organization_with_an_account() -> None:
    made: list[Scripted] = []

    def connect(account: ProviderAccount) -> Scripted:
        made.append(Scripted(account))
        return made[-1]

    book = Reading(ProviderAccount(1, "stripe", b"a"), ProviderAccount(2, "stripe", b"b"))
    sandbox: Any = Scripted(None)
    reached = Outside({"stripe": connect}, sandbox, book, unread)  # type: ignore[dict-item, arg-type]
    first = await reached.service(1, "stripe")
    assert await reached.service(1, "stripe") is first
    other = await reached.service(2, "stripe")
    assert first is not None
    assert other is not None
    assert other is not first
    assert [one.account for one in made] == list(book.accounts.values())
    # No account of its own, a service that nobody speaks to, and the sandbox, which is everybody's.
    assert await reached.service(3, "stripe") is None
    book.accounts[1, "adyen"] = ProviderAccount(1, "adyen", None)
    assert await reached.service(1, "adyen") is None
    assert await reached.service(3, "sandbox") is sandbox
    # An account that was changed is another one, and one that was taken away is none.
    book.accounts[1, "stripe"] = ProviderAccount(1, "stripe", b"c")
    assert await reached.service(1, "stripe") is not first
    del book.accounts[1, "stripe"]
    assert await reached.service(1, "stripe") is None
    await reached.close()
    assert [one.closed for one in made] == [True, True, True]
    assert not sandbox.closed


async def test_a_hundred_steps_ask_once_when_the_money_is_taken() -> None:
    asked: list[int] = []
    answer = asyncio.Event()

    class Choosing:
        async def read(self, work: Any) -> str:
            asked.append(work.keywords["org"])
            await answer.wait()
            return "on_shipment"

    reached = outside(Choosing())
    waiting = [asyncio.create_task(reached.capture(org)) for org in (1, 2) for _ in range(100)]
    await asyncio.sleep(0)
    # The step that asked first may end: the others still have its answer.
    waiting.pop(0).cancel()
    answer.set()
    assert await asyncio.gather(*waiting) == ["on_shipment"] * 199
    assert [await reached.capture(org) for org in (1, 2)] == ["on_shipment"] * 2
    assert asked == [1, 2]


class Scripted:
    """A payment service that is only connected to and closed."""

    name = "stripe"

    def __init__(self, account: ProviderAccount | None) -> None:
        self.account, self.closed = account, False

    async def close(self) -> None:
        self.closed = True
