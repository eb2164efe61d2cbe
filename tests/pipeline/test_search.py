"""The terms of orders are kept in the background, a slice at a time, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.factories import open_shop
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import no_pause
from tests.pipeline.test_contacts import ADA, someone, told

from entrepot.core.order_filter import OrderFilter
from entrepot.pipeline import following
from entrepot.pipeline.following import Following, Terms
from entrepot.pipeline.walking import LEFT_ALONE_SECONDS
from entrepot.store import schema
from entrepot.store.engine import Snapshot
from entrepot.store.keeping.log_readers import Step
from entrepot.store.keeping.retention import Sweep
from entrepot.store.keeping.search import Slices
from entrepot.store.reading import search


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


def keeper(house: House, orders: int = 2, events: int = 3) -> Following:
    terms = Terms(house.database, house.writer, Slices(orders, events))
    return Following(house.database, [terms], now=house.now, pause=no_pause)


async def found(house: House, text: str) -> list[int]:
    wanted = OrderFilter(text=text)
    page = await house.database.read(lambda c: search.find(c, house.shop.org, wanted, 50))
    assert page.after is None
    return page.numbers


async def test_terms_are_kept_to_the_end_of_the_log(house: House) -> None:
    await told(house, ADA, *map(someone, range(7)))
    before = await found(house, "smith")
    assert before == list(range(8, 1, -1))
    steps = await keeper(house).round()
    assert steps >= 4
    assert await found(house, "smith") == before
    terms = await house.rows(schema.order_terms, "term")
    assert {(b"ada",), (b"\x01k-0",), (b"\x02442079460958",)} <= set(terms)
    # Nothing is new: nothing is written.
    assert await keeper(house).round() == 0
    await house.check()


async def test_an_order_that_is_told_anew_is_found_by_what_it_says_now(house: House) -> None:
    await told(house, ADA, someone(1))
    await keeper(house).round()
    await told(house, ADA._replace(last_name="King", email="king@example.org"))
    for kept in (False, True):
        if kept:
            assert await keeper(house).round() == 1
        assert await found(house, "king") == await found(house, "king@example.org") == [1]
        assert await found(house, "lovelace") == []
    await house.check()


class Turns(Terms):
    """Notes when it looks what is behind, and when it takes a step."""

    seen = ""

    def behind(self, conn: Snapshot, after_org: int, limit: int) -> list[Sweep]:
        self.seen += "look "
        return super().behind(conn, after_org, limit)

    async def step(self, sweep: Sweep) -> Step:
        self.seen += "step "
        return await super().step(sweep)


async def test_a_large_organization_holds_no_other_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "STEPS_A_TURN", 2)
    await told(house, *map(someone, range(6)))
    terms = Turns(house.database, house.writer, Slices(1, 100))
    walk = Following(house.database, [terms], now=house.now, pause=no_pause)
    assert await walk.round() == 6
    assert terms.seen == "look step step " * 3
    await house.check()


class Broken(Terms):
    """Cannot read one organization's log, whatever the reason."""

    org = 0

    async def step(self, sweep: Sweep) -> Step:
        if sweep.org == self.org:
            raise ValueError("no row of ours")
        return await super().step(sweep)


async def test_an_organization_that_cannot_be_read_keeps_no_other_one_out(house: House) -> None:
    await told(house, ADA)
    first = house.shop
    house.shop = await house.database.write(lambda conn: open_shop(conn, "Other"))
    await told(house, someone(1))
    broken, seconds = Broken(house.database, house.writer), 0.0
    broken.org = first.org

    def walk(*readers: Terms) -> Following:
        return Following(
            house.database, readers, now=house.now, pause=no_pause, monotonic=lambda: seconds
        )

    async def failed(following_: Following) -> list[Any]:
        with capture_logs() as logs:
            await following_.round()
        told_ = [one for one in logs if one["event"] == "following.failed"]
        return [(one["org"], one["doing"], one["error"]) for one in told_]

    alone = walk(broken)
    assert await failed(alone) == [(first.org, "broken", "ValueError")]
    assert await house.rows(schema.order_terms, "term", org=house.shop.org)
    assert await failed(alone) == [], "it is left alone"
    seconds = LEFT_ALONE_SECONDS + 1
    assert len(await failed(alone)) == 1
    # A reader behind the broken one reads on.
    assert len(await failed(walk(broken, Terms(house.database, house.writer)))) == 1
    assert await house.rows(schema.order_terms, "term", org=first.org)
