"""Konvo's operations over a real book on SQLite."""

import json
from decimal import Decimal

import pytest

from entrepot.core import ids
from entrepot.core.commands import CustomerRef, DraftLine, PlaceOrder, VariantRef
from entrepot.core.money import SCALE_MAX, Amount, line_sum
from entrepot.core.refusal import Reason, Refused
from entrepot.core.results import OrderResult
from entrepot.edge.konvo import routes
from entrepot.edge.polinate import write as polinate
from entrepot.edge.synq import write as synq
from entrepot.store import queries
from entrepot.writer.envelope import Answer, Envelope

from .conftest import Book
from .samples import Body, customer, item, order, told


def decoded(answer: Answer, status: int) -> Body:
    assert answer.status == status
    body: Body = json.loads(answer.body)
    return body


async def post(book: Book, *orders: Body) -> Body:
    return decoded(await routes.create_orders(book.call(body=told(*orders))), 201)


async def listed(book: Book, query: str = "") -> Body:
    return decoded(await routes.list_orders(book.call(query=query)), 200)


def numbered(number: int, **changes: object) -> Body:
    """An order of a customer of its own."""
    person = customer(("email", f"{number}@x.org"), id=f"customer-{number}")
    return order(id=f"order-{number}", friendlyName=f"#{number}", customer=person) | changes


async def managed(book: Book) -> str:
    """The id of an order of nobody that Entrepot runs."""
    line = DraftLine(
        "items[0]", VariantRef(names=(("sku", "S"),)), 1, Amount(1250, 2), "EUR", "Mug"
    )
    command = PlaceOrder(book.ours.org, "synq", "EUR", (line,), CustomerRef())
    outcome = await book.services.writer.submit(Envelope(command))
    assert isinstance(outcome.result, OrderResult)
    return ids.dashed(outcome.result.order.id)


async def test_orders_are_told_and_read_back(book: Book) -> None:
    made = await post(book, *(numbered(n, status="paid") for n in range(3)))
    assert made["count"] == 3
    assert [one["externalName"] for one in made["result"]] == ["#0", "#1", "#2"]
    assert [one["email"] for one in made["result"]] == ["0@x.org", "1@x.org", "2@x.org"]
    assert {one["status"] for one in made["result"]} == {"PAID"}
    page = await listed(book)
    assert page == {"count": 3, "result": made["result"][::-1]}
    one = await routes.get_order(book.call(order_id=made["result"][1]["id"]))
    assert decoded(one, 200) == {"count": 1, "result": [made["result"][1]]}


async def test_pages_and_bounds(book: Book) -> None:
    orders = [(await post(book, numbered(n)))["result"][0] for n in range(5)]
    page = await listed(book, "page=2&limit=2")
    assert page == {"count": 5, "result": [orders[2], orders[1]]}
    assert await listed(book, "page=9&limit=2") == {"count": 5, "result": []}
    pivot = orders[2]["createdAt"]
    since = await listed(book, f"created_at_min={pivot}")
    assert since == {"count": 3, "result": orders[:1:-1]}
    until = await listed(book, f"created_at_max={pivot}&limit=1")
    assert until == {"count": 3, "result": [orders[2]]}
    again = (await post(book, numbered(0, status="shipped")))["result"][0]
    moved = await listed(book, f"updated_at_min={again['updatedAt']}")
    assert moved == {"count": 1, "result": [again]}


async def test_the_same_order_again_is_counted_and_unchanged(book: Book) -> None:
    first = await post(book, numbered(1))
    assert await post(book, numbered(1)) == first
    assert (await listed(book))["count"] == 1


async def test_the_sender_is_right(book: Book) -> None:
    first = (await post(book, numbered(1, status="open")))["result"][0]
    change = {"status": "cancelled", "orderTotal": 4100, "trackingUrl": "https://t.example"}
    after = (await post(book, numbered(1, **change)))["result"][0]
    expected = {"status": "CANCELLED", "orderTotal": 4100, "trackingUrl": "https://t.example"}
    assert after == first | expected | {"updatedAt": after["updatedAt"]}
    assert after["updatedAt"] > first["updatedAt"]


async def test_an_order_told_twice_in_one_array_is_one_order(book: Book) -> None:
    made = await post(book, numbered(1), numbered(2), numbered(1, orderTotal=5))
    assert made["count"] == 2
    assert [(o["externalName"], o["orderTotal"]) for o in made["result"]] == [
        ("#1", 5),
        ("#2", 3995),
    ]
    assert await listed(book) == {"count": 2, "result": made["result"][::-1]}


@pytest.mark.parametrize("last", [{"orderTotal": "1"}, {"items": [item(price="1")]}, {"id": None}])
async def test_one_order_that_cannot_be_taken_keeps_all_out(last: Body, book: Book) -> None:
    with pytest.raises(Refused) as refused:
        await post(book, numbered(1), numbered(2, **last))
    assert (refused.value.refusal.field or "").startswith("[1].")
    assert await listed(book) == {"count": 0, "result": []}


