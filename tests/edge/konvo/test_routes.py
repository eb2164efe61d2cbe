"""Konvo's operations over a real book on SQLite."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import select
from tests.quantities import much

from entrepot.core import ids
from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import SCALE_MAX, Amount, line_sum
from entrepot.core.refusal import Reason, Refused
from entrepot.core.results import OrderResult
from entrepot.edge.konvo.orders import routes
from entrepot.edge.polinate.orders import write as polinate
from entrepot.edge.synq.orders import write as synq
from entrepot.store import schema
from entrepot.store.reading import queries
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
        "items[0]", VariantRef(names=(("sku", "S"),)), much(1), Amount(1250, 2), "EUR", "Mug"
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
    found = decoded(one, 200)
    assert found["count"] == 1
    assert found["result"][0].items() >= made["result"][1].items()


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


ANN = ("email", "Ann@x.org"), ("phone", "+49 30 123456")
SHARED = ("phone", "+1 555 000 1111")
# The customers that two orders tell, and whether they are one customer.
PAIRS = [
    # The sender's own id decides, whatever else is told.
    (customer(*ANN, id="a"), customer(id="a"), True),
    (customer(*ANN, id="a"), customer(("email", "other@x.org"), id="a"), True),
    (customer(*ANN, id="a"), customer(*ANN, id="b"), False),
    (customer(SHARED, id="ca", firstName="Ann"), customer(SHARED, id="cb", firstName="Bob"), False),
    (customer(("email", "straße@x.org"), id="a"), customer(("email", "strasse@x.org"), id="b"),
     False),
    # Without one, an address joins who has the same name, and nothing contradicts.
    (customer(*ANN, id="n/a"), customer(("email", "ANN@x.org"), id="0"), True),
    (customer(*ANN, id="a"), customer(("email", "ann@X.ORG "), id=" "), True),
    (customer(*ANN, id="a"), customer(("phone", "004930123456"), id="guest"), True),
    (customer(*ANN, id="a"), customer(("phone", "0049 30 123456 ext. 7"), id="guest"), True),
    (customer(*ANN, id="a"), customer(("phone", "٠٠٤٩٣٠١٢٣٤٥٦"), id="guest"), True),
    (customer(("email", "jos\u00e9@x.org"), id=""), customer(("email", "JOSE\u0301@x.org"), id=""),
     True),
    (customer(("email", "straße@x.org"), id=""), customer(("email", "strasse@x.org"), id=""),
     False),
    (customer(*ANN, id=""), customer(*ANN, id="", firstName="Bob"), False),
    (customer(SHARED, ("email", "a@x.org"), id=""), customer(SHARED, ("email", "b@x.org"), id=""),
     False),
    (customer(("phone", "0000000000"), id=""), customer(("phone", "0000000000"), id=""), None),
    (customer(("email", "n/a"), id="none"), customer(("email", "n/a"), id="none"), None),
    (customer(("email", "no-reply-amazon-iba-buyer@marketplace.amazon.it"), id="unknown"),
     customer(("email", "no-reply-amazon-iba-buyer@marketplace.amazon.it"), id="unknown"), None),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "same"), PAIRS)
async def test_who_is_one_customer(
    first: Body, second: Body, same: bool | None, book: Book
) -> None:
    """None: the addresses say nothing, and nobody is known by them. Each order keeps what it was
    told, in one array as in two.
    """
    for told_orders in ([numbered(1, customer=first)], [numbered(2, customer=second)]):
        await post(book, *told_orders)
    await post(book, numbered(3, customer=first), numbered(4, customer=second))
    body = (await listed(book))["result"]
    for one, who in zip(body, (second, first) * 2, strict=True):
        assert (one["firstName"], one["lastName"]) == (who["firstName"], who["lastName"])
        assert one.get("email") == next(
            (i["id"].strip() for i in who.get("userIds", ()) if i["type"] == "email"), None
        )
    contacts = [one.get("contactId") for one in body]
    if same is None:
        assert contacts == [None] * 4
    else:
        assert (contacts[0] == contacts[1]) is (contacts[2] == contacts[3]) is same
        assert None not in contacts
    # A customer who is told again of the same order stays the order's customer.
    again = await post(book, numbered(4, customer=second, status="shipped"))
    assert again["result"][0].get("contactId") == contacts[0]


async def test_a_retelling_by_another_name_changes_no_other_order(book: Book) -> None:
    anna = customer(("email", "anna@x.org"), id="a", firstName="Anna")
    bert = customer(("email", "bert@x.org"), id="b", firstName="Bert")
    await post(book, numbered(1, customer=anna), numbered(2, customer=bert))
    await post(book, numbered(1, customer=customer(("email", "bert@x.org"), id="a")))
    later = customer(("email", "new@x.org"), id="b", firstName="Bertrand")
    await post(book, numbered(3, customer=later))
    third, second, first = (await listed(book))["result"]
    assert (first["firstName"], first["email"]) == ("John", "bert@x.org")
    assert (second["firstName"], second["email"]) == ("Bert", "bert@x.org")
    assert (third["firstName"], third["email"]) == ("Bertrand", "new@x.org")
    assert third["contactId"] == second["contactId"] != first["contactId"]


async def test_what_is_absent_when_told_again_stays_told(book: Book) -> None:
    ada = customer(("email", "ada@x.org"), ("phone", "+49301234"), id="a")
    first = numbered(1, customer=ada, externalId="SHOPIFY-555", source="online",
                     items=[item(quantity=3, available=True, inventoryQuantity=7)])  # fmt: skip
    await post(book, first)
    again = numbered(1, customer=customer(id="a"), status="shipped", items=[item()])
    [order] = (await post(book, again))["result"]
    assert order["externalId"] == "SHOPIFY-555"
    assert (order["email"], order["phoneNumber"]) == ("ada@x.org", "+49301234")
    kept = await book.services.database.read(
        lambda conn: queries.order_by_id(conn, book.ours.org, ids.spelled(order["id"]) or b"")
    )
    assert kept is not None
    assert kept.lines[0].quantity == much(3)
    assert json.loads(kept.lines[0].details or "")["inventoryQuantity"] == 7
    [order] = (await post(book, again | {"externalId": order["externalName"]}))["result"]
    assert order["externalId"] == order["externalName"]


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
        body["currency"].lower() if len(body["currency"]) == 3 else body["currency"],
    )
    # Told again it is the same order, and a change of it is taken.
    assert (await post(book, body))["result"] == [made]
    [changed] = (await post(book, body | {"status": "paid"}))["result"]
    assert changed == made | {"status": "PAID", "updatedAt": changed["updatedAt"]}
    raw = ids.spelled(made["id"])
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


async def test_a_version_that_is_known_is_not_sent_again(book: Book) -> None:
    made = (await post(book, numbered(1)))["result"][0]
    call = book.call(order_id=made["id"])
    assert decoded(await routes.get_order(call), 200)["count"] == 1
    assert call.etag is not None
    again = book.call(order_id=made["id"])
    again.headers = {"if-none-match": call.etag}
    assert await routes.get_order(again) == Answer(304, b"")
    await post(book, numbered(1, status="paid"))
    assert (await routes.get_order(again)).status == 200


async def test_a_currency_may_hold_what_json_has_to_escape(book: Book) -> None:
    odd = numbered(1, currency='"}\\\n', items=[item(currency='"')])
    [made] = (await post(book, odd))["result"]
    assert made["currency"] == '"}\\\n'
    assert (await post(book, odd | {"status": "paid"}))["result"][0]["status"] == "PAID"
    rows = await book.services.database.read(
        lambda conn: conn.execute(select(schema.events.c.body)).scalars().all()
    )
    assert {json.loads(body)["currency"] for body in rows} == {'"}\\\n'}
