"""Contacts across the dialects: whoever orders anywhere is a contact of Konvo's."""

from __future__ import annotations

import uuid

from tests.contracts.facts.konvo_contacts import CONTACTS

from entrepot.testing.clients import Body, Konvo, World, accepted, konvo_order, neighbour
from entrepot.testing.server import Server, eventually


def contacts(konvo: Konvo, text: str) -> list[Body]:
    found: list[Body] = accepted(konvo.get(CONTACTS, q=text), 200)["result"]
    return found


def with_orders(konvo: Konvo, text: str, count: int) -> Body:
    """The one contact that the text finds, once it has so many orders."""

    def there() -> Body | None:
        found = contacts(konvo, text)
        return found[0] if len(found) == 1 and len(found[0]["orders"]) == count else None

    return eventually(there, f"{text} has {count} orders")


def test_a_customer_of_any_dialect_is_a_contact_of_that_organization_alone(
    server: Server, world: World
) -> None:
    name = uuid.uuid4().hex[:12]
    mailbox = f"{name}@example.org"
    native = world.native_order(customer={"name": f"Ada {name}", "email": mailbox})
    first = accepted(world.native.send("POST", "/orders", native))
    contact = with_orders(world.konvo, mailbox.upper(), 1)
    assert contact["email"] == mailbox
    assert contact["orders"] == [{"id": first["id"]}]
    assert world.konvo.order(first["id"])["contactId"] == contact["id"]
    # Synq names the customer by our id, and Konvo by the mailbox.
    body = world.synq_order()
    body["customer_id"] = contact["id"]
    second = accepted(world.synq.create(body))["order_id"]
    said = {"id": "", "firstName": "Ada", "lastName": name}
    said["userIds"] = [{"type": "email", "id": mailbox}]
    third = accepted(world.konvo.post(konvo_order(customer=said)))["result"][0]["id"]
    found = with_orders(world.konvo, name, 3)
    assert [one["id"] for one in found["orders"]] == [third, second, first["id"]]
    assert found["updatedAt"] > contact["updatedAt"]
    with neighbour(server, "Next door") as other:
        assert contacts(other.konvo, mailbox) == []
        told = konvo_order(customer=said)
        accepted(other.konvo.post(told))
        theirs = with_orders(other.konvo, mailbox, 1)
        assert theirs["id"] != contact["id"]
        assert len(with_orders(world.konvo, mailbox, 3)["orders"]) == 3
    server.verify()