async def test_an_illegal_move_of_a_managed_order_keeps_all_out(book: Book) -> None:
    theirs = await managed(book)
    array = told(numbered(1), numbered(2, id=theirs, status="refunded"))
    refused = decoded(await routes.create_orders(book.call(body=array)), 409)
    assert refused["message"].startswith("[1]: ")
    assert [one["id"] for one in (await listed(book))["result"]] == [theirs]


async def test_the_guest_is_no_contact(book: Book) -> None:
    one = await routes.get_order(book.call(order_id=await managed(book)))
    for answered in (decoded(one, 200), await listed(book)):
        body = answered["result"][0]
        assert "contactId" not in body
        assert (body["channel"], body["orderTotal"]) == ("SYNQ", 1250)


async def test_a_customer_is_matched_by_any_identifier(book: Book) -> None:
    known = [("email", "Ada@x.org"), ("phone", "+49 30 1")]
    people = [
        customer(*known, id="a"),
        customer(("email", "ada@X.ORG"), id="b"),
        customer(("phone", "49301"), id="c"),
        customer(id="c"),
        customer(id="d"),
    ]
    told_orders = [numbered(n, customer=person) for n, person in enumerate(people)]
    contacts = [one["contactId"] for one in (await post(book, *told_orders))["result"]]
    assert len(set(contacts[:4])) == 1
    assert contacts[4] != contacts[0]


async def test_what_a_later_order_tells_of_a_customer_is_kept(book: Book) -> None:
    plain = numbered(1, customer=customer(id="a"))
    named = numbered(2, customer=customer(("email", "ada@x.org"), id="a", firstName="Ada"))
    for body in (await post(book, plain, named), await listed(book)):
        assert {(one["firstName"], one["email"]) for one in body["result"]} == {
            ("Ada", "ada@x.org")
        }


@pytest.mark.parametrize("known", [True, False])
async def test_an_order_of_nobody_or_of_somebody_else_is_unknown(known: bool, book: Book) -> None:
    made = (await post(book, numbered(1)))["result"][0]["id"]
    call = book.call(
        order_id=made if known else "08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd",
        principal=book.theirs if known else book.ours,
    )
    with pytest.raises(Refused) as refused:
        await routes.get_order(call)
    assert refused.value.refusal.reason is Reason.UNKNOWN_ORDER


async def test_an_item_may_name_a_variant_that_the_book_knows(book: Book) -> None:
    await post(book, numbered(1, items=[item(id="08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd")]))
    same = numbered(2, items=[item(id="08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd"), item(id="x" * 255)])
    assert (await post(book, same))["count"] == 1


ODD: tuple[Body, ...] = (
    {"orderTotal": -500, "items": [item(price=-500, quantity=1)]},
    {"orderTotal": 10.5, "items": [item(price=29.5, quantity=0), item(price=1, quantity=-2)]},
    {"currency": "USD", "items": [item(currency="EUR"), item(currency="JPY"), item()]},
    {"currency": "EURO", "items": [item(currency="BTC")]},
    {"currency": "HRK", "items": []},
    {"currency": "", "friendlyName": "x" * 10_000, "items": [item(id="", currency="")]},
    {"currency": "\u20ac", "externalId": "", "customer": customer(id="")},
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: next(iter(odd)))
async def test_what_a_mirror_takes_is_read_in_every_dialect(odd: Body, book: Book) -> None:
    body = numbered(1) | odd
    [made] = (await post(book, body))["result"]
    assert (made["orderTotal"], made["currency"]) == (
        body["orderTotal"],
        body["currency"].lower(),
    )
    # Told again it is the same order, and a change of it is taken.
    assert (await post(book, body))["result"] == [made]
    [changed] = (await post(book, body | {"status": "paid"}))["result"]
    assert changed == made | {"status": "PAID", "updatedAt": changed["updatedAt"]}
    raw = ids.from_dashed(made["id"])
    assert raw is not None
    stored = await book.services.database.read(
        lambda conn: queries.order_by_id(conn, book.ours.org, raw)
    )
    assert stored is not None
    ours = [line for line in stored.lines if line.currency == stored.currency]
    summed = line_sum([(line.price, line.quantity) for line in ours])
    assert stored.subtotal.at(SCALE_MAX) == summed.at(SCALE_MAX)
    shown = json.loads(polinate.order_answer(stored).body)
    assert Decimal(shown["totalAmount"]) * 100 == Decimal(str(body["orderTotal"]))
    assert [line["quantity"] for line in shown["orderItems"]] == [
        one.get("quantity", 1) for one in body["items"]
    ]
    assert json.loads(synq.order_answer(stored, book.ours).body)["currency"] == stored.currency
