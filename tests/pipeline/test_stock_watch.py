"""Low stock is noticed from the log, on both engines: once, by one process of several, and with
a draft of what would fill the shelf."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.factories import open_shop
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import no_pause
from tests.quantities import units

from entrepot.core.decide.product import AmendProduct
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.products import DELETED
from entrepot.pipeline import stock_watch
from entrepot.pipeline.stock_watch import StockWatch
from entrepot.store import schema

LOGGED = ("stock.low", "stock.recovered", "purchase_order.drafted", "purchase_order.withdrawn")


@pytest.fixture
def book_url(database_url: str) -> str:
    return database_url


def a_watch(house: House, **more: Any) -> StockWatch:
    return StockWatch(house.database, house.writer, now=house.now, pause=no_pause, **more)


async def told(house: House) -> list[str]:
    found = await house.rows(schema.events, "number", "type")
    return [type_ for _, type_ in sorted(found) if type_ in LOGGED]


async def left(house: House, free: int) -> None:
    """Order as much as leaves so many free, and wait for the pipeline."""
    [(on_hand, reserved)] = await house.rows(schema.stock_levels, "on_hand", "reserved")
    order_id = await house.place("card", int(units(on_hand - reserved)) - free)
    await house.until(order_id, "confirmed")


async def test_stock_that_falls_to_the_threshold_is_told_once(house: House) -> None:
    house.start()
    await left(house, 9)  # before anybody set a threshold: nothing is told of it
    org = house.shop.org
    await house.do(RunStock(org, "synq", low_stock_threshold=5))
    watch = a_watch(house, at_once=2)
    assert await watch.round() == 0
    await left(house, 6)
    assert (await watch.round(), await told(house)) == (0, [])
    await left(house, 5)
    assert (await watch.round(), await told(house)) == (1, ["stock.low"])
    await left(house, 4)
    assert (await watch.round(), await told(house)) == (0, ["stock.low"])
    assert [units(one) for (one,) in await house.rows(schema.low_stock, "free")] == [5]
    assert await house.rows(schema.purchase_drafts, "id") == []
    await house.do(house.shop.stocked(10))
    assert (await watch.round(), await told(house)) == (0, ["stock.low", "stock.recovered"])
    assert await house.rows(schema.low_stock, "id") == []
    await house.check()


async def test_what_was_before_the_first_settings_is_not_looked_at(house: House) -> None:
    house.start()
    await left(house, 2)
    await house.do(RunStock(house.shop.org, "synq", low_stock_threshold=5))
    watch = a_watch(house)
    assert (await watch.round(), await told(house)) == (0, [])
    await left(house, 1)
    assert (await watch.round(), await told(house)) == (1, ["stock.low"])


async def test_low_stock_makes_a_draft_that_goes_when_the_shelf_is_filled(house: House) -> None:
    house.start()
    await house.do(RunStock(house.shop.org, "synq", low_stock_threshold=8, auto_po=True))
    watch = a_watch(house)
    await left(house, 3)
    assert await watch.round() == 1
    drafts = await house.rows(schema.purchase_drafts, "quantity")
    assert [units(one) for (one,) in drafts] == [2 * 8 - 3]
    await house.check()
    await house.do(house.shop.stocked(6))
    await watch.round()
    assert await told(house) == [LOGGED[0], LOGGED[2], LOGGED[1], LOGGED[3]]
    assert await house.rows(schema.purchase_drafts, "id") == []
    await left(house, 8)
    assert await watch.round() == 1
    assert len(await house.rows(schema.purchase_drafts, "id")) == 1
    await house.check()


async def test_the_draft_of_a_deleted_variant_goes(house: House) -> None:
    house.start()
    await house.do(RunStock(house.shop.org, "synq", low_stock_threshold=8, auto_po=True))
    watch = a_watch(house)
    await left(house, 3)
    assert await watch.round() == 1
    [(product,)] = await house.rows(schema.variants, "item_id")
    await house.do(AmendProduct(house.shop.org, "native", product, {"status": DELETED}))
    assert await watch.round() == 0
    assert await house.rows(schema.purchase_drafts, "id") == []
    assert await told(house) == [LOGGED[0], LOGGED[2], LOGGED[1], LOGGED[3]]
    await house.check()


async def test_of_many_that_watch_at_once_one_tells(house: House) -> None:
    house.start()
    await house.do(RunStock(house.shop.org, "synq", low_stock_threshold=5, auto_po=True))
    await left(house, 2)
    watches = [a_watch(house) for _ in range(16)]
    assert sum(await asyncio.gather(*[watch.round() for watch in watches])) == 1
    assert await told(house) == ["stock.low", "purchase_order.drafted"]
    assert sum([await watch.round() for watch in watches]) == 0
    [(watched,)] = await house.rows(schema.stock_settings, "watched")
    [(events,)] = await house.rows(schema.order_counters, "events")
    assert watched == events
    await house.check()


async def test_many_organizations_that_move_are_all_watched(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of the first one goes on whenever it is looked at, and one cannot be looked at."""
    monkeypatch.setattr(stock_watch, "ORGANIZATIONS_AT_ONCE", 1)
    busy = house.shop
    broken, last = [
        await house.database.write(lambda conn, name=name: open_shop(conn, name))  # type: ignore[misc]
        for name in ("Broken", "Last")
    ]
    for shop in (busy, broken, last):
        await house.do(RunStock(shop.org, "synq", low_stock_threshold=5))
        await house.do(shop.stocked(9))
    looked: list[int] = []

    def moved(conn: Any, org: int, after: int, limit: int) -> Any:
        looked.append(org)
        if org == broken.org:
            raise ValueError("no row of ours")
        return real(conn, org, after, limit)

    real = stock_watch.stock_watch.moved
    monkeypatch.setattr(stock_watch.stock_watch, "moved", moved)
    with capture_logs() as logs:
        await a_watch(house).round()
    assert list(dict.fromkeys(looked)) == [busy.org, broken.org, last.org]
    assert [one["org"] for one in logs if one["event"] == "stock_watch.failed"] == [broken.org]
