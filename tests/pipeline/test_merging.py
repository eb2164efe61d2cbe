"""Orders of one buyer for one day become one, on both engines: by rule, once, with nothing lost."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from unittest.mock import AsyncMock

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import no_pause
from tests.pipeline.test_contacts import ADA, reader, someone
from tests.quantities import units

from entrepot.core.attributing import DAY
from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.merge import MergeOrders
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.pipeline.following import Following
from entrepot.pipeline.merging import Merging
from entrepot.store import schema
from entrepot.store.engine import Snapshot
from entrepot.store.reading import queries
from entrepot.writer.envelope import Envelope, Outcome

DATED = 20_000 * DAY


@pytest.fixture
def book_url(database_url: str) -> str:
    return database_url


@pytest.fixture
async def merging(house: House) -> House:
    """A house that merges the orders that are placed from now on."""
    house.start()
    await house.do(ChangeSettings(house.shop.org, merging="same_day"))
    return house


def a_reader(house: House, at_once: int = 200) -> Following:
    merging = Merging(house.database, house.writer, "native", at_once=at_once)
    return Following(house.database, [merging], now=house.now, pause=no_pause)


async def merged(house: House, at_once: int = 200) -> None:
    """The log is read to its end, and the book is right."""
    await reader(house, 50).round()
    await a_reader(house, at_once).round()
    await house.check()


async def placed(house: House, quantity: int = 1, customer: Any = ADA, **said: Any) -> bytes:
    """A confirmed order without a payment."""
    usual = {"expected_at": DATED + 1} | said
    command = house.shop.order(None, quantity, **usual)._replace(customer=customer)
    result = await house.do(command)
    assert isinstance(result, OrderResult)
    if "payment_provider" not in said:
        await house.until(result.order.id, "confirmed")
    return result.order.id


async def the(house: House, order_id: bytes) -> Order:
    def look(conn: Snapshot) -> Order | None:
        return queries.order_by_id(conn, house.shop.org, order_id)

    found = await house.database.read(look)
    assert found is not None
    return found


async def bodies(house: House, order_id: bytes) -> dict[str, Any]:
    found = await house.rows(schema.events, "type", "body", subject_id=order_id)
    return {type_: json.loads(body) for type_, body in found}


async def test_orders_of_one_day_become_one(merging: House) -> None:
    house = merging
    older = await placed(house, 2, notes="ring twice", external_reference="A-1")
    newer = await placed(house, 3, notes="not on Monday", external_reference="A-2",
                         expected_at=DATED + DAY - 1)  # fmt: skip
    third = await placed(house, 1, properties='{"erp":{"id":7}}')
    before = await the(house, newer)
    await merged(house, at_once=2)
    kept, ended = await the(house, older), await the(house, newer)
    assert [units(line.quantity) for line in kept.lines] == [6]
    assert kept.total.text() == kept.subtotal.text() == "75.00"
    assert (kept.facets.stage, kept.reason) == ("confirmed", "merged")
    assert kept.reason_detail == "with the lines of order #2, #3"
    assert (kept.notes, kept.properties) == ("ring twice\nnot on Monday", '{"erp":{"id":7}}')
    assert (kept.external_reference, ended.external_reference) == ("A-1", "A-2")
    assert (ended.facets.stage, ended.reason) == ("cancelled", "merged")
    assert ended.reason_detail == "its lines are in order #1"
    assert (ended.lines, ended.total) == (before.lines, before.total)
    assert await house.reserved() == (6, {"committed", "released"})
    told, end = await bodies(house, older), await bodies(house, newer)
    assert told["order.amended"]["merged"]["number"] in (2, 3)
    assert end["order.cancelled"]["merged_into"]["external_reference"] == "A-1"
    assert (await the(house, third)).facets.stage == "cancelled"


async def test_orders_stay_apart_unless_the_organization_says_so(house: House) -> None:
    house.start()
    await placed(house)
    await house.do(ChangeSettings(house.shop.org, merging="same_day"))
    later = await placed(house)
    await merged(house)
    assert (await house.stage(later))[0] == "confirmed", "its neighbour was there before"
    await house.do(ChangeSettings(house.shop.org, merging="never"))
    await placed(house)
    await merged(house)
    assert {stage for (stage,) in await house.rows(schema.orders, "stage")} == {"confirmed"}


@pytest.mark.parametrize(
    "other",
    [
        {"customer": someone(1)}, {"expected_at": DATED + DAY}, {"expected_at": None},
        {"delivery_address": "2 High Street"}, {"membership_id": "m-2"}, {"channel": "b2b"},
        {"payment_provider": "stripe", "payment_reference": "card-1"},
        {"properties": '{"erp":{"id":2}}'}, {"shipped_at": DATED},
    ],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
async def test_what_differs_keeps_orders_apart(merging: House, other: dict[str, Any]) -> None:
    house = merging
    first = await placed(house, properties='{"erp":{"id":1}}')
    second = await placed(house, **other)
    if "payment_provider" in other:
        await house.until(second, "confirmed", "authorized")
    await merged(house)
    assert [(await house.stage(id_))[0] for id_ in (first, second)] == ["confirmed"] * 2


async def test_orders_of_nobody_stay_apart(merging: House) -> None:
    house = merging
    command = house.shop.order(None, 1, expected_at=DATED)
    for _ in range(2):
        result = await house.do(command)
        assert isinstance(result, OrderResult)
        await house.until(result.order.id, "confirmed")
    await merged(house)
    first, second = sorted(await house.rows(schema.orders, "number", "id"))
    refused = await asked(house, first[1], second[1])
    assert "nobody knows whether their buyers are one" in refused


async def asked(house: House, older: bytes, newer: bytes) -> str:
    """The refusal of merging these two."""
    command = MergeOrders(house.shop.org, "native", older, newer)
    result = (await house.writer.submit(Envelope(command))).result
    assert isinstance(result, Refusal), result
    return result.sentence


async def test_an_order_in_hand_stays_apart_until_it_is_let_go(merging: House) -> None:
    house, org = merging, merging.shop.org
    older = await placed(house)
    newer = await placed(house)
    await house.do(HoldOrder(org, "native", newer, "wait"))
    await merged(house)
    assert (await house.stage(newer))[0] == "confirmed"
    await house.do(ReleaseOrder(org, "native", newer))
    await merged(house)
    assert (await house.stage(newer))[0] == "cancelled"
    words = (("polinate_status", "PACKED"),)
    await house.do(AmendOrder(org, "polinate", older, words=words))
    last = await placed(house)
    await merged(house)
    assert (await house.stage(last))[0] == "confirmed"
    assert "packed or gone" in await asked(house, older, last)


async def test_an_order_with_an_invoice_stays_apart(merging: House) -> None:
    house = merging
    await house.do(ChangeSettings(house.shop.org, invoices="confirmation"))
    first, second = await placed(house), await placed(house)
    await merged(house)
    assert "has an invoice" in await asked(house, first, second)


async def test_many_at_once_merge_each_order_once(merging: House) -> None:
    """Four processes read one log, and the same slice is read again: nothing is taken twice."""
    house = merging
    ids = [await placed(house, 1) for _ in range(6)]
    await reader(house, 50).round()
    await asyncio.gather(*[a_reader(house, 3).round() for _ in range(4)])
    for id_ in ids[1:]:
        await asked(house, ids[0], id_)
    await house.check()
    assert (await the(house, ids[0])).total.text() == "75.00"
    assert (await house.reserved())[0] == 6
    stages = sorted(stage for (stage,) in await house.rows(schema.orders, "stage"))
    assert stages == ["cancelled"] * 5 + ["confirmed"]


async def test_lines_of_one_entry_at_two_prices_stay_apart(merging: House) -> None:
    house, org = merging, merging.shop.org
    first, second = await placed(house), await placed(house)
    line = (await the(house, second)).lines[0]
    changed = (LineChange("", line.id, price=Amount(1300, 2)),)
    await house.do(AmendOrder(org, "native", second, update_lines=changed))
    await merged(house)
    assert "another price" in await asked(house, first, second)


@pytest.mark.parametrize("reason", [Reason.OVERLOADED, Reason.UNAVAILABLE])
async def test_orders_that_could_not_be_written_now_become_one_later(
    merging: House, reason: Reason
) -> None:
    house = merging
    first, second = await placed(house), await placed(house)
    await reader(house, 50).round()
    busy = AsyncMock(submit=AsyncMock(return_value=Outcome(Refusal(reason))))
    readers = [Merging(house.database, busy, "native")]
    await Following(house.database, readers, now=house.now, pause=no_pause).round()
    assert busy.submit.await_count == 1
    await merged(house)
    assert [(await house.stage(id_))[0] for id_ in (first, second)] == ["confirmed", "cancelled"]


async def test_the_log_from_before_the_choice_is_passed_over(house: House) -> None:
    """An organization may have millions of orders when it chooses to have them merged."""
    house.start()
    for _ in range(8):
        await placed(house)
    [(before,)] = await house.rows(schema.order_counters, "events")
    await house.do(ChangeSettings(house.shop.org, merging="same_day"))
    first, second = await placed(house), await placed(house)
    [(events,)] = await house.rows(schema.order_counters, "events")
    await reader(house, 50).round()
    assert await a_reader(house, at_once=1).round() <= events - before + 1
    assert [(await house.stage(id_))[0] for id_ in (first, second)] == ["confirmed", "cancelled"]
    await house.check()
