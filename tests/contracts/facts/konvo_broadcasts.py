"""Facts 685 to 725: Konvo's broadcasts, which the native API takes in."""

from __future__ import annotations

import re
import uuid
from typing import Any

from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import dashed
from tests.contracts.facts.konvo_clicks import clicked
from tests.contracts.facts.konvo_input import refused

from entrepot.testing.clients import Body, accepted
from entrepot.testing.server import eventually

BROADCASTS = "/broadcasts"
PAGE = "page broadcasts/get"
facts = Facts("konvo broadcasts")


def named(thing: str) -> str:
    """An id that is the same in each process: ids of facts name it, and processes compare them."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, thing))


TOLD: Body = {
    "name": "Black Friday Campaign", "status": "Running", "template": named("template"),
    "scheduled_at": "2024-08-02T14:58:55.728Z", "sent": 2000, "delivered": 1990, "failed": 10,
    "opened": 700, "cost": {"amount": "12.50", "currency": "EUR"},
    "audience": {"id": named("audience"), "name": "All", "lists": ["a"], "recipient_count": 2000},
    "flow": {"id": named("flow"), "version_id": named("version"), "name": "F", "emoji": "x"},
}  # fmt: skip


def recorded(house: House, **changes: object) -> Body:
    body: Body = accepted(house.world.native.send("POST", "/broadcasts", TOLD | changes))
    return body


def listed(house: House, **query: str | int) -> Body:
    body: Body = accepted(house.world.konvo.get(BROADCASTS, **query), 200)
    return body


def shown(house: House, broadcast_id: str) -> Body:
    found: list[Body] = listed(house, limit=200)["result"]
    return next(one for one in found if one["id"] == broadcast_id)


def sample(house: House) -> Body:
    """A broadcast on which a contact clicked twice, and another one once."""
    made: Body | None = getattr(house, "broadcast_sample", None)
    if made is not None:
        return made
    told = recorded(house)
    contact = {"email": f"{uuid.uuid4().hex}@example.org"}
    for who in (contact, contact, {"email": f"{uuid.uuid4().hex}@example.org"}):
        clicked(house, origin_id=told["id"], contact=who)

    def counted() -> Body | None:
        one = shown(house, told["id"])
        return one if one["clickAnalytics"]["uniqueCount"] == 2 else None

    house.broadcast_sample = eventually(counted, "the clicks are counted")  # type: ignore[attr-defined]
    found: Body = house.broadcast_sample  # type: ignore[attr-defined]
    return found


@facts(685, "GET /broadcasts 200 {count,result}", PAGE)
@facts(692, "all parameters optional", PAGE)
def _(house: House) -> None:
    recorded(house)
    assert set(listed(house)) == {"count", "result"}


@facts(686, "page: pointer to the page, count is the total of the request", PAGE)
def _(house: House) -> None:
    newest = [recorded(house)["id"], recorded(house)["id"]]
    first, second = (listed(house, limit=1, page=number) for number in (1, 2))
    assert first["count"] == second["count"] >= 2
    assert [first["result"][0]["id"], second["result"][0]["id"]] == newest[::-1]


@facts(687, "limit max 200", PAGE)
def _(house: House) -> None:
    listed(house, limit=200)
    refused(house.world.konvo.get(BROADCASTS, limit=201), "limit")


BOUNDS: list[tuple[object, ...]] = [
    ("updated_at_min",), ("updated_at_max",), ("created_at_min",), ("created_at_max",),
]  # fmt: skip


@facts.each(688, BOUNDS, "{0}", PAGE)
def _(house: House, bound: str) -> None:
    first, one, last = (recorded(house) for _ in range(3))
    member = {"updated_at": "updatedAt", "created_at": "createdAt"}[bound[:10]]
    if member == "updatedAt":
        for told in (last, one, first):
            accepted(
                house.world.native.send("PATCH", f"/broadcasts/{told['id']}", {"sent": 1}), 200
            )
    time = shown(house, one["id"])[member]
    at_most = bound.endswith("max")
    everything = listed(house, limit=200)["result"]
    wanted = {
        told["id"]
        for told in everything
        if (told[member] <= time if at_most else told[member] >= time)
    }
    found = listed(house, limit=200, **{bound: time})
    assert {told["id"] for told in found["result"]} == wanted
    assert found["count"] == len(wanted)


MEMBERS: list[tuple[object, ...]] = [
    ("name", TOLD["name"]), ("status", "Running"),
    ("audience.id", TOLD["audience"]["id"]), ("audience.name", "All"),
    ("audience.broadcastId", None), ("audience.lists", ["a"]), ("audience.segment", "null"),
    ("audience.recipientCount", "2000"), ("flow.id", TOLD["flow"]["id"]), ("flow.name", "F"),
    ("flow.emoji", "x"), ("flow.flowVersionId", TOLD["flow"]["version_id"]),
    ("templates", TOLD["template"]), ("scheduled", TOLD["scheduled_at"]), ("sent", 2000),
    ("delivered", 1990), ("failed", 10), ("opened", 700), ("clickAnalytics.count", 3),
    ("clickAnalytics.uniqueCount", 2), ("clickAnalytics.sendCount", 2000),
    ("cost.amount", 1250), ("cost.currency", "eur"),
]  # fmt: skip


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[step]
    return value


@facts.each(693, MEMBERS, "Broadcast.{0}: {1!r}", PAGE)
def _(house: House, path: str, expected: object) -> None:
    told = sample(house)
    assert _at(told, path) == (told["id"] if expected is None else expected)


@facts(716, "id: uuid", PAGE)
def _(house: House) -> None:
    assert dashed(sample(house)["id"]) == sample(house)["id"]


@facts(717, "createdAt: ISO 8601", PAGE)
def _(house: House) -> None:
    time = sample(house)["createdAt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)


OBJECTS: list[tuple[object, ...]] = [("audience",), ("flow",), ("clickAnalytics",), ("cost",)]


@facts.each(718, OBJECTS, "{0}: object", PAGE)
def _(house: House, member: str) -> None:
    assert isinstance(sample(house)[member], dict)


@facts(722, "clickAnalytics.countryCount: array of {count, countryCode, resourceId}", PAGE)
@facts(723, "countryCount.count: integer", PAGE)
@facts(724, "countryCount.countryCode: string", PAGE)
@facts(725, "countryCount.resourceId: a short code", PAGE)
def _(house: House) -> None:
    assert sample(house)["clickAnalytics"]["countryCount"] == [
        {"count": 3, "countryCode": "DE", "resourceId": "u0IwaLEG1a"}
    ]
