"""Addresses that old clicks came from leave the book; the clicks and their credits stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import DAY, KEPT, a_sweeper, assert_clean
from tests.pipeline.test_attributions import ADA as CONTACT
from tests.pipeline.test_attributions import MAIL, told, touched, types

from entrepot.core.commands import CustomerRef
from entrepot.core.decide.touch import RecordTouch
from entrepot.pipeline.retention import Retention, Swept
from entrepot.store import schema

OURS = KEPT._replace(keys_seconds=None, events_seconds=None, addresses_seconds=30 * DAY)
ADA = CustomerRef(identifiers=(("email", "ada@example.org"),), email="ada@example.org")


@pytest.fixture
def book_url(database_url: str) -> str:
    return database_url


def a_walk(house: House, folder: Path, slice_: int = 500) -> Retention:
    sweeper: Retention = a_sweeper(house, folder, **OURS._asdict() | {"touches_slice": slice_})
    return sweeper


async def clicked(house: House, city: str, address: str | None = "192.0.2.7") -> None:
    told = {"city": city} if address is None else {"ip_address": address, "city": city}
    details = json.dumps(told)
    await house.do(
        RecordTouch(house.shop.org, "native", ADA, "click", "broadcast", b"b" * 16, details=details)
    )


async def known(house: House) -> list[dict[str, Any]]:
    rows = await house.rows(schema.touches, "id", "details")
    return [json.loads(details) for _, details in sorted(rows)]


async def test_an_address_goes_when_it_is_old_and_the_touch_stays(
    house: House, tmp_path: Path
) -> None:
    walk = a_walk(house, tmp_path, 2)
    for city in ("Bonn", "Köln", "Ulm"):
        await clicked(house, city)
    await clicked(house, "Jena", None)
    before = await house.rows(schema.touches, "id", "customer_id", "at", "resource_id")
    house.advance(29 * DAY)
    await clicked(house, "Gera")
    tallies = sorted(await house.rows(schema.list_tallies, "list", "key", "counted"))
    assert (await walk.round())["addresses"].removed == 0
    house.advance(2 * DAY)
    assert (await walk.round())["addresses"] == Swept(1, 4, 3)
    assert await known(house) == [
        {"city": "Bonn"}, {"city": "Köln"}, {"city": "Ulm"}, {"city": "Jena"},
        {"ip_address": "192.0.2.7", "city": "Gera"},
    ]  # fmt: skip
    after = await house.rows(schema.touches, "id", "customer_id", "at", "resource_id")
    assert set(before) < set(after)
    assert sorted(await house.rows(schema.list_tallies, "list", "key", "counted")) == tallies
    await assert_clean(house)
    house.advance(30 * DAY)
    assert (await walk.round())["addresses"] == Swept(1, 1, 1)
    assert await known(house) == [{"city": at} for at in ("Bonn", "Köln", "Ulm", "Jena", "Gera")]
    await assert_clean(house)


async def test_the_credit_of_an_order_stays_when_the_address_goes(
    house: House, tmp_path: Path
) -> None:
    await touched(house, MAIL, 3, details='{"ip_address":"192.0.2.7"}')
    await told(house, CONTACT)
    assert await types(house) == [(MAIL, "MAIN")]
    house.advance(31 * DAY)
    assert (await a_walk(house, tmp_path).round())["addresses"] == Swept(1, 1, 1)
    assert await known(house) == [{}]
    assert await types(house) == [(MAIL, "MAIN")]
