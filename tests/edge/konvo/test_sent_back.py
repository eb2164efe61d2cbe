"""The answer to `GET /orders/{ID}` can be told as it is, and changes nothing.

Seed 003 demands `friendlyName`, `customer` and `items` of what is told, and has none of them in an
answer. They are additions of ours.
"""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from tests.quantities import much

from entrepot.core import ids, words
from entrepot.core.commands import CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.money import Amount
from entrepot.core.order import Customer, Order
from entrepot.core.refusal import Refused
from entrepot.core.results import OrdersResult
from entrepot.edge.konvo.orders import routes
from entrepot.store.reading import queries
from entrepot.store.verify.report import Findings
from entrepot.store.verify.stories import check_sender
from entrepot.writer.envelope import Envelope

from .conftest import Book
from .samples import Body, address, customer, item, order
from .test_routes import decoded, listed, managed, post

SHAPES: dict[str, Body] = {
    "the required members": order(),
    "every word": order(status="paid", shipmentStatus="in_transit", trackingUrl="https://t.x"),
    "null members": order(status=None, trackingUrl=None, metadata=None, address=None),
    "empty texts": order(
        id="", externalId="", friendlyName="", trackingUrl="", currency="",
        customer=customer(id="", firstName="", lastName=""),
    ),
    "an external id": order(externalId="order_1", metadata={"a": 1.50}),
    "no items": order(items=[], orderTotal=0),
    "zero and less": order(orderTotal=-10.5, items=[item(price=-10.5, quantity=-2, msrp=0)]),
    "a quantity of nothing": order(items=[item(quantity=0)]),
    "an item's own currency": order(items=[item(currency="USD"), item(id="v2", currency="HRK")]),
    "a currency without places": order(currency="JPY", orderTotal=1200),
    "a currency with three": order(currency="KWD", orderTotal=12345),
    "a currency that is none": order(currency="EURO"),
    "an address": order(address=address()),
    "shipped": order(status="shipped", shipmentStatus="delivered"),
    "refunded": order(status="refunded"),
    "lost": order(status="fulfilled", shipmentStatus="failure"),
    "cancelled": order(status="cancelled"),
}  # fmt: skip


def raw(text: str) -> bytes:
    found = ids.spelled(text)
    assert found is not None
    return found


async def stored_order(book: Book, order_id: str) -> Order:
    found = await book.services.database.read(
        lambda conn: queries.order_by_id(conn, book.ours.org, raw(order_id))
    )
    assert found is not None
    return found


async def the_contact(book: Book, order_id: str) -> Customer:
    found = await book.services.database.read(
        lambda conn: queries.order_and_customer(conn, book.ours.org, raw(order_id))
    )
    assert found is not None
    assert found[1] is not None
    return found[1]


async def fetched(book: Book) -> str:
    """The id of an order that an order source brought."""
    line = DraftLine("x", VariantRef(names=(("sku", "S"),)), much(2), Amount(105, 1), "EUR", "Mug")
    draft = OrderDraft(
        "x", "shop-1", b"d" * 16, "EUR", Amount(21, 0), (line,),
        CustomerRef(own=("polinate", "buyer-1"), first_name="Ann"), (), {},
    )  # fmt: skip
    command = MirrorOrders(book.ours.org, "polinate", (draft,))
    outcome = await book.services.writer.submit(Envelope(command))
    assert isinstance(outcome.result, OrdersResult)
    return ids.dashed(outcome.result.orders[0].id)


async def read(book: Book, order_id: str) -> Body:
    body = decoded(await routes.get_order(book.call(order_id=order_id)), 200)
    [one] = body["result"]
    shown: Body = one
    return shown


