"""Orders are credited to the touches before them, by the reader of the log, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.test_contacts import ADA, reader, someone, told

from entrepot.core.attributing import DAY, Asked
from entrepot.core.between import Between
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.touch import RecordTouch
from entrepot.core.money import Amount
from entrepot.store import schema
from entrepot.store.keeping import attributions as store
from entrepot.store.reading import attributions, timelines

MAIL, CHAT = b"m" * 16, b"h" * 16


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


async def touched(house: House, origin_id: bytes = MAIL, days_ago: float = 0, **more: Any) -> None:
    at = house.now() - int(days_ago * DAY)
    usual = {"kind": "click", "origin": "broadcast", "customer": ADA} | more
    await house.do(RecordTouch(house.shop.org, "native", origin_id=origin_id, at=at, **usual))


async def found(house: House, asked: Asked = Asked(), **more: Any) -> tuple[list[Any], int]:  # noqa: B008
    usual = {"between": Between(), "limit": 50, "offset": 0} | more
    org = house.shop.org
    return await house.database.read(lambda conn: attributions.page(conn, org, asked, **usual))


async def types(house: House) -> list[tuple[bytes, str]]:
    """Origin and type of every credit, once the log was read, in a book that is right."""
    await reader(house).round()
    await house.check()
    listed, total = await found(house)
    assert total == len(listed)
    return sorted((one.attribution.origin_id, one.attribution.type) for one in listed)


async def order_ids(house: House) -> list[bytes]:
    return [row[0] for row in await house.rows(schema.orders, "id")]


async def test_the_latest_touch_is_credited_and_earlier_ones_assist(house: House) -> None:
    await touched(house, MAIL, 3)
    await touched(house, CHAT, 1, origin="ai", kind="message")
    await touched(house, b"x" * 16, 31)  # before the window
    await touched(house, b"y" * 16, 0, customer=someone(1))
    await told(house, ADA)
    assert await types(house) == [(CHAT, "MAIN"), (MAIL, "ASSIST")]
    # Behind the order: no credit.
    house.advance(60)
    await touched(house, b"z" * 16)
    assert await types(house) == [(CHAT, "MAIN"), (MAIL, "ASSIST")]


async def test_a_touch_that_is_recorded_late_takes_its_place(house: House) -> None:
    await told(house, ADA)
    assert await types(house) == []
    await touched(house, MAIL, 2)
    assert await types(house) == [(MAIL, "MAIN")]
    await touched(house, CHAT, 1)
    assert await types(house) == [(CHAT, "MAIN"), (MAIL, "ASSIST")]
    await touched(house, MAIL, 0.5)  # the origin again, later than the other
    assert await types(house) == [(CHAT, "ASSIST"), (MAIL, "MAIN")]


async def test_of_many_orders_a_touch_looks_at_those_that_were_made_since(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is credited is the same, however few orders count as many."""
    monkeypatch.setattr(store, "ORDERS_FEW", 0)
    for number in range(6):
        await told(house, (ADA, someone(1))[number % 2], first=number)
        house.advance(60)
    await types(house)
    real, looked = store.credit, list[int]()

    def noted(conn: Any, org: int, writes: Any, counted: Any, owned: list[Any], *rest: Any) -> None:
        looked.append(len(owned))
        real(conn, org, writes, counted, owned, *rest)

    monkeypatch.setattr(store, "credit", noted)
    await touched(house, MAIL)
    assert await types(house) == []
    # Between the third order and the last one of this contact.
    await touched(house, CHAT, days_ago=150 / 86_400)
    assert await types(house) == [(CHAT, "MAIN")]
    await touched(house, MAIL, days_ago=1)
    assert await types(house) == [(CHAT, "MAIN"), (MAIL, "ASSIST"), (MAIL, "MAIN"), (MAIL, "MAIN")]
    assert looked == [0, 1, 3]


