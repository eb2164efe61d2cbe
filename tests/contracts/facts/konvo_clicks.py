"""Facts 747 to 770: Konvo's clicks, which the native API records."""

from __future__ import annotations

import re
import uuid

from tests.contracts.facts import Facts, House
from tests.contracts.facts.konvo_input import refused

from entrepot.testing.clients import Body, accepted

CLICKS = "/clicks"
PAGE = "page clicks/get"
facts = Facts("konvo clicks")
PHONE = "4915112345678"
DETAILS = {
    "ip_address": "203.0.113.7", "device": "Applemobile", "operating_system": "iOS",
    "browser": "Chrome", "region": "BE", "city": "Berlin", "lat_long": "52.5363,13.4169",
    "timezone": "Europe/Berlin",
}  # fmt: skip


def clicked(house: House, **changes: object) -> Body:
    """A touch that was recorded: a click of a contact with a telephone."""
    told = {
        "contact": {"phone": f"+{PHONE}", "first_name": "Jo", "last_name": "Berg"},
        "kind": "click", "origin": "broadcast", "origin_id": str(uuid.uuid4()),
        "channel": "whatsapp", "resource_id": "u0IwaLEG1a", "country": "DE", "click": DETAILS,
    } | changes  # fmt: skip
    touch: Body = accepted(house.world.native.send("POST", "/touches", told))
    return touch


def listed(house: House, **query: str | int) -> Body:
    body: Body = accepted(house.world.konvo.get(CLICKS, **query), 200)
    return body


@facts(747, "GET /clicks 200 {count,result}", PAGE)
@facts(752, "all parameters optional, no pages", PAGE)
def _(house: House) -> None:
    clicked(house)
    clicked(house, kind="open", click=None)
    body = listed(house)
    assert set(body) == {"count", "result"}
    assert body["count"] == len(body["result"]) > 0


@facts.each(748, [("created_at_min",), ("created_at_max",)], "{0}", PAGE)
def _(house: House, bound: str) -> None:
    times = ["2024-08-02T14:58:55.728Z", "2024-08-03T14:58:55.728Z", "2024-08-04T14:58:55.728Z"]
    origin = clicked(house, at=times[0])["origin_id"]
    for time in times[1:]:
        clicked(house, at=time, origin_id=origin)
    found = listed(house, originId=origin, **{bound: times[1]})
    wanted = times[1::-1] if bound.endswith("max") else times[:0:-1]
    assert [one["created_at"] for one in found["result"]] == wanted
    assert found["count"] == 2


@facts(750, "contact: the clicks of one contact", PAGE)
def _(house: House) -> None:
    mailbox = {"email": f"{uuid.uuid4().hex}@example.org"}
    touch = clicked(house, contact=mailbox)
    clicked(house)
    found = listed(house, contact=touch["contact_id"])
    assert [one["id"] for one in found["result"]] == [touch["id"]]
    assert listed(house, contact=str(uuid.uuid4())) == {"count": 0, "result": []}


@facts(751, "originId: the clicks of a broadcast or flow", PAGE)
def _(house: House) -> None:
    touch = clicked(house, origin="flow")
    clicked(house)
    assert [one["id"] for one in listed(house, originId=touch["origin_id"])["result"]] == [
        touch["id"]
    ]


@facts(753, "members in snake_case", PAGE)
def _(house: House) -> None:
    clicked(house)
    for name in listed(house)["result"][0]:
        assert re.fullmatch(r"[a-z_]+", name)


MEMBERS: list[tuple[object, ...]] = [
    ("id",), ("workspace_id",), ("contact_id",), ("external_user_id",), ("channel",),
    ("resource_id",), ("ip_address",), ("device",), ("operating_system",), ("browser",),
    ("country",), ("region",), ("city",), ("lat_long",), ("timezone",), ("created_at",),
]  # fmt: skip


@facts.each(754, MEMBERS, "Click.{0}", PAGE)
def _(house: House, member: str) -> None:
    touch = clicked(house, at="2024-08-02T14:58:55.728Z")
    [found] = listed(house, originId=touch["origin_id"])["result"]
    expected = DETAILS | {
        "id": touch["id"], "contact_id": touch["contact_id"], "external_user_id": PHONE,
        "channel": "whatsapp", "resource_id": "u0IwaLEG1a", "country": "DE",
        "created_at": "2024-08-02T14:58:55.728Z", "workspace_id": house.konvo_sample["shopId"],
    }  # fmt: skip
    assert found[member] == expected[member]


@facts(770, "400 with the error envelope", PAGE)
def _(house: House) -> None:
    for name, wrong in (("contact", "x"), ("originId", "7"), ("created_at_min", "yesterday")):
        refused(house.world.konvo.get(CLICKS, **{name: wrong}), name)
