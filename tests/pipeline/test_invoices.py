"""Invoices are made with the confirmation or the shipment, numbered, and follow their orders."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from tests.pipeline.conftest import House
from tests.pipeline.test_captures import confirmed, packed, ship

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.bill import ChangeInvoice
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.note import NoteOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.invoices import Invoice, InvoiceFilter
from entrepot.core.money import Amount
from entrepot.core.results import InvoiceResult
from entrepot.store import schema
from entrepot.store import verify as verifying
from entrepot.store.reading import invoices

ALL = InvoiceFilter()


@pytest.fixture
def book_url(database_url: str) -> str:
    """Numbers and tallies are written otherwise on the two engines: both are tried."""
    return database_url


async def choose(house: House, when: str, **more: Any) -> None:
    await house.do(ChangeSettings(house.shop.org, invoices=when, **more))


async def page(
    house: House,
    wanted: InvoiceFilter = ALL,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[Invoice], int]:
    def look(conn: Any) -> tuple[list[Invoice], int]:
        return invoices.page(conn, house.shop.org, wanted, limit=limit, offset=offset)

    return await house.database.read(look)


async def only(house: House) -> Invoice:
    [made], total = await page(house)
    assert total == 1
    return made


async def told(house: House, invoice: Invoice, **said: Any) -> Invoice:
    properties = said.pop("properties", None)
    command = ChangeInvoice(house.shop.org, "polinate", invoice.id, said, properties)
    result = await house.do(command)
    assert isinstance(result, InvoiceResult)
    return result.invoice


async def test_no_invoice_is_made_before_the_organization_says_when(house: House) -> None:
    house.start()
    order_id = await confirmed(house)
    await packed(house, order_id)
    await ship(house, order_id)
    assert await page(house) == ([], 0)
    await choose(house, "confirmation")
    # The order was confirmed before: no invoice comes later.
    await house.do(NoteOrder(house.shop.org, order_id, "native", "called"))
    assert await page(house) == ([], 0)
    await house.check()


@pytest.mark.parametrize("reference", ["card", None])
async def test_an_invoice_is_made_with_the_confirmation(house: House, reference: Any) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await house.place(reference, 2, external_reference="PO-7")
    await house.until(order_id, "confirmed")
    made = await only(house)
    figures = (made.order_id, made.number, made.status, made.reference)
    assert figures == (order_id, 1, "AUTHORISED", "PO-7")
    assert (made.subtotal, made.total) == (Amount(2500, 2), Amount(2500, 2))
    [(confirmed_at,)] = await house.rows(schema.orders, "updated_at", id=order_id)
    assert made.created_at == confirmed_at
    events = await house.rows(schema.events, "type", "subject", subject_id=made.id)
    assert events == [("invoice.created", "invoice")]
    await house.check()


async def test_an_invoice_is_made_when_the_first_goods_leave(house: House) -> None:
    await choose(house, "shipment")
    house.start()
    order_id = await confirmed(house, quantity=3)
    assert await page(house) == ([], 0)
    await packed(house, order_id)
    await ship(house, order_id, 1)
    made = await only(house)
    assert (made.order_id, made.total) == (order_id, Amount(3750, 2))
    await ship(house, order_id)
    assert await only(house) == made
    await house.check()


async def test_the_status_follows_the_order(house: House) -> None:
    await choose(house, "confirmation", capture="confirmation")
    house.start()
    order_id = await confirmed(house)
    await house.until(order_id, "confirmed", "paid")
    await house.until_quiet()
    assert (await only(house)).status == "PAID"
    await house.do(RefundOrder(house.shop.org, "native", order_id, Amount(500, 2)))
    await house.until(order_id, "confirmed", "partially_refunded")
    assert (await only(house)).status == "CREDITED"
    await house.do(RefundOrder(house.shop.org, "native", order_id))
    await house.until(order_id, "confirmed", "refunded")
    made = await only(house)
    assert (made.status, made.version) == ("REFUNDED", 4)
    await house.until_quiet()
    await house.check()


async def test_money_that_is_taken_by_parts_pays_the_invoice_by_parts(house: House) -> None:
    await choose(house, "confirmation", capture="manual")
    house.start()
    order_id = await confirmed(house)
    for cents, status in ((1000, "PARTIALLY_PAID"), (500, "PARTIALLY_PAID"), (None, "PAID")):
        amount = None if cents is None else Amount(cents, 2)
        await house.do(CaptureOrder(house.shop.org, "native", order_id, amount))
        await house.until_quiet()
        assert (await only(house)).status == status
    assert (await only(house)).version == 3
    await house.check()


async def test_an_invoice_that_is_made_after_a_part_was_taken_begins_as_paid_in_part(
    house: House,
) -> None:
    await choose(house, "shipment", capture="manual")
    house.start()
    order_id = await confirmed(house, quantity=2)
    await house.do(CaptureOrder(house.shop.org, "native", order_id, Amount(1000, 2)))
    await house.until_quiet()
    await packed(house, order_id)
    await ship(house, order_id, 1)
    assert (await only(house)).status == "PARTIALLY_PAID"
    await house.check()


async def test_a_cancelled_order_voids_its_invoice_also_where_none_are_made_any_more(
    house: House,
) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await confirmed(house)
    await choose(house, "never")
    await house.cancel(order_id)
    assert (await only(house)).status == "VOIDED"
    await house.until_quiet()
    other = await confirmed(house)
    assert await house.rows(schema.invoices, "id", order_id=other) == []
    await house.check()


async def test_what_an_accounting_system_told_stays_where_no_rule_says_otherwise(
    house: House,
) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await house.place(None, 2)
    await house.until(order_id, "confirmed")
    made = await only(house)
    await told(house, made, status="DELETED")
    await house.cancel(order_id)
    assert (await only(house)).status == "DELETED"
    await house.check()


async def test_an_order_that_costs_less_afterwards_credits_its_invoice(house: House) -> None:
    await choose(house, "confirmation")
    house.start()
    order_id = await house.place(None, 2)
    await house.until(order_id, "confirmed")
    before = await only(house)
    for total, status in ((Amount(3000, 2), "AUTHORISED"), (Amount(2000, 2), "CREDITED")):
        await house.do(AmendOrder(house.shop.org, "polinate", order_id, total=total))
        made = await only(house)
        assert (made.status, made.total, made.lines) == (status, before.total, before.lines)
    await house.check()


async def test_sixty_four_confirmations_at_once_are_numbered_without_a_gap(house: House) -> None:
    await choose(house, "confirmation")
    await house.do(house.shop.stocked(100))
    house.start()
    if house.url.startswith("postgresql"):
        house.start(apart=True)
    placed = await asyncio.gather(*[
        house.place(None if number % 2 else f"card-{number}") for number in range(64)
    ])  # fmt: skip
    for order_id in placed:
        await house.until(order_id, "confirmed")
    made, total = await page(house)
    assert [one.number for one in made] == list(range(64, 0, -1))
    assert (total, {one.order_id for one in made}) == (64, set(placed))
    times = [one.created_at for one in made]
    assert times == sorted(times, reverse=True)
    await house.until_quiet()
    await house.check()


def _matches(one: Invoice, wanted: InvoiceFilter, properties: dict[str, str]) -> bool:
    if wanted.created_after is not None and one.created_at <= wanted.created_after:
        return False
    if wanted.status is not None and one.status != wanted.status:
        return False
    if wanted.property_path is None:
        return True
    value = properties.get(wanted.property_path)
    if wanted.property_exists is not None:
        return (value is not None) == wanted.property_exists
    return value == {"70e-1": "7"}.get(wanted.property_value or "", wanted.property_value)


async def test_lists_are_what_a_plain_look_at_each_invoice_gives(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ranges of two numbers, so that lists go down all levels."""
    from entrepot.store.reading import invoices as reading  # noqa: PLC0415
    from entrepot.store.verify import own_reading  # noqa: PLC0415
    from entrepot.store.writing import list_tallies  # noqa: PLC0415

    small = (2, 4, 16)
    monkeypatch.setattr(reading, "SIZES", small)
    monkeypatch.setattr(list_tallies, "SIZES", small)
    await choose(house, "confirmation")
    await house.do(house.shop.stocked(100))
    house.start()
    for _ in range(21):
        await house.until(await house.place(None), "confirmed")
    made, _ = await page(house)
    properties: dict[int, dict[str, str]] = {one.number: {} for one in made}
    for one in made:
        if one.number % 3 == 0:
            value = str(one.number % 2)
            merged: dict[str, Any] = {"xero": {"invoiceId": value}}
            await told(house, one, properties=merged)
            properties[one.number]["xero.invoiceId"] = value
        if one.number % 5 == 0:
            await told(house, one, status="PAID")
        if one.number in (6, 7):
            await told(house, one, properties={"xero": {"invoiceId": "7"}})
            properties[one.number]["xero.invoiceId"] = "7"
    made, _ = await page(house)
    path = "xero.invoiceId"
    asked = [
        InvoiceFilter(since, status, *property_)
        for since, status, property_ in itertools.product(
            (None, made[0].created_at, made[4].created_at, made[-1].created_at),
            (None, "PAID", "AUTHORISED", "VOIDED"),
            ((None, None, None), (path, None, True), (path, None, False), (path, "7", None),
             (path, "1", None), (path, "70e-1", None), ("xero", None, True)),
        )
    ]  # fmt: skip
    for wanted in asked:
        known = {n: p | ({"xero": "{"} if p else {}) for n, p in properties.items()}
        expected = [one for one in made if _matches(one, wanted, known[one.number])]
        for limit, offset in ((100, 0), (3, 0), (2, 3), (5, 7)):
            found, total = await page(house, wanted, limit, offset)
            assert total == len(expected), wanted
            assert found == expected[offset : offset + limit], (wanted, limit, offset)
    monkeypatch.setattr(own_reading, "SPAN_SIZES", small)
    # The checks are kept from audit to audit; these are of another size.
    monkeypatch.setattr(verifying, "_checks", verifying._checks.__wrapped__)
    report = await house.rows(schema.list_tallies, "list", list="invoices", level=1)
    assert report
