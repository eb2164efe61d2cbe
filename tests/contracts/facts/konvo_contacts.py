"""Facts 654 to 684: Konvo's contacts."""

from __future__ import annotations

import re
import uuid
from typing import Any

from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import dashed
from tests.contracts.facts.konvo_input import refused, sample

from entrepot.testing.clients import Body, accepted
from entrepot.testing.server import eventually

CONTACTS = "/contacts"
PAGE = "page contacts/get"
facts = Facts("konvo contacts")


def listed(house: House, **query: str | int) -> Body:
    body: Body = accepted(house.world.konvo.get(CONTACTS, **query), 200)
    return body


def contact(house: House, order: Body) -> Body:
    """The contact of an order, once the log was read so far."""

    def there() -> Body | None:
        found = listed(house, q=order["email"])["result"]
        return next((one for one in found if {"id": order["id"]} in one["orders"]), None)

    return eventually(there, f"{order['id']} has a contact")


def someone(house: House) -> Body:
    """The contact of the sample's order, whose sender is known by a mailbox and a telephone.

    The order is a new one: a contact shows the newest hundred orders, and other facts tell many.
    """
    return contact(house, house.konvo_sampled())


def ordered(house: House) -> Body:
    """The contact of a new order of a new customer."""
    name = uuid.uuid4().hex[:12]
    mailbox = {"type": "email", "id": f"{name}@example.org"}
    who = {"id": name, "firstName": f"F{name}", "lastName": f"L{name}", "userIds": [mailbox]}
    return contact(house, accepted(house.world.konvo.post(sample(customer=who)))["result"][0])


@facts(654, "GET /contacts 200 {count,result}", PAGE)
@facts(683, "all parameters optional", PAGE)
def _(house: House) -> None:
    someone(house)
    body = listed(house)
    assert set(body) == {"count", "result"}
    assert body["count"] >= len(body["result"]) > 0


@facts(655, "page: pointer to the page, count is the total of the request", PAGE)
def _(house: House) -> None:
    ordered(house)
    ordered(house)
    first, second = (listed(house, limit=1, page=number) for number in (1, 2))
    assert first["count"] == second["count"] >= 2
    assert first["result"][0]["id"] != second["result"][0]["id"]


@facts(656, "limit max 200", PAGE)
def _(house: House) -> None:
    listed(house, limit=200)
    refused(house.world.konvo.get(CONTACTS, limit=201), "limit")


@facts(657, "fields: the members to return", PAGE)
def _(house: House) -> None:
    order = house.konvo_sample
    someone(house)
    found = listed(house, q=order["email"], fields="email,firstName")["result"]
    assert all(set(one) <= {"email", "firstName"} for one in found)
    assert found[0]["email"] == order["email"]
    refused(house.world.konvo.get(CONTACTS, fields="email,colour"), "fields")


def _bounded(house: House, bound: str) -> None:
    ordered(house)
    time = ordered(house)["updatedAt"]
    ordered(house)
    at_most = bound.endswith("max")
    found = listed(house, limit=200, **{bound: time})["result"]
    assert found
    for one in found:
        assert one["updatedAt"] <= time if at_most else one["updatedAt"] >= time


@facts.each(658, [("updated_at_min",), ("updated_at_max",)], "{0}", PAGE)
def _(house: House, bound: str) -> None:
    _bounded(house, bound)


@facts.each(660, [("email",), ("phoneNumber",), ("lastName",)], "q over {0}", PAGE)
def _(house: House, member: str) -> None:
    who = someone(house)
    found = listed(house, q=who[member][: len(who[member]) - 1], limit=200)["result"]
    assert who["id"] in [one["id"] for one in found]
    assert listed(house, q=f"{uuid.uuid4().hex}")["count"] == 0


TEXTS: list[tuple[object, ...]] = [
    ("firstName",), ("lastName",), ("preferredName",), ("email",),
]  # fmt: skip


@facts.each(663, TEXTS, "{0}: string", PAGE)
def _(house: House, member: str) -> None:
    told = {"preferredName": "firstName"}.get(member, member)
    assert someone(house)[member] == house.konvo_sample[told]


@facts(667, "phoneNumber: digits without a leading +", PAGE)
def _(house: House) -> None:
    assert house.konvo_sample["phoneNumber"] == "+15551234567"
    assert someone(house)["phoneNumber"] == "15551234567"


@facts.each(668, [("lastInteractionDate",), ("createdAt",)], "{0}: ISO 8601", PAGE)
def _(house: House, member: str) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", someone(house)[member])


@facts.each(670, [("tags",), ("properties",)], "{0}: array", PAGE)
def _(house: House, member: str) -> None:
    assert someone(house)[member] == []


NO_TAGS = "nobody tells Entrepot tags of contacts: the array is empty"
TAG = ("id", "label", "description", "color", "category")


def _tag(member: str) -> Any:
    def check(house: House) -> None:
        assert someone(house)["tags"] == []
        document = house.world.konvo.http.get("/openapi/konvo.json").json()
        assert member in document["components"]["schemas"]["Tag"]["properties"]

    return check


for _number, _member in enumerate(TAG, 672):
    facts(_number, f"Tag.{_member}: string", PAGE, ours=NO_TAGS)(_tag(_member))


@facts(677, "optInStatus: string", PAGE)
def _(house: House) -> None:
    assert someone(house)["optInStatus"] == "unknown"


@facts(678, "active: a boolean as a string", PAGE)
def _(house: House) -> None:
    assert someone(house)["active"] == "true"


@facts(679, "source: where the contact came from", PAGE)
def _(house: House) -> None:
    assert isinstance(someone(house)["source"], str)


UNTOLD = "nobody tells Entrepot the language or the birthday of a contact: both are absent"


@facts(680, "language: string", PAGE, ours=UNTOLD)
@facts(681, "birthday: ISO 8601", PAGE, ours=UNTOLD)
def _(house: House) -> None:
    assert not {"language", "birthday"} & set(someone(house))


@facts(682, "orders: array of {id}, references only", PAGE)
def _(house: House) -> None:
    assert {"id": house.konvo_sample["id"]} in someone(house)["orders"]
    assert all(set(one) == {"id"} for one in someone(house)["orders"])
    # Whichever dialect brought the order.
    synq = house.world.synq.order(house.konvo_sample["id"])
    assert dashed(synq["id"]) == house.konvo_sample["id"]


@facts(684, "an order's contactId is the contact's id", "seed 003")
def _(house: House) -> None:
    assert someone(house)["id"] == house.konvo_sample["contactId"]
