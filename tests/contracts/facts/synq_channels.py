"""Facts 789 to 800: Synq's channels."""

from __future__ import annotations

import re
import uuid

import httpx
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import reference

from entrepot.testing.clients import Body, World, accepted, assert_envelope

facts = Facts("synq channels")
PAGE = "page api/channels"
PATH = "/api/v1/channels"


def name() -> str:
    return f"channel {uuid.uuid4().hex}"


def post(world: World, **body: object) -> httpx.Response:
    return world.synq.http.post(PATH, json=body)


def made(world: World, **body: object) -> Body:
    told: Body = accepted(post(world, **({"name": name()} | body)))
    return told


def listed(world: World) -> list[Body]:
    found: list[Body] = accepted(world.synq.get(PATH), 200)["channels"]
    return found


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(789, "GET /api/v1/channels 200 {channels}", PAGE)
@facts(790, "POST /api/v1/channels 201 the channel", PAGE)
def _(house: House) -> None:
    channel = made(house.world, currency="EUR", active=True)
    assert channel in listed(house.world)
    assert channel not in listed(house.other)


@facts(791, "POST by ADMIN or EDITOR, else 403; any role may GET", PAGE)
def _(house: House) -> None:
    for role, status in (("ADMIN", 201), ("EDITOR", 201), ("MEMBER", 201), ("VIEWER", 403)):
        member = house.member(role)
        answer = member.http.post(PATH, json={"name": name()})
        assert answer.status_code == status, role
        assert member.get(PATH).status_code == 200


@facts(792, "name required", PAGE)
@facts(793, "name is trimmed; empty 400", "code")
def _(house: House) -> None:
    refused(post(house.world), 400, "name")
    for blank in ("", "  "):
        refused(post(house.world, name=blank), 400, "name")
    wanted = name()
    assert made(house.world, name=f" {wanted} ")["name"] == wanted
    refused(post(house.world, name=wanted), 409, "name")
    assert made(house.other, name=wanted)["name"] == wanted


@facts(794, "currency is ISO 4217 of exactly 3 characters, else 400", "code")
@facts(796, "currency is upper-cased", "code")
def _(house: House) -> None:
    assert made(house.world, currency="eur")["currency"] == "EUR"
    for wrong in ("EURO", "E", "ABC", "12"):
        refused(post(house.world, name=name(), currency=wrong), 400, "currency")


@facts(795, "currency defaults to USD", "code")
@facts(797, "active defaults to true", PAGE)
def _(house: House) -> None:
    channel = made(house.world)
    assert (channel["currency"], channel["active"]) == ("USD", True)


@facts(798, "active: whether the channel accepts orders", PAGE)
def _(house: House) -> None:
    with house.fresh() as world:
        open_, closed = made(world), made(world, active=False)
        item = {"product_title": "Mug", "unit_price": 1, "quantity": 1}
        for channel in (open_["name"], "no channel of these", None):
            order = world.synq_order(reference()) | {"items": [item], "channel": channel}
            assert accepted(world.synq.create(order))
        for channel in (closed["name"], closed["id"]):
            body = world.synq_order(reference()) | {"items": [item], "channel": channel}
            refused(world.synq.create(body), 409, "channel")
        native = world.native_order() | {"channel": closed["name"]}
        assert world.native.send("POST", "/orders", native).status_code == 409
        # The names are the organization's own.
        theirs = house.other.synq_order(reference()) | {"items": [item]}
        assert accepted(house.other.synq.create(theirs | {"channel": closed["name"]}))


@facts(799, "id UUID", PAGE)
@facts(800, "created_at, updated_at ISO 8601", PAGE)
def _(house: House) -> None:
    channel = made(house.world)
    assert str(uuid.UUID(channel["id"])) == channel["id"]
    for member in ("created_at", "updated_at"):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", channel[member])
