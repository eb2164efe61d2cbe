"""Claims of docs/dialects/konvo.md on lists, walks and what an order shows."""

from __future__ import annotations

import json
import uuid

from tests.contracts.dialect_claims.konvo import customer, item, listed, mail, refused, told
from tests.contracts.facts import House
from tests.contracts.facts.house import polinate_id

from entrepot.testing.clients import KONVO_ORDERS, Body, accepted, konvo_order


def test_a_list_is_newest_first_by_pages_from_one(house: House) -> None:
    made = [told(house)["id"] for _ in range(3)][::-1]
    assert [one["id"] for one in listed(house, limit=3)["result"]] == made
    assert [one["id"] for one in listed(house, limit=3, page=1)["result"]] == made
    assert listed(house, limit=1, page=2)["result"][0]["id"] == made[1]
    for query in ({"page": 0}, {"limit": 0}, {"limit": 201}, {"created_at_min": "soon"}):
        refused(house.world.konvo.get(KONVO_ORDERS, **query), next(iter(query)))
    accepted(house.world.konvo.post(*[konvo_order() for _ in range(51)]))
    assert len(listed(house)["result"]) == 50, "unless told"
    assert listed(house, updated_at_min="2016-12-31T23:59:60Z") == listed(
        house, updated_at_min="2017-01-01T00:00:00Z"
    )


def test_an_order_of_a_source_in_konvos_words(house: House) -> None:
    """It has the names and the time of its source; a Konvo sender's same id is another order."""
    order_id = f"ord_shop_{uuid.uuid4().hex[:8]}"
    house.fetched(order_id)
    konvo = house.sourced.konvo
    read = konvo.order(order_id)
    assert read["externalName"] == f"INT-{order_id}"
    assert read["createdAt"] == "2025-01-15T10:30:00.000Z"
    found = accepted(konvo.get(KONVO_ORDERS, created_at_min="2026-01-01"), 200)
    assert read["id"] in {one["id"] for one in found["result"]}, "filters go by the arrival"
    sent = accepted(konvo.post(konvo_order(id=order_id)))["result"][0]
    assert sent["id"] != read["id"]
    assert konvo.order(order_id)["id"] == sent["id"], "a Konvo sender's id is looked for first"
    same = customer(id="prt_shop_1")
    by_konvo = accepted(konvo.post(konvo_order(customer=same)))["result"][0]
    assert by_konvo["contactId"] != read["contactId"], "customers of two kinds of senders"


def test_an_address_stays_with_the_customer_who_had_it_first(house: House) -> None:
    first, second = (str(uuid.uuid4()) for _ in range(2))
    address = mail(f"{uuid.uuid4().hex}@x.org")
    made = [
        told(house, customer=customer(id=who, userIds=address)) for who in (first, second, "", " ")
    ]
    ours, theirs, *unnamed = (one["contactId"] for one in made)
    assert ours != theirs
    assert unnamed == [ours] * 2
    padded = told(house, customer=customer(id=f" {second} ", userIds=[]))
    assert padded["contactId"] == theirs, "blanks around an id are none of it"


def test_a_customer_who_cannot_be_known_again_is_the_guest(house: House) -> None:
    guest = told(house, customer=customer(id="", userIds=[]))
    assert "contactId" not in guest
    assert guest["firstName"] == "Ada"
    placed = house.world.synq_created()
    read = house.world.synq.order(guest["id"])
    assert read["customer_id"] == placed["customer_id"]


def test_which_order_an_id_means_in_konvo(house: House) -> None:
    order = konvo_order(friendlyName=uuid.uuid4().hex)
    made = told(house, **order)
    number = uuid.UUID(made["id"]).hex
    own = (made["id"].upper(), number, f"ord_{number}")
    for text in (*own, order["id"], order["externalId"], order["friendlyName"]):
        assert house.world.konvo.order(text)["id"] == made["id"]
    told(house, friendlyName=order["friendlyName"])
    answer = house.world.konvo.get(f"{KONVO_ORDERS}/{order['friendlyName']}")
    assert answer.status_code == 404, "two orders of one kind have the text"