@pytest.mark.parametrize("sent", SHAPES.values(), ids=SHAPES.keys())
async def test_an_answer_alone_changes_nothing(sent: Body, book: Book) -> None:
    first = (await post(book, sent))["result"][0]
    shown = await read(book, first["id"])
    before = await stored_order(book, shown["id"])
    for body in (shown, shown | {"id": sent["id"]}, sent | shown, sent):
        again = (await post(book, body))["result"][0]
        assert again == first
        assert await read(book, shown["id"]) == shown
    assert (await listed(book))["result"] == [first]
    assert await stored_order(book, shown["id"]) == before


async def test_what_is_shown_of_an_order_of_ours_moves_nothing(book: Book) -> None:
    order_id = await managed(book)
    shown = await read(book, order_id)
    await post(book, shown)
    assert await read(book, order_id) == shown


STATUSES: list[Body] = [{"status": word} for word in words.AXES["konvo"].rows]
SHIPMENTS: list[Body] = [{"shipmentStatus": word} for word in words.AXES["konvo_shipment"].rows]
TELLINGS: list[Body] = [{}, *STATUSES, *SHIPMENTS]


@pytest.mark.parametrize("first", TELLINGS, ids=lambda one: " ".join(one.values()) or "nothing")
async def test_what_was_read_and_sent_back_moves_nothing_later(first: Body, book: Book) -> None:
    many = range(len(TELLINGS))
    made = (await post(book, *[order(id=f"{n}{x}", **first) for n in many for x in "ab"]))["result"]
    read_back = [await read(book, one["id"]) for one in made[::2]]
    await post(book, *read_back)
    for later in (TELLINGS, TELLINGS[::-1]):
        await post(book, *[order(id=f"{n}{x}", **later[n]) for n in many for x in "ab"])
        stored = [await stored_order(book, one["id"]) for one in made]
        for one, other in zip(stored[::2], stored[1::2], strict=True):
            assert (one.facets, one.words) == (other.facets, other.words), one.sender_id


MEANWHILE = tuple((axis, word) for axis, known in words.AXES.items() for word in known.rows)


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=" ".join)
async def test_wherever_others_moved_it_what_is_shown_moves_nothing(
    meanwhile: tuple[str, str], book: Book
) -> None:
    orders = [order(id=f"order-{n}", **told) for n, told in enumerate(TELLINGS)]
    made = (await post(book, *orders))["result"]
    made += [{"id": await managed(book)}, {"id": await fetched(book)}]
    for one in made:
        moved = AmendOrder(book.ours.org, "polinate", raw(one["id"]), (meanwhile,))
        with contextlib.suppress(Refused):
            await book.services.writer.submit(Envelope(moved))
    shown = [await read(book, one["id"]) for one in made]
    assert (await post(book, *shown))["count"] == len(shown)
    assert [await read(book, one["id"]) for one in made] == shown


async def test_what_others_said_of_the_lines_stays(book: Book) -> None:
    shown = (await post(book, order(items=[item(), item(id="v2", available=True)])))["result"][0]
    stored = await stored_order(book, shown["id"])
    changed = LineChange(
        "x", stored.lines[0].id, quantity=much(3), unit_of_measure="kg", price=Amount(7, 0),
        cost=Amount(5, 1), properties={"a": 1},
    )  # fmt: skip
    made = DraftLine("y", VariantRef(names=(("sku", "S"),)), much(1), Amount(125, 1), "EUR", "Mug")
    said = {"delivery_address": "Elsewhere", "notes": "ring twice", "external_reference": "R-1"}
    amended = AmendOrder(
        book.ours.org, "polinate", stored.id, said=said, total=Amount(40, 0),
        create_lines=(made,), update_lines=(changed,),
    )  # fmt: skip
    await book.services.writer.submit(Envelope(amended))
    before, read_back = await stored_order(book, shown["id"]), await read(book, shown["id"])
    await post(book, read_back)
    after = await stored_order(book, shown["id"])
    assert after == before
    assert await read(book, shown["id"]) == read_back


