"""Facts 726 to 746: Konvo's attributions of orders to origins."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import dashed
from tests.contracts.facts.konvo_clicks import clicked
from tests.contracts.facts.konvo_input import refused, sample

from entrepot.testing.clients import Body, accepted
from entrepot.testing.server import eventually

ATTRIBUTIONS = "/attributions"
PAGE = "page attributions/get"
ORIGINS = ("broadcast", "ai", "flow", "automation", "app")
facts = Facts("konvo attributions")


def listed(house: House, **query: str | int) -> Body:
    body: Body = accepted(house.world.konvo.get(ATTRIBUTIONS, **query), 200)
    return body


def credited(house: House, *origins: str) -> tuple[Body, list[Body]]:
    """An order of a new customer, and its attributions to touches of these origins, latest last."""
    mailbox = f"{uuid.uuid4().hex}@example.org"
    ordered = datetime.fromisoformat(house.konvo_sample["createdAt"])
    contact = ""
    for hour, origin in enumerate(origins):
        who = {"email": mailbox, "phone": "+4915112345678"}
        at = (ordered - timedelta(hours=len(origins) - hour)).isoformat()
        contact = clicked(house, contact=who, origin=origin, at=at)["contact_id"]
    ids = [{"type": "email", "id": mailbox}]
    who = {"id": mailbox, "firstName": "A", "lastName": "B", "userIds": ids}
    order: Body = accepted(house.world.konvo.post(sample(customer=who)))["result"][0]

    def there() -> list[Body] | None:
        found: list[Body] = listed(house, contact=contact)["result"]
        return found if len(found) == len(origins) else None

    found = eventually(there, "the order is credited")
    return order, sorted(found, key=lambda one: origins.index(one["origin"].lower()))


@facts(726, "GET /attributions 200 {count,result}", PAGE)
@facts(737, "all parameters optional", PAGE)
def _(house: House) -> None:
    credited(house, "flow")
    assert set(listed(house)) == {"count", "result"}


@facts(727, "page: pointer to the page, count is the total of the request", PAGE)
def _(house: House) -> None:
    credited(house, "flow", "app")
    first, second = (listed(house, limit=1, page=number) for number in (1, 2))
    assert first["count"] == second["count"] >= 2
    assert first["result"][0]["id"] != second["result"][0]["id"]


@facts(728, "limit max 200", PAGE)
def _(house: House) -> None:
    listed(house, limit=200)
    refused(house.world.konvo.get(ATTRIBUTIONS, limit=201), "limit")


@facts(729, "fields: the members to return", PAGE)
def _(house: House) -> None:
    credited(house, "flow")
    found = listed(house, fields="type,orderTotal")["result"]
    assert all(set(one) == {"type", "orderTotal"} for one in found)
    refused(house.world.konvo.get(ATTRIBUTIONS, fields="colour"), "fields")


@facts.each(730, [("created_at_min",), ("created_at_max",)], "{0}", PAGE)
def _(house: House, bound: str) -> None:
    _, [first] = credited(house, "flow")
    _, [one] = credited(house, "flow")
    found = listed(house, **{bound: one["createdAt"]})["result"]
    ids = [other["id"] for other in found]
    assert one["id"] in ids
    assert (first["id"] in ids) is (bound.endswith("max") or first["createdAt"] == one["createdAt"])


@facts(732, "contact: only attributions of one contact", PAGE)
def _(house: House) -> None:
    order, [one] = credited(house, "flow")
    found = listed(house, contact=order["contactId"])
    assert (found["count"], found["result"]) == (1, [one])
    refused(house.world.konvo.get(ATTRIBUTIONS, contact="x"), "contact")


@facts(733, "type: MAIN or ASSIST", PAGE)
def _(house: House) -> None:
    credited(house, "flow", "app")
    for word in ("MAIN", "ASSIST"):
        assert {one["type"] for one in listed(house, type=word)["result"]} == {word}
    refused(house.world.konvo.get(ATTRIBUTIONS, type="HALF"), "type")


@facts(734, "origin: in lower case in the filter", PAGE)
@facts(739, "origin: in upper case in the response", PAGE)
@facts(745, "origins broadcast, ai, flow, automation, app", PAGE)
def _(house: House) -> None:
    credited(house, *ORIGINS)
    for word in ORIGINS:
        assert {one["origin"] for one in listed(house, origin=word)["result"]} == {word.upper()}
    refused(house.world.konvo.get(ATTRIBUTIONS, origin="sms"), "origin")


@facts(735, "originId: one origin, of any kind", PAGE)
@facts(736, "originIds: several, with commas", PAGE)
@facts(740, "originId: uuid", PAGE)
def _(house: House) -> None:
    _, [one, other] = credited(house, "flow", "app")
    assert listed(house, originId=one["originId"])["result"] == [one]
    both = f"{one['originId']},{other['originId']}"
    found = listed(house, originIds=both)
    assert (found["count"], len(found["result"])) == (2, 2)
    assert dashed(one["originId"]) == one["originId"]
    refused(house.world.konvo.get(ATTRIBUTIONS, originIds="x,y"), "originIds")


@facts(738, "id: uuid", PAGE)
@facts(741, "externalUserId: digits without +", PAGE)
@facts(742, "orderTotal: number of minor units", PAGE)
@facts(744, "createdAt: ISO 8601", PAGE)
def _(house: House) -> None:
    order, [one] = credited(house, "flow")
    assert dashed(one["id"]) == one["id"]
    assert one["externalUserId"] == "4915112345678"
    assert one["orderTotal"] == order["orderTotal"] == 3995
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["createdAt"])
    assert one["orderId"] == order["id"]


@facts(743, "type: MAIN / ASSIST", PAGE)
@facts(746, "the latest touch is MAIN, earlier ones are ASSIST", "contract 9: a suggestion")
def _(house: House) -> None:
    _, found = credited(house, "broadcast", "flow", "app")
    assert [one["type"] for one in found] == ["ASSIST", "ASSIST", "MAIN"]