def test_members_of_the_order(house: House) -> None:
    made = told(house)
    assert (made["channel"], made["status"], made["currency"]) == ("API", "PAID", "eur")
    assert made["externalName"] == "#1059"
    absent = {"trackingUrl", "deliveryAddress", "phoneNumber"}
    assert not absent & set(made), "what is unknown is left out"
    assert None not in made.values()
    bare = konvo_order()
    del bare["externalId"]
    shown = accepted(house.world.konvo.post(bare))["result"][0]
    assert shown["externalId"] == bare["id"]
    placed = house.world.synq_created()
    read = house.world.konvo.order(placed["id"])
    assert read["externalName"].startswith("EN-")
    assert read["channel"] == "WEB-STOREFRONT"
    assert "externalId" not in read
    answer = house.world.konvo.get(f"{KONVO_ORDERS}/{made['id']}")
    known = {"If-None-Match": answer.headers["ETag"]}
    again = house.world.konvo.http.get(f"{KONVO_ORDERS}/{made['id']}", headers=known)
    assert (again.status_code, again.content) == (304, b"")


def test_an_upper_bound_passes_an_order_over(house: House) -> None:
    orders = [konvo_order() for _ in range(3)]
    ids = [told(house, **order)["id"] for order in orders]
    window = {"updated_at_max": house.world.konvo.order(ids[2])["updatedAt"], "limit": 1}
    assert listed(house, page=1, **window)["result"][0]["id"] == ids[2]
    told(house, **orders[2] | {"status": "shipped"})
    assert listed(house, page=2, **window)["result"][0]["id"] == ids[0], "ids[1] is passed over"


def test_an_answer_is_told_back_with_what_it_lacks(house: House) -> None:
    """By what its sender told, or by what `GET /orders/{ID}` shows."""
    order = konvo_order()
    answered = told(house, **order)
    listed_one = listed(house, limit=1)["result"][0]
    assert listed_one == answered
    alone = house.world.konvo.order(answered["id"])
    added = {name: alone[name] for name in set(alone) - set(answered)}
    assert set(added) == {"friendlyName", "customer", "items"}, "one order alone shows them"
    told_members = {name: order[name] for name in added}
    for members in (told_members, json.loads(json.dumps(added, default=float))):
        back = accepted(house.world.konvo.post(plain(answered) | members))["result"][0]
        assert back == answered
    assert house.world.konvo.order(answered["id"]) == alone
    assert alone["friendlyName"] == alone["externalName"]
    assert accepted(house.world.konvo.post(order | {"orderTotal": 3995.0}))["result"] == [answered]


def plain(order: Body) -> Body:
    """The order with its amounts as a client without decimals has them."""
    body: Body = json.loads(json.dumps(order, default=float))
    return body


def test_what_one_order_alone_shows(house: House) -> None:
    named = [*mail("a@x.org"), *mail("b@x.org"), {"type": "handle", "id": "@a"}]
    who = {"id": "c-1", "firstName": "Ada", "lastName": "Byron"}
    line = item(available=True, inventoryQuantity=7.5)
    made = told(house, customer=who | {"userIds": named}, items=[line], currency="EURO")
    assert made["currency"] == "EURO", "what is no code is shown as told"
    alone = house.world.konvo.order(made["id"])
    assert alone["customer"] == who | {"userIds": mail("a@x.org")}, "one mailbox, no handle"
    assert plain(alone)["items"] == [line]
    change = {"updateOrderItems": [{"quantity": 9, "price": "1.5"}]}
    polinate = house.world.polinate.order(polinate_id(made["id"]))
    change["updateOrderItems"][0]["id"] = polinate["orderItems"][0]["id"]
    accepted(house.world.polinate.patch(polinate["id"], change), 200)
    after = house.world.konvo.order(made["id"])["items"][0]
    assert (after["quantity"], after["price"], after["msrp"]) == (9, 150, line["msrp"])
    placed = house.world.synq_created(items=[house.world.synq_line(0)])
    [synq] = placed["items"]
    [ours] = house.world.konvo.order(placed["id"])["items"]
    assert ours["id"] == synq["variant_id"]
    assert (ours["description"], ours["msrp"], ours["imageUrl"]) == ("", ours["price"], "")


def test_the_native_api_shows_where_a_mirrored_order_was_sold(house: House) -> None:
    """Nobody showed `source`. What is absent in a later telling stays."""
    order_id = str(uuid.uuid4())
    native, sent = house.world.native, konvo_order(id=order_id, source="in_store")
    made = accepted(house.world.konvo.post(sent))["result"][0]
    assert native.order(made["id"])["sale_source"] == "in_store"
    again = {name: value for name, value in sent.items() if name != "source"}
    accepted(house.world.konvo.post(again | {"status": "completed"}))
    assert native.order(made["id"])["sale_source"] == "in_store"
    accepted(house.world.konvo.post(again | {"source": "online"}))
    assert native.order(made["id"])["sale_source"] == "online"
    assert native.place(house.world.native_order())["sale_source"] is None