async def test_a_cancelled_order_is_credited_to_nobody(house: House) -> None:
    await touched(house, MAIL, 1)
    await told(house, ADA)
    assert await types(house) == [(MAIL, "MAIN")]
    [order_id] = await order_ids(house)
    org = house.shop.org
    await house.do(AmendOrder(org, "polinate", order_id, words=(("polinate_phase", "CANCELLED"),)))
    assert await types(house) == []
    await house.do(AmendOrder(org, "polinate", order_id, words=(("polinate_phase", "ACTIVE"),)))
    assert await types(house) == [(MAIL, "MAIN")]


async def test_a_credit_shows_the_total_as_it_now_is(house: House) -> None:
    await touched(house, MAIL, 1)
    await told(house, ADA)
    await reader(house).round()
    before = (await found(house))[0]
    [order_id] = await order_ids(house)
    await house.do(AmendOrder(house.shop.org, "polinate", order_id, said={"total": Amount(500, 2)}))
    await reader(house).round()
    after = (await found(house))[0]
    assert [one.total.text() for one in (*before, *after)] == ["9.99", "5.00"]
    assert before[0].attribution == after[0].attribution


async def test_an_order_that_passes_to_another_customer_takes_their_touches(house: House) -> None:
    await touched(house, MAIL, 1)
    await touched(house, CHAT, 1, customer=someone(1))
    await told(house, ADA)
    assert await types(house) == [(MAIL, "MAIN")]
    await told(house, someone(1))
    assert await types(house) == [(CHAT, "MAIN")]


async def test_orders_keep_the_window_that_they_were_first_read_with(house: House) -> None:
    await touched(house, MAIL, 9)
    await told(house, ADA)
    assert await types(house) == [(MAIL, "MAIN")]
    await house.do(ChangeSettings(house.shop.org, attribution_days=7))
    [order_id] = await order_ids(house)
    await house.do(AmendOrder(house.shop.org, "polinate", order_id, said={"total": Amount(500, 2)}))
    assert await types(house) == [(MAIL, "MAIN")]
    await told(house, ADA, first=1)
    await touched(house, CHAT, 8)
    # Of the first order 30 days count, of the second one 7.
    assert await types(house) == [(CHAT, "MAIN"), (MAIL, "ASSIST")]


async def test_each_filter_finds_what_it_says_and_counts_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        who = (ADA, someone(1))[number % 2]
        await touched(house, MAIL, 2, customer=who)
        await touched(house, CHAT, 1, origin="ai", customer=who)
        await told(house, who, first=number)
        await reader(house).round()
        house.advance(90)
    await house.check()
    everything = [one.attribution for one in (await found(house))[0]]
    assert len(everything) == 12
    contact = everything[0].customer_id
    times = sorted(one.created_at for one in everything)
    for shallow in (500, 0):
        monkeypatch.setattr(timelines, "SHALLOW", shallow)
        for asked in (
            Asked(), Asked(type="MAIN"), Asked(origin="ai"),
            Asked(type="ASSIST", origin="broadcast"),
            Asked(type="MAIN", origin="broadcast"), Asked(origin_ids=(CHAT,)),
            Asked(type="MAIN", origin_ids=(MAIL,)), Asked(origin_ids=(MAIL, CHAT)),
            Asked(contact=contact), Asked(contact=contact, type="MAIN", origin_ids=(CHAT,)),
            Asked(origin="ai", origin_ids=(MAIL,)),
        ):  # fmt: skip
            for between in (Between(), Between(times[3], times[8])):
                wanted = [one for one in everything if _fits(one, asked, between)]
                listed, total = await found(house, asked, between=between, limit=2, offset=1)
                assert total == len(wanted), asked
                assert [one.attribution for one in listed] == wanted[1:3], asked


def _fits(one: Any, asked: Asked, between: Between) -> bool:
    return (
        asked.contact in (None, one.customer_id)
        and asked.type in (None, one.type)
        and asked.origin in (None, one.origin)
        and (not asked.origin_ids or one.origin_id in asked.origin_ids)
        and (between.since is None or between.since <= one.created_at)
        and (between.until is None or one.created_at <= between.until)
    )
