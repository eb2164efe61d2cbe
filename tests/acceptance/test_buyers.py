"""Buyers across the dialects: one customer, made in Polinate, known to all of them."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from tests.acceptance.test_contacts import contacts, with_orders
from tests.contracts.facts.polinate_buyers import BUYERS
from tests.contracts.facts.polinate_read import refused

from entrepot.testing.clients import Body, World, accepted, at_once, konvo_order, neighbour
from entrepot.testing.server import Server, eventually


def made(world: World, **body: Any) -> Body:
    buyer: Body = accepted(world.polinate.http.post(BUYERS, json=body))
    return buyer


def patched(world: World, id_: str, **body: Any) -> httpx.Response:
    return world.polinate.http.patch(f"{BUYERS}/{id_}", json=body)


def events(world: World, customer_id: str) -> list[tuple[int, str, str]]:
    """What the native API tells of a customer: number within the customer, type, body."""
    asked = "/events?limit=200&types=customer.created,customer.updated,partnership.updated"
    found: list[Body] = []
    after = 0
    while (page := accepted(world.native.send("GET", f"{asked}&after={after}"), 200))["data"]:
        found += page["data"]
        after = page["last"]
    return [
        (one["seq"], one["type"], one["actor"]["kind"])
        for one in found
        if one["subject"] == {"kind": "customer", "id": customer_id}
    ]


def test_a_buyer_of_polinate_is_the_customer_of_every_dialect(server: Server, world: World) -> None:
    name = uuid.uuid4().hex[:12]
    mailbox, second = f"{name}@example.org", f"b{name}@example.org"
    buyer = made(
        world, buyer={"name": f"Cafe {name}", "primaryPhone": "+61 2 9999 0000"},
        emails=[{"email": mailbox}, {"email": second}],
    )  # fmt: skip
    id_ = str(uuid.UUID(buyer["phantomId"].removeprefix("phm_")))
    # A contact of Konvo, by every mailbox, before the first order.
    for text in (mailbox, second):
        found = with_orders(world.konvo, text, 0)
        assert (found["id"], found["email"], found["lastName"]) == (id_, mailbox, f"Cafe {name}")
        assert (found["phoneNumber"], found["source"]) == ("61299990000", "polinate")
    # Orders through Polinate, through Synq by our id, and told by Konvo with the mailbox.
    order = world.polinate.create(world.polinate_order(partnershipId=buyer["partnershipId"]))
    assert order["partnershipId"] == buyer["partnershipId"]
    assert order["buyer"] == {
        "name": f"Cafe {name}", "email": mailbox, "phone": "+61 2 9999 0000",
    }  # fmt: skip
    first = str(uuid.UUID(order["id"].removeprefix("ord_")))
    seen = accepted(world.synq.get(f"/api/v1/oms/orders/{first}"), 200)
    assert seen["customer_id"] == id_
    assert seen["customer"]["email"] == mailbox
    body = world.synq_order() | {"customer_id": id_}
    placed = accepted(world.synq.create(body))["order_id"]
    who = {"id": "", "firstName": "Cafe", "lastName": name}
    who["userIds"] = [{"type": "email", "id": mailbox}]
    told = accepted(world.konvo.post(konvo_order(customer=who)))["result"][0]
    assert told["contactId"] == id_
    contact = with_orders(world.konvo, mailbox, 3)
    assert {one["id"] for one in contact["orders"]} == {first, placed, told["id"]}
    native = accepted(world.native.send("GET", f"/customers/{id_}"), 200)
    assert (native["name"], native["email"]) == (f"Cafe {name}", mailbox)
    assert native["partnership"] == {"status": "active", "price_list_id": None}
    assert [one["value"] for one in native["buyer"]["emails"]] == [mailbox, second]
    with neighbour(server, "Next door") as other:
        refused(other.polinate.get(f"{BUYERS}/{buyer['phantomId']}"), 404)
        assert other.native.send("GET", f"/customers/{id_}").status_code == 404
        assert contacts(other.konvo, mailbox) == []
    assert events(world, id_) == [(1, "customer.created", "key")]
    server.verify()


def test_a_customer_whom_an_order_brought_is_read_as_a_buyer(server: Server, world: World) -> None:
    name = uuid.uuid4().hex[:12]
    who = {"name": f"Ada {name}", "email": f"{name}@example.org", "phone": "+49 30 1234567"}
    order = world.native.place(world.native_order(customer=who))
    id_ = order["customer"]["id"]
    polinate = world.polinate
    for spelled in (id_, f"phm_{id_.replace('-', '')}", f"prt_{id_}", f"PHA_{id_}"):
        buyer = accepted(polinate.get(f"{BUYERS}/{spelled}"), 200)
        assert (buyer["name"], buyer["primaryEmail"]) == (who["name"], who["email"])
        assert (buyer["partnershipStatus"], buyer["emails"]) == ("ACTIVE", [])
    after = accepted(patched(world, id_, partnershipStatus="TERMINATED"), 200)
    assert after["partnershipStatus"] == "TERMINATED"
    assert events(world, id_) == [(1, "partnership.updated", "key")]
    refused(patched(world, id_, buyer={"legalName": "Ada Ltd"}), 403, "buyer.legalName")
    server.verify()


def test_an_order_for_a_partnership_that_is_not_active_is_refused_everywhere(
    server: Server, world: World
) -> None:
    with neighbour(server, uuid.uuid4().hex) as shop:
        mailbox = f"{uuid.uuid4().hex}@example.org"
        accepted(shop.synq.create(shop.synq_order()))  # makes the variants
        buyer = made(shop, buyer={"name": "Cafe"}, emails=[{"email": mailbox}])
        id_ = str(uuid.UUID(buyer["phantomId"].removeprefix("phm_")))
        order = shop.polinate_order(partnershipId=buyer["partnershipId"])
        key = uuid.uuid4().hex
        accepted(patched(shop, id_, partnershipStatus="PAUSED"), 200)
        refused(shop.polinate.post(order, key), 409, "partnershipId")

        def closed() -> Body | None:
            answer = shop.synq.create(shop.synq_order() | {"customer_id": id_})
            return answer.json() if answer.status_code == 409 else None

        # Another key of the organization is looked up within a second.
        assert "customer_id" in eventually(closed, "Synq knows of it")["error"]
        by_address = {"name": "Cafe", "email": mailbox}
        for who, named in (({"id": id_}, "customer.id: "), (by_address, "customer: ")):
            told = shop.native_order(customer=who)
            answer = shop.native.send("POST", "/orders", told)
            assert answer.status_code == 409, answer.text
            assert answer.json()["type"].endswith("partnership-closed")
            assert answer.json()["detail"].startswith(named)
        # Nobody else's orders are concerned, and what another system tells is taken.
        shop.native.place(shop.native_order(currency="EUR"))
        accepted(shop.konvo.post(konvo_order(customer={
            "id": "", "firstName": "", "lastName": "Cafe",
            "userIds": [{"type": "email", "id": mailbox}],
        })))  # fmt: skip
        accepted(patched(shop, id_, partnershipStatus="ACTIVE"), 200)
        # The key stands for no answer yet.
        accepted(shop.polinate.post(order, key))
    server.verify()


def test_faults_of_a_buyer_are_named_and_nothing_is_kept(server: Server, world: World) -> None:
    post = world.polinate.http.post
    name = {"name": "Cafe"}
    faults: list[tuple[Body, str]] = [
        ({"buyer": {}}, "buyer.name"),
        ({"buyer": {"name": " "}}, "buyer.name"),
        ({"buyer": {"name": 7}}, "buyer.name"),
        ({"buyer": name | {"primaryEmail": "nobody"}}, "buyer.primaryEmail"),
        ({"buyer": name | {"properties": [1]}}, "buyer.properties"),
        ({"buyer": name, "phones": [{"phone": "none"}]}, "phones[0].phone"),
        ({"buyer": name, "phones": [{}]}, "phones[0].phone"),
        ({"buyer": name, "emails": [{"email": "a@b.c"}, {"email": "x y@z"}]}, "emails[1].email"),
        ({"buyer": name, "locations": [{}]}, "locations[0]"),
        ({"buyer": name, "emails": {}}, "emails"),
        ({"buyer": name, "partnershipStatus": "active"}, "partnershipStatus"),
    ]
    for body, field in faults:
        refused(post(BUYERS, json=body), 400, field)
    same = {"buyer": name, "emails": [{"email": "a@b.c"}, {"email": "A@B.C"}]}
    refused(post(BUYERS, json=same), 409, "emails[1].email")
    twice = [{"email": f"{n}@b.c", "isPrimary": True} for n in "ab"]
    refused(post(BUYERS, json={"buyer": name, "emails": twice}), 400, "emails[1].isPrimary")
    id_ = made(world, buyer=name)["phantomId"]
    other = f"phn_{uuid.uuid4().hex}"
    for change, field in (
        ({"createPhones": [{"phone": ""}]}, "createPhones[0].phone"),
        ({"updatePhones": [{"id": other, "sequence": 1}]}, "updatePhones[0].id"),
        ({"updatePhones": [{"id": "x", "sequence": 1}]}, "updatePhones[0].id"),
        ({"deletePhones": [other]}, "deletePhones[0]"),
        ({"deleteEmails": ["eml_"]}, "deleteEmails[0]"),
        (
            {"updateLocations": [{"id": f"loc_{uuid.uuid4().hex}", "city": "Perth"}]},
            "updateLocations[0].id",
        ),
        ({"buyer": {"name": None}}, "buyer.name"),
        ({"partnershipStatus": 1}, "partnershipStatus"),
        ({"colour": 1}, "body"),
    ):
        refused(patched(world, id_, **change), 400, field)
    for wrong in ("phm_", "x", f"ord_{uuid.uuid4().hex}", f"phm_{uuid.uuid4().hex}"):
        refused(world.polinate.get(f"{BUYERS}/{wrong}"), 404)
        refused(patched(world, wrong), 404)
    answer = patched(world, id_, buyer={"name": "Bar", "colour": 1, "id": id_}, size=2)
    assert accepted(answer, 200)["name"] == "Bar"
    assert "size, buyer.colour" in answer.headers["Warning"]
    assert events(world, str(uuid.UUID(id_.removeprefix("phm_")))) == [
        (1, "customer.created", "key"), (2, "customer.updated", "key"),
    ]  # fmt: skip
    server.verify()


def test_a_buyer_is_changed_in_the_version_that_was_read(world: World) -> None:
    id_ = made(world, buyer={"name": "Cafe"})["phantomId"]
    http, path = world.polinate.http, f"{BUYERS}/{id_}"
    tag = http.get(path).headers["ETag"]
    assert http.get(path, headers={"If-None-Match": tag}).status_code == 304
    change = {"buyer": {"buyerInfo": {"notes": "Ring"}}}
    first = http.patch(path, json=change, headers={"If-Match": tag})
    assert accepted(first, 200)["buyerInfo"] == {"notes": "Ring"}
    assert first.headers["ETag"] == http.get(path).headers["ETag"] != tag
    refused(http.patch(path, json=change, headers={"If-Match": tag}), 412)


def test_customers_are_listed_by_pages_and_found_by_what_they_are_called(
    server: Server, world: World
) -> None:
    with neighbour(server, uuid.uuid4().hex) as shop:
        made_ids = [
            made(
                shop, buyer={"name": f"Cafe {word}", "legalName": "Acme Group"},
                emails=[{"email": f"{word}@example.org"}, {"email": f"{word}@acme.example"}],
                phones=[{"phone": f"+61 2 9999 000{n}"}],
            )["phantomId"].removeprefix("phm_")
            for n, word in enumerate(("north", "south", "west"))
        ]  # fmt: skip
        accepted(shop.synq.create(shop.synq_order()))  # the guest's order
        north, south, west = [str(uuid.UUID(one)) for one in made_ids]

        def ids(query: str) -> list[str]:
            page = accepted(shop.native.send("GET", f"/customers?{query}"), 200)
            return [one["id"] for one in page["data"]]

        assert ids("limit=200") == [west, south, north]
        first = accepted(shop.native.send("GET", "/customers?limit=2"), 200)
        assert [one["id"] for one in first["data"]] == [west, south]
        last = accepted(shop.native.send("GET", f"/customers?limit=2&after={first['next']}"), 200)
        assert ([one["id"] for one in last["data"]], last["next"]) == ([north], None)
        eventually(lambda: ids("email=west@acme.example") == [west], "the log was read")
        for query, found in (
            ("email=NORTH@example.org", [north]), ("phone=0061299990001", [south]),
            ("phone=%2B61%202%209999%200001", [south]), ("name=cafe", [west, south, north]),
            ("name=group%20south", [south]), ("name=caf", []),
            ("email=north@example.org&name=south", []),
        ):  # fmt: skip
            assert ids(query) == found, query
        wrong = shop.native.send("GET", "/customers?phone=abc&colour=red")
        assert wrong.status_code == 400
        assert shop.native.send("GET", "/customers/x").status_code == 404
        answer = shop.native.send("GET", f"/customers/{west}")
        tag = answer.headers["ETag"]
        again = shop.native.send("GET", f"/customers/{west}", If_None_Match=tag)
        assert again.status_code == 304
    server.verify()


def test_a_customer_is_made_and_changed_by_the_native_api(server: Server, world: World) -> None:
    send = world.native.send
    body = {
        "name": "Cafe", "partnership_status": "pending", "info": {"since": 1.50},
        "emails": [{"value": "a@b.example"}, {"value": "b@b.example", "contact_name": "Bo"}],
        "phones": [{"value": "+61 2 9999 0000", "primary": False}],
        "locations": [{"city": "Perth"}],
    }  # fmt: skip
    key = uuid.uuid4().hex
    first, again = (send("POST", "/customers", body, Idempotency_Key=key) for _ in range(2))
    made_here = accepted(first)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (made_here["email"], made_here["phone"]) == ("a@b.example", None)
    assert made_here["partnership"]["status"] == "pending"
    path, [mail, other] = f"/customers/{made_here['id']}", made_here["buyer"]["emails"]
    [place] = made_here["buyer"]["locations"]
    change = {
        "legal_name": "Cafe Ltd", "partnership_status": "active",
        "emails": {"remove": [mail["id"]], "change": [{"id": other["id"], "primary": True}],
                   "add": [{"value": "c@b.example"}]},
        "locations": {"change": [{"id": place["id"], "label": "Dock"}],
                      "add": [{"city": "Hobart"}]},
    }  # fmt: skip
    wrong = send("PATCH", path, change, If_Match='"1-0"')
    assert wrong.status_code == 412
    assert wrong.json()["current_version"] == first.headers["ETag"]
    answer = send("PATCH", path, change, If_Match=first.headers["ETag"])
    after = accepted(answer, 200)
    assert accepted(send("GET", path), 200) == after
    assert answer.headers["ETag"] == send("GET", path).headers["ETag"]
    assert after["email"] == "b@b.example"
    assert [one["value"] for one in after["buyer"]["emails"]] == ["b@b.example", "c@b.example"]
    assert [one["city"] for one in after["buyer"]["locations"]] == ["Perth", "Hobart"]
    assert (after["buyer"]["legal_name"], after["buyer"]["info"]) == ("Cafe Ltd", {"since": 1.5})
    # Polinate reads the same buyer.
    buyer = accepted(world.polinate.get(f"{BUYERS}/{made_here['id']}"), 200)
    assert (buyer["legalName"], buyer["primaryEmail"]) == ("Cafe Ltd", "b@b.example")
    for told, pointer, status in (
        ({"emails": {"add": [{"value": "B@b.example"}]}}, "/emails/add/0/value", 409),
        ({"phones": {"add": [{"value": "x"}]}}, "/phones/add/0/value", 400),
        ({"phones": {"remove": [mail["id"]]}}, "/phones/remove/0", 400),
        ({"locations": {"add": [{}]}}, "/locations/add/0", 400),
        ({"colour": 1}, "/colour", 400),
        ({"name": " "}, "/name", 400),
    ):
        refusal = send("PATCH", path, told)
        assert refusal.status_code == status, refusal.text
        assert [one["pointer"] for one in refusal.json()["errors"]] == [pointer]
    order = world.native.place(world.native_order(customer={"name": "Di", "email": "d@b.example"}))
    others = f"/customers/{order['customer']['id']}"
    assert send("PATCH", others, {"name": "Bo"}).status_code == 403
    assert send("PATCH", "/customers/x", {}).status_code == 404
    assert events(world, made_here["id"]) == [
        (1, "customer.created", "key"), (2, "customer.updated", "key"),
        (3, "partnership.updated", "key"),
    ]  # fmt: skip
    server.verify()


def test_of_many_at_once_each_change_of_a_buyer_is_kept(server: Server, world: World) -> None:
    id_ = made(world, buyer={"name": "Cafe"})["phantomId"]
    changes = [{"createPhones": [{"phone": f"+61 2 9999 10{n:02}"}]} for n in range(16)]
    answers = at_once(16, changes, lambda change: patched(world, id_, **change))
    assert [one.status_code for one in answers] == [200] * 16
    phones = accepted(world.polinate.get(f"{BUYERS}/{id_}"), 200)["phones"]
    assert sorted(one["sequence"] for one in phones) == list(range(1, 17))
    assert [one["isPrimary"] for one in phones].count(True) == 1
    server.verify()
