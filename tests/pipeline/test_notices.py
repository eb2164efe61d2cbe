"""A notification is never lost, in whatever order the provider's answers and its repeats come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from tests.pipeline.conftest import FAST, House, eventually

from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.wake import WakeStep
from entrepot.core.results import NoticeResult
from entrepot.providers import payment
from entrepot.providers.payment import Authorised, PaymentRequest, Running, ServiceTerms
from entrepot.store import schema
from entrepot.store.reading import notices

# No poll comes by itself while a test runs.
PATIENT = FAST._replace(pending_seconds=3000.0)


class Later:
    """A service that takes each payment at once and says its outcome later.

    The answer to the first call is what was true when the call came, and leaves when the test lets
    the answer go.
    """

    name = "stripe"
    terms = ServiceTerms(1e9, None, several_captures=False)

    def __init__(self) -> None:
        self.outcomes: set[str] = set()
        self.asked: dict[str, asyncio.Event] = {}
        self.let_go: dict[str, asyncio.Event] = {}

    def of(self, events: dict[str, asyncio.Event], reference: str) -> asyncio.Event:
        return events.setdefault(reference, asyncio.Event())

    def _standing(self, reference: str) -> Any:
        if reference in self.outcomes:
            return Authorised(f"at-{reference}")
        return Running("later", f"at-{reference}")

    async def authorise(self, request: PaymentRequest, _known: str | None = None) -> Any:
        answer = self._standing(request.reference)
        self.of(self.asked, request.reference).set()
        await self.of(self.let_go, request.reference).wait()
        return answer

    async def look_up(self, request: Any, _known: str | None = None) -> Any:
        return self._standing(request.reference)

    async def _nothing(self, _request: Any) -> Any:
        return payment.Misconfigured("not here")

    capture = void = refund = _nothing

    def read_notification(self, _headers: Mapping[str, str], _body: bytes) -> None:
        return None

    async def found_since(self, _since: int) -> AsyncIterator[Any]:
        return
        yield

    async def check(self) -> str | None:
        return None

    async def close(self) -> None:
        pass


@pytest.fixture
async def later(house: House) -> Later:
    made = Later()
    await house.account("stripe")
    house.start(settings=PATIENT, providers={"stripe": lambda _account: made})
    return made


async def notify(house: House, reference: str, event: str) -> bool:
    """As the entrance does; whether the notification was new."""
    org, named = house.shop.org, (f"at-{reference}", "order-1")
    kept = await house.do(KeepNotice(org, "stripe", event, named, b"{}"))
    for one in named:
        await house.do(WakeStep(org, "stripe", one, event))
    assert isinstance(kept, NoticeResult)
    return kept.new


async def test_a_notification_before_the_reference_is_written_is_heard(
    house: House, later: Later
) -> None:
    order_id = await house.place("pi_1")
    await later.of(later.asked, "pi_1").wait()
    later.outcomes.add("pi_1")
    assert await notify(house, "pi_1", "evt_1")
    assert not await notify(house, "pi_1", "evt_1")
    # What the service answered before the outcome arrives only now.
    later.of(later.let_go, "pi_1").set()
    await house.until(order_id, "confirmed", "authorized")
    await house.until_quiet()
    await house.check()


async def test_a_notification_is_heard_once(house: House, later: Later) -> None:
    """One that came too early has the service asked once more, and not for ever."""
    order_id = await house.place("pi_1")
    await later.of(later.asked, "pi_1").wait()
    await notify(house, "pi_1", "evt_1")
    later.of(later.let_go, "pi_1").set()
    org, named = house.shop.org, ("at-pi_1",)
    find = partial(notices.unheard, org=org, service="stripe", references=named)

    async def heard() -> bool:
        return not await house.database.read(find)

    await eventually(heard)
    assert (await house.stage(order_id))[:2] == ("placed", "pending")
    [(tries,)] = await house.rows(schema.jobs, "tries")
    assert tries == 0


SCRIPT = ("answer", "early", "outcome", "told", "again")
ORDERS = [
    one for one in permutations(SCRIPT)
    # A service tells of an outcome after the outcome, and repeats what it has told.
    if one.index("outcome") < one.index("told") < one.index("again")
]  # fmt: skip


@pytest.mark.parametrize("script", ORDERS, ids=" ".join)
async def test_every_order_of_events_ends_in_the_same_state(
    house: House, later: Later, script: tuple[str, ...]
) -> None:
    await _ends_in_the_same_state(house, later, script)


class TestOnPostgres:
    """Some of the orders on PostgreSQL, where transactions run side by side."""

    @pytest.fixture
    def book_url(self, fresh_database: Callable[[str], str]) -> str:
        return fresh_database("postgres")

    @pytest.mark.parametrize("script", ORDERS[::5], ids=" ".join)
    async def test_some_orders_of_events_end_in_the_same_state(
        self, house: House, later: Later, script: tuple[str, ...]
    ) -> None:
        await _ends_in_the_same_state(house, later, script)


async def _ends_in_the_same_state(house: House, later: Later, script: tuple[str, ...]) -> None:
    order_id = await house.place("pi_1")
    await later.of(later.asked, "pi_1").wait()
    for event in script:
        if event == "answer":
            later.of(later.let_go, "pi_1").set()
        elif event == "outcome":
            later.outcomes.add("pi_1")
        else:
            await notify(house, "pi_1", "evt_2" if event in ("told", "again") else "evt_1")
    await house.until(order_id, "confirmed", "authorized")
    await house.until_quiet()
    before = await house.rows(schema.orders, "version", "updated_at")
    assert not await notify(house, "pi_1", "evt_2"), "days later"
    assert await house.rows(schema.orders, "version", "updated_at") == before