async def test_a_customer_who_was_renamed_since_is_not_renamed_back(book: Book) -> None:
    told = order(customer=customer(("email", "a@x.org")))
    shown = (await post(book, told))["result"][0]
    renamed = customer(("email", "b@x.org"), lastName="Smith")
    await post(book, order(id="another", customer=renamed))
    read_back = await read(book, shown["id"])
    assert read_back["customer"] == told["customer"]
    await post(book, read_back)
    assert await read(book, shown["id"]) == read_back
    assert (await the_contact(book, shown["id"])).last_name == "Smith"


PEOPLE: dict[str, tuple[Body, str]] = {
    "the sender's id": (customer(id=" c-1 "), "c-1"),
    "a long id": (customer(id="c" * 300), hashlib.sha256(b"c" * 300).hexdigest()),
    "no id, a mailbox": (customer(("email", "a@x.org"), id=""), "ours"),
    "a placeholder, a telephone": (customer(("phone", "+49 30 1234567"), id="n/a"), "ours"),
    "no id, a handle": (customer(("handle", "@a"), id="0"), "ours"),
    "nobody": (customer(id=""), ""),
    "nobody with a placeholder": (customer(("email", "n/a"), id="none"), ""),
}


@pytest.mark.parametrize(("person", "shown_id"), PEOPLE.values(), ids=PEOPLE.keys())
async def test_who_ordered_is_the_same_customer(person: Body, shown_id: str, book: Book) -> None:
    made = (await post(book, order(customer=person)))["result"][0]
    shown = await read(book, made["id"])
    assert shown["customer"]["id"] == (made["contactId"] if shown_id == "ours" else shown_id)
    for body in (shown, shown | {"friendlyName": "#2"}, shown | {"friendlyName": "#1059"}):
        await post(book, body)
        assert (await read(book, made["id"])).get("contactId") == made.get("contactId")
    again = await read(book, made["id"])
    assert again["customer"] == shown["customer"]


async def test_who_ordered_is_told_anew_under_our_id(book: Book) -> None:
    made = (await post(book, order(customer=customer(("email", "a@x.org"), id=""))))["result"][0]
    shown = await read(book, made["id"])
    person = shown["customer"] | {"lastName": "Smith"}
    await post(book, shown | {"customer": person})
    again = await read(book, made["id"])
    assert (again["contactId"], again["lastName"]) == (made["contactId"], "Smith")
    assert (await the_contact(book, made["id"])).last_name == "Smith"


async def test_the_audit_takes_an_order_that_was_told_under_our_id(book: Book) -> None:
    shown = await read(book, (await post(book, order()))["result"][0]["id"])
    await post(book, shown | {"friendlyName": "#2"})
    moved = await read(book, await managed(book))
    await post(book, moved | {"trackingUrl": "https://t.x", "id": moved["id"].upper()})
    for order_id in (shown["id"], moved["id"]):
        findings = Findings()
        check_sender(await stored_order(book, order_id), findings)
        assert not findings.violations()


async def test_who_ordered_can_order_again_as_read(book: Book) -> None:
    """The customer of a read order is the customer of another order that names the same."""
    for person in (
        customer(("email", "a@x.org"), id=""), customer(id="c-1"), customer(("phone", "030 1234"))
    ):  # fmt: skip
        made = (await post(book, order(id=f"of {person}", customer=person)))["result"][0]
        shown = (await read(book, made["id"]))["customer"]
        for number, again in enumerate((shown, shown | {"id": shown["id"].upper()})):
            if again == shown or shown["id"] == made["contactId"]:
                sent = order(id=f"{number} {person}", customer=again)
                assert (await post(book, sent))["result"][0]["contactId"] == made["contactId"]


async def test_an_id_that_looks_like_ours_and_is_nobodys_is_the_senders(book: Book) -> None:
    person = customer(id="11111111-2222-4333-8444-555555555555")
    made = (await post(book, order(customer=person)))["result"][0]
    assert made["contactId"] != person["id"]
    assert (await read(book, made["id"]))["customer"]["id"] == person["id"]
