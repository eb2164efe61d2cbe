"""Contacts follow from the log of events, a moment after the orders, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.retention_house import no_pause

from entrepot.core.between import Between
from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.contacts import Page, asked_for
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.money import Amount
from entrepot.core.order import sealed_digest
from entrepot.core.quantity import whole
from entrepot.pipeline.following import Contacts, Following
from entrepot.store import schema
from entrepot.store.keeping import contacts as following
from entrepot.store.reading import contacts, timelines

ADA = CustomerRef(
    identifiers=(("email", "ada@example.org"),), own=("konvo", "c-1"), first_name="Ada",
    last_name="Lovelace", email="Ada@Example.org", phone="+44 20 7946 0958",
)  # fmt: skip


@pytest.fixture
def book_url(database_url: str) -> str:
    """Statements and conflicts are not alike on the two engines: both are tried."""
    return database_url


def reader(house: House, slice_: int = 3) -> Following:
    contacts_ = Contacts(house.database, now=house.now, at_once=slice_)
    return Following(house.database, [contacts_], now=house.now, pause=no_pause)


async def told(house: House, *people: CustomerRef, first: int = 0) -> None:
    """An order of each, told in this order."""
    for number, person in enumerate(people, first):
        line = DraftLine("[0]", VariantRef(names=(("sku", "MUG"),)), whole(1), Amount(999, 2))
        said = f"{person.last_name} {number}"[-16:].rjust(16).encode()
        draft = OrderDraft(
            "[0]", f"k-{number}", sealed_digest(f"k-{number}", said), "EUR", Amount(999, 2),
            (line,), person, (), {},
        )  # fmt: skip
        await house.do(MirrorOrders(house.shop.org, "konvo", (draft,)))


async def page(house: House, text: str = "", updated: Between = Between(), **more: Any) -> Page:  # noqa: B008
    usual = {"limit": 50, "offset": 0} | more
    org = house.shop.org
    return await house.database.read(
        lambda conn: contacts.page(conn, org, asked_for(text), updated, **usual)
    )


def names(found: Page) -> list[str]:
    return [one.customer.name for one in found.found]


def someone(number: int) -> CustomerRef:
    mailbox = f"buyer{number}@example.org"
    return CustomerRef(
        identifiers=(("email", mailbox),), own=("konvo", f"n-{number}"),
        first_name=f"Buyer{number}", last_name="Smith", email=mailbox,
    )  # fmt: skip


async def test_a_customer_is_a_contact_once_the_log_was_read(house: House) -> None:
    await told(house, ADA, CustomerRef(), ADA._replace(last_name="King"))
    assert (await page(house)).total == 0
    assert await reader(house).round() > 0
    found = await page(house)
    assert (names(found), found.total) == (["Ada King"], 1)
    [ada] = found.found
    assert (ada.contact.orders, len(ada.orders), ada.contact.source) == (2, 2, "konvo")
    assert ada.orders == sorted(ada.orders, reverse=True)
    assert ada.contact.updated_at >= ada.contact.created_at == ada.customer.created_at
    # Nothing is new: nothing is written.
    assert await reader(house).round() == 0
    await house.check()


async def test_a_contact_is_found_by_the_beginning_of_what_it_is_called(house: House) -> None:
    await told(house, ADA, someone(1), someone(2))
    await reader(house).round()
    for text, expected in (
        ("ada", ["Ada Lovelace"]), ("LOVE", ["Ada Lovelace"]), ("ada@ex", ["Ada Lovelace"]),
        ("+44 20 7946", ["Ada Lovelace"]), ("0044 (20)", ["Ada Lovelace"]),
        ("020 7946 0958", ["Ada Lovelace"]), ("lovelace ada", ["Ada Lovelace"]),
        ("smith", ["Buyer2 Smith", "Buyer1 Smith"]), ("smith buyer1", ["Buyer1 Smith"]),
        ("ada smith", []), ("lovelaces", []), ("946", []), ("%", []),
    ):  # fmt: skip
        found = await page(house, text)
        assert (names(found), found.total) == (expected, len(expected)), text
    await told(house, ADA._replace(last_name="King", phone="+1 555 123 4567"), first=9)
    await reader(house).round()
    assert [(await page(house, text)).total for text in ("king", "lovelace", "4420", "1555")] == [
        1, 0, 0, 1,
    ]  # fmt: skip
    await house.check()


async def test_an_order_that_passes_to_another_customer_takes_its_contact_along(
    house: House,
) -> None:
    await told(house, ADA)
    await reader(house).round()
    await told(house, someone(1))  # the same order
    await reader(house).round()
    found = await page(house)
    assert {(one.customer.name, len(one.orders)) for one in found.found} == {
        ("Ada Lovelace", 0), ("Buyer1 Smith", 1),
    }  # fmt: skip
    await house.check()


async def test_lists_are_counted_and_paged_at_any_depth(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        await told(house, someone(number), first=number)
        house.advance(47)  # several minutes, some with two contacts
    await reader(house, 100).round()
    await told(house, someone(3), first=100)
    await reader(house, 100).round()
    await house.check()
    whole_list = names(await page(house))
    assert whole_list == [f"Buyer{number} Smith" for number in range(11, -1, -1)]
    changed = await page(house, updated=Between(since=0))
    assert names(changed)[0] == "Buyer3 Smith"
    times = [one.contact.updated_at for one in changed.found]
    monkeypatch.setattr(timelines, "SHALLOW", 0)
    for offset in range(13):
        found = await page(house, limit=2, offset=offset)
        assert (names(found), found.total) == (whole_list[offset : offset + 2], 12)
        for since, until in ((times[-1], None), (times[8] + 1, None), (times[7], times[2])):
            bounds = Between(since, until)
            wanted = [at for at in times if at >= since and (until is None or at <= until)]
            found = await page(house, updated=bounds, limit=2, offset=offset)
            its = [one.contact.updated_at for one in found.found]
            assert (its, found.total) == (wanted[offset : offset + 2], len(wanted))
    empty = await page(house, updated=Between(times[0], times[-1]))
    assert (empty.found, empty.total) == ([], 0)


async def test_two_readers_of_one_log_count_nothing_twice(house: House) -> None:
    await told(house, ADA, *map(someone, range(1, 4)))  # two steps
    org = house.shop.org
    [sweep] = await house.database.read(lambda conn: following.behind(conn, org - 1, 1))
    assert await reader(house).round() > 0
    late = following.follow
    with pytest.raises(following.sql.Conflict):
        await house.database.write(lambda conn: late(conn, sweep._replace(fence=1), 100, 0))
    assert (await page(house)).total == 4
    # The whole log once more: what is read again changes nothing.
    before = await house.rows(schema.contacts, *[c.name for c in schema.contacts.columns])
    tallies = await house.rows(schema.list_tallies, "slot", "counted")

    def again(conn: Any) -> None:
        [(fence,)] = conn.execute(
            schema.sweeps.select()
            .with_only_columns(schema.sweeps.c.fence)
            .where(schema.sweeps.c.kind == "contacts")
        ).all()
        following.follow(conn, sweep._replace(fence=fence), 100, 0)

    await house.database.write(again)
    assert await house.rows(schema.contacts, *[c.name for c in schema.contacts.columns]) == before
    assert await house.rows(schema.list_tallies, "slot", "counted") == tallies
    await house.check()
